"""What a process does from its start to its end, or to the point at which it dies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.bootstrap import App
from connector.intake import SECRET_HEADER
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.receive import receive
from connector.tables import Lead
from connector.worker import LEASE_S
from dataverse import update
from tests.faults.crashes.cast import Cast
from tests.faults.crashes.place import Place
from tests.faults.crashes.points import Crash, Points
from tests.world import SECRET

Heard = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a life from outside: the webhooks it answered with 202, and the points, if it lived to tell."""

    accepted: frozenset[int]
    passed: tuple[str, ...] | None


def live(place: Place, points: Points, acts: Sequence[str], cast: Cast, accepted: Heard, *, warm: bool) -> None:
    """Do the acts; meanwhile somebody gives the contested lead its phone. A `warm` process knows what is in force."""

    def add_phone() -> None:
        people = place.app()
        people.client.send(update(Lead.SET, str(cast.contested), {"telephone1": "+33 1 40 00 00 00"}, etag="*"))
        people.client.close()

    app = place.app(points, meanwhile=add_phone)
    try:
        if warm:
            with points.uncounted():
                app.versions.now()
        for act in acts:
            if act == "webhook":
                for number in _accepted(app, cast):
                    accepted(number)
            else:
                ACTS[act](app)
    finally:
        app.client.close()


def live_here(place: Place, acts: Sequence[str], cast: Cast, end_at: int | None, *, warm: bool) -> Life:
    """A life in this process, which an exception ends that nothing catches."""
    points, accepted = Points(end_at), set[int]()
    try:
        live(place, points, acts, cast, accepted.add, warm=warm)
    except Crash:
        return Life(frozenset(accepted), None)
    return Life(frozenset(accepted), tuple(points.passed))


def work(app: App) -> None:
    """Messages one after another, as the host hands them over, until none is waiting."""
    for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK):
        while messages := app.queue.take(queue, at_most=1, lease_s=LEASE_S):
            for message in messages:
                app.worker.work(message.text, queue)
                app.queue.delete(message)


def poll(app: App) -> None:
    """One tick of the poller."""
    app.poll_changes.tick()


def due(app: App) -> None:
    """One tick that looks for what time has changed."""
    app.rescore_due.tick()


ACTS: Mapping[str, Callable[[App], None]] = {"work": work, "poll": poll, "due": due}


def _accepted(app: App, cast: Cast) -> Iterator[int]:
    for number, body in enumerate(cast.webhooks):
        if receive(body, {SECRET_HEADER: SECRET}, lambda: app) == 202:
            yield number
