"""The crash matrix: one life after another ends at its point, another goes on, and in the end all must be right."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, RowChanges
from connector.tables import Lead
from connector.worker import LEASE_S
from tests.evidence import keep_evidence
from tests.faults.crashes.cast import Cast, gather
from tests.faults.crashes.checker import Verdict, judge, poisoned
from tests.faults.crashes.lives import Life, due, poll, work
from tests.faults.crashes.stores import Stores

PATHS = {
    "webhook": (("webhook", "work"), ("work",)),
    "poll": (("poll",), ("poll",)),
    "due": (("due",), ("due",)),
}
"""What a process does until it dies, and what the next one does until it dies too."""

DRAINS_MAX = 100


@dataclass
class Tally:
    """What a matrix came to; everything but the points and rounds must be nothing."""

    points: tuple[str, ...] = ()
    rounds: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    poison: int = 0
    replay_writes: int = 0

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing twice, nobody back from the dead, nothing set aside, nothing left to write."""
        found = self.verdict
        return not (found.lost or found.doubled or found.ghosts or self.poison or self.replay_writes)

    def keep(self, name: str) -> None:
        """Leave the counts as evidence."""
        keep_evidence(
            name,
            points=self.points,
            rounds=self.rounds,
            lost=len(self.verdict.lost),
            double_qualifications=len(self.verdict.doubled),
            ghost_leads=len(self.verdict.ghosts),
            poison=self.poison,
            replay_writes=self.replay_writes,
        )


@dataclass(frozen=True)
class Round:
    """A cast whose first lives are over."""

    stores: Stores
    cast: Cast
    accepted: frozenset[int]
    lives: int
    passed: tuple[str, ...] | None
    """The points of the last life, when it came to its own end."""


def singles(stores: Stores, path: str) -> Iterator[Round]:
    """A round for each point of the path, from a cold start, and one whose process is not ended."""
    for end_at in count(1):
        begun = begin(stores.of_round(end_at), path, (end_at,), warm=False)
        yield begun
        if begun.passed is not None:
            return


def pairs(stores: Stores, path: str, *, every: int = 1) -> Iterator[Round]:
    """A round for each point of the path and `every` n-th point at which the process after it can end."""
    for first in count(1):
        for second in count(1 + first % every, every):
            begun = begin(stores, path, (first, second), warm=True)
            yield begun
            if begun.passed is not None:
                break
        if begun.lives == 1:
            return


def begin(stores: Stores, path: str, ends: tuple[int, ...], *, warm: bool) -> Round:
    """New leads, and the lives that end at the points `ends`, each after the leases of the one before."""
    cast = gather(stores.survivor)
    if path == "due":
        poll(stores.survivor)
        drain(stores)
        stores.forward(2)
    acts, again = PATHS[path]
    lives: list[Life] = []
    for end_at in ends:
        lives.append(stores.life(stores.place, acts, cast, end_at, warm=warm))
        if lives[-1].passed is not None:
            break
        acts = again
        stores.forward(LEASE_S + 1)
    accepted = frozenset[int]().union(*(life.accepted for life in lives))
    return Round(stores, cast, accepted, len(lives), lives[-1].passed)


def tally_of(rounds: Iterator[Round], *, together: bool = False) -> Tally:
    """What the rounds come to, one by one; or all begun, then all settled before any poll heals another one."""
    tally = Tally()
    for batch in [list(rounds)] if together else ([begun] for begun in rounds):
        for begun in batch:
            settle(begun, tally)
        for begun in batch:
            catch_up(begun, tally)
            tally.points = begun.passed or ()
    return tally


def settle(begun: Round, tally: Tally) -> None:
    """What was answered with 202 is right as soon as the queue is empty: nothing else is needed for it."""
    drain(begun.stores)
    announced = [begun.cast.announced[number] for number in begun.accepted]
    alive = [lead for lead in announced if lead != begun.cast.gone]
    tally.verdict.add(judge(begun.stores.survivor, alive, [begun.cast.gone]))


def catch_up(begun: Round, tally: Tally) -> None:
    """After one poll and one look at what is due all is right, and doing all of it again writes nothing."""
    stores, cast = begun.stores, begun.cast
    _everything(stores)
    tally.verdict.add(judge(stores.survivor, cast.leads, [cast.gone]))
    before = stores.writes()
    text = RowChanges(table=Lead.TABLE, ids=(*cast.leads, cast.gone), cause="replay").text()
    stores.survivor.queue.send(LEAD_CHANGES, text)
    _everything(stores)
    tally.replay_writes += stores.writes() - before
    tally.poison += poisoned(stores.survivor)
    tally.rounds += 1


def drain(stores: Stores) -> None:
    """Work until no message is left, the hidden and delayed ones included."""
    for _ in range(DRAINS_MAX):
        work(stores.survivor)
        if not any(stores.survivor.queue.waiting(queue) for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK)):
            return
        stores.forward(LEASE_S + 1)
    message = "the queues do not become empty"
    raise AssertionError(message)


def _everything(stores: Stores) -> None:
    poll(stores.survivor)
    due(stores.survivor)
    drain(stores)
