"""Hosts that are ended at random moments, and started again, do all the work there is, and none of it twice."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from signal import SIGKILL, SIGTERM, Signals
from uuid import UUID

import pytest

from admin.webhooks import Webhook, webhook_steps
from connector.bootstrap import App
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.receive import receive
from connector.settings import emulator_environment
from connector.storage_queue import StorageQueue
from connector.tables import Lead
from dataverse import update
from emulator.server import Server
from emulator.web_api import Request, Response
from tests import azurite
from tests.evidence import keep_evidence
from tests.faults.crashes.cast import new_lead
from tests.faults.crashes.checker import Verdict, judge, poisoned
from tests.faults.crashes.hosting import POLL_ALWAYS, POLL_NEVER, Host
from tests.faults.crashes.place import put_in_force
from tests.faults.crashes.processes import Addresses, emulator_process, stats
from tests.world import SECRET

SEED = int(os.environ.get("LEADGATE_SEED", "14"))
HOSTS = 2
SETTLED_MAX_S = 120
WAITING_MAX, LOOK_EVERY = 250, 50
WEBHOOK_TIMEOUT_S = 50
"""Of those who enter leads, and of the receiver that nobody ends: Dataverse waits for its answer for 60 s."""

NEEDS_AZURITE = pytest.mark.skipif(azurite.MISSING is not None, reason=str(azurite.MISSING))
QUEUES = [
    pytest.param("the emulator's queue", id="the emulator's queue"),
    pytest.param("Azurite", id="Azurite", marks=NEEDS_AZURITE),
]
SIZES = [
    pytest.param(5, 500, id="5 of 500"),
    pytest.param(50, 5_000, id="50 of 5,000", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
]


@dataclass
class Run:
    """A running environment with its hosts, and the people who change its leads."""

    addresses: Addresses
    people: App
    hosts: list[Host]
    chance: random.Random
    leads: list[UUID] = field(default_factory=list)
    ended: list[Signals] = field(default_factory=list)

    def change(self) -> None:
        """Somebody enters a lead, or adds what is missing to one."""
        columns = {"jobtitle": "CEO", "telephone1": "1"}
        if not self.leads or self.chance.random() < 0.6:
            given = {column: text for column, text in columns.items() if self.chance.random() < 0.5}
            self.leads.append(new_lead(self.people, **given))
        else:
            column = self.chance.choice(list(columns))
            lead = str(self.chance.choice(self.leads))
            self.people.client.send(update(Lead.SET, lead, {column: columns[column]}, etag="*"))

    def end_a_host(self) -> None:
        """While messages wait or are worked on: a host goes, by force or by request, and comes back."""
        assert eventually(self.is_at_work, look_every_s=0.005), "nobody has anything to do"
        host, number = self.chance.choice(self.hosts), (SIGKILL, SIGTERM)[len(self.ended) % 2]
        host.end(number)
        self.ended.append(number)
        host.start()

    def is_at_work(self) -> bool:
        """Whether a message waits or is in a host's hands."""
        return self.messages() > 0

    def has_room(self) -> bool:
        """Whether people may go on: Azurite looks at all of a queue's messages at each call."""
        return self.messages() <= WAITING_MAX

    def messages(self) -> int:
        """How many wait or are in a host's hands."""
        return sum(self.people.queue.waiting(queue) for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK))

    def settle(self) -> Verdict:
        """What is still not right when it has had all the time it needs."""
        verdict = Verdict()

        def is_right() -> bool:
            nonlocal verdict
            if self.is_at_work():
                return False
            verdict = judge(self.people, self.leads)
            return not verdict.lost

        assert eventually(is_right, look_every_s=0.2) or verdict.lost, "the queues do not become empty"
        return verdict


@pytest.mark.parametrize(("kills", "messages"), SIZES)
@pytest.mark.parametrize("source", ["webhooks", "change tracking", "both"])
@pytest.mark.parametrize("queue", QUEUES)
def test_hosts_ended_at_random_moments_lose_nothing_and_double_nothing(
    queue: str, source: str, kills: int, messages: int
) -> None:
    print(f"LEADGATE_SEED={SEED}")
    with running(queue, source) as run:
        ends = set(run.chance.sample(range(messages // 20, messages), kills))
        for number in range(messages):
            run.change()
            if number % LOOK_EVERY == 0:
                assert eventually(run.has_room, look_every_s=0.1), "the backlog does not shrink"
            if number in ends:
                run.end_a_host()
        verdict = run.settle()
        counts = {
            "seed": SEED,
            "changes": messages,
            "leads": len(run.leads),
            "killed": run.ended.count(SIGKILL),
            "terminated": run.ended.count(SIGTERM),
            "lost": len(verdict.lost),
            "double_qualifications": len(verdict.doubled),
            "poison": poisoned(run.people),
            "webhooks_given_up": webhooks_given_up(run.addresses),
        }
    keep_evidence(f"kills-{kills}-{queue}-{source}".lower().replace(" ", "-").replace("'", ""), **counts)
    assert (counts["lost"], counts["double_qualifications"], counts["poison"]) == (0, 0, 0), verdict
    assert len(run.ended) == kills
    assert source != "webhooks" or not counts["webhooks_given_up"], "a change that nobody was told of is not promised"


@contextmanager
def running(queue: str, source: str) -> Iterator[Run]:
    """Two hosts at work on what `source` tells them; a webhook has to be heard where nothing else would tell of it."""
    with ExitStack() as stack:
        addresses = stack.enter_context(emulator_process())
        if queue == "Azurite":
            addresses = replace(addresses, storage=stack.enter_context(azurite.running_azurite()))
        patient = StorageQueue(addresses.storage, read_timeout_s=WEBHOOK_TIMEOUT_S)
        place = replace(addresses.place(lambda: datetime.now(UTC)), queue=patient)
        put_in_force(place)
        people = place.app()
        stack.callback(people.client.close)
        hosts = [Host(_environment(addresses, polls=source != "webhooks")) for _ in range(HOSTS)]
        for host in hosts:
            host.start()
            stack.callback(host.end, SIGKILL)
        if source == "webhooks":
            _register(people, stack.enter_context(Server(_receiver(people))).url)
        if source == "both":
            _register(people, hosts[0].url)
        yield Run(addresses, people, hosts, random.Random(SEED))  # noqa: S311  no secret


def webhooks_given_up(addresses: Addresses) -> int:
    """Those that no second attempt brought to a 2xx."""
    return int(stats(addresses)["webhooks"]["failed"])


def eventually(is_so: Callable[[], bool], *, look_every_s: float) -> bool:
    """Whether it becomes so, in more time than it can ever need."""
    until = time.monotonic() + SETTLED_MAX_S
    while not (so := is_so()) and time.monotonic() < until:
        time.sleep(look_every_s)
    return so


def _environment(addresses: Addresses, *, polls: bool) -> dict[str, str]:
    known = emulator_environment(
        dataverse_url=addresses.url,
        token=addresses.token,
        organization_id=addresses.organization_id,
        storage=addresses.storage,
        webhook_secret=SECRET,
    )
    return known | {"POLL_SCHEDULE": POLL_ALWAYS if polls else POLL_NEVER}


def _receiver(app: App) -> Callable[[Request], Response]:
    """Webhooks answered by the production code where nobody ends it: a dead receiver loses them, as in reality."""
    return lambda request: Response(receive(request.body, request.headers, lambda: app))


def _register(app: App, url: str) -> None:
    for step in webhook_steps(app.client, Webhook(f"{url}/api/row-changed", SECRET)):
        step.make(app.client)
