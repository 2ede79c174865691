"""Many changes, a fault on one I/O in twenty, webhooks that never come: nothing is lost, nothing is done twice (R1).

Total-queue, as Jepsen checks it: what is stored at the end is what the last change of every lead asks for, nobody knows
of more, and a look at everything once more writes nothing.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import requests

from connector.bootstrap import App
from connector.errors import QueueError
from connector.messages import LEAD_CHANGES, RowChanges
from connector.ports import TakenMessage
from connector.receive import receive
from connector.tables import Lead, QualificationLog
from dataverse import query
from tests.evidence import keep_evidence
from tests.faults.checker import Fact, check, klint
from tests.faults.virtual_queue import VirtualHost, VirtualQueue
from tests.unit.connector.executed import context
from tests.world import FIT, RULE, SECRET, World

FAULTS = 0.05
QUALIFIES_FROM = 110
EDIT_TAKES = timedelta(seconds=0.5)
EDITS_BETWEEN_LOOKS = 25
INSTANCES = 3


class FaultyQueue(VirtualQueue):
    """A queue that fails one call in twenty, before or after it did what it was asked for."""

    def __init__(self, world: World, chance: random.Random) -> None:
        super().__init__(world.clock)
        self.chance, self.faults, self.failed = chance, FAULTS, Counter[str]()

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self._fail(queue, "send")
        super().send(queue, text, delay_s=delay_s)
        self._fail(queue, "sent")

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        self._fail(queue, "take")
        return super().take(queue, at_most=at_most, lease_s=lease_s)

    def delete(self, message: TakenMessage) -> None:
        self._fail(message.queue, "delete")
        super().delete(message)

    def waiting(self, queue: str) -> int:
        self._fail(queue, "waiting")
        return super().waiting(queue)

    def oldest(self, queue: str) -> datetime | None:
        self._fail(queue, "oldest")
        return super().oldest(queue)

    def _fail(self, queue: str, call: str) -> None:
        if self.chance.random() < self.faults:
            self.failed[call] += 1
            raise QueueError(queue, "ServiceRequestError")


@dataclass
class Storm:
    """An environment whose leads are edited, with instances whose every I/O may fail; `dropped` webhooks never come."""

    world: World
    leads: int
    dropped: float
    chance: random.Random = field(default_factory=lambda: random.Random(20261124))  # noqa: S311  the same in every run
    webhooks: Counter[str] = field(default_factory=Counter)
    http: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.world.publish(FIT, RULE)
        self.queue = FaultyQueue(self.world, self.chance)
        self.queue.faults = 0
        self.world.queue = self.queue  # type: ignore[assignment]  the world's other apps are built over it
        self.apps = [self._instance(number) for number in range(INSTANCES)]
        self.host = VirtualHost(self.world.clock, self.queue, self.apps)
        self.columns: dict[UUID, dict[str, str | None]] = {
            self.world.new_lead(): {"jobtitle": None, "telephone1": None} for _ in range(self.leads)
        }
        self._pass(minutes=6)

    def edit(self, changes: int) -> None:
        """People edit leads at random, and the app has its chance between two edits."""
        self.queue.faults = self.faults = FAULTS
        leads = list(self.columns)
        for number in range(changes):
            lead = self.chance.choice(leads)
            column = self.chance.choice(("jobtitle", "telephone1", "firstname"))
            value = self.chance.choice(("x", None))
            self.world.edit(lead, **{column: value})
            if column != "firstname":
                self.columns[lead][column] = value
            self._webhook(lead)
            self.world.clock.at += EDIT_TAKES
            if number % EDITS_BETWEEN_LOOKS == 0:
                self.host.run(self.world.clock())

    def settle(self) -> None:
        """A healthy while: all that waits is done, and change tracking is followed to its end."""
        self.queue.faults = self.faults = 0.0
        self._pass(minutes=90)

    def expected(self) -> dict[UUID, Fact]:
        return {lead: klint(**columns) for lead, columns in self.columns.items()}

    def should_be_qualified(self) -> set[UUID]:
        return {lead for lead, columns in self.columns.items() if all(columns.values())}

    faults: float = 0.0

    def _pass(self, **time: float) -> None:
        self.host.run(self.world.clock() + timedelta(**time))

    def _webhook(self, lead: UUID) -> None:
        """Dataverse's way: one more attempt after a 503, and no third."""
        if self.chance.random() < self.dropped:
            self.webhooks["dropped"] += 1
            return
        organization = str(self.world.emulator.organization_id)
        body = json.dumps(context(PrimaryEntityId=str(lead), OrganizationId=organization)).encode()
        app = self.chance.choice(self.apps)
        for _ in range(2):
            status = receive(body, {"x-leadgate-secret": SECRET}, lambda: app)
            self.webhooks[str(status)] += 1
            if status != 503:
                return

    def _instance(self, number: int) -> App:
        adapter, app = self.world.another_app(random=random.Random(number).random)  # noqa: S311  no secret

        def maybe_fail(moment: str) -> None:
            self.http[moment] += 1
            if self.chance.random() < self.faults / 2:
                self.http[f"failed {moment}"] += 1
                raise requests.ConnectionError

        adapter.before = lambda _request: maybe_fail("before")
        adapter.after = lambda _request: maybe_fail("after")
        return app


SIZES = [
    pytest.param(5_000, 1_000, id="small"),
    pytest.param(100_000, 20_000, id="full", marks=[pytest.mark.slow, pytest.mark.timeout(7_200)]),
]


@pytest.mark.parametrize(("changes", "leads"), SIZES)
@pytest.mark.parametrize("dropped", [0.1, 1.0], ids=["one webhook in ten dropped", "all webhooks dropped"])
def test_no_change_is_lost_with_a_fault_on_one_io_in_twenty(
    world: World, dropped: float, changes: int, leads: int
) -> None:
    storm = Storm(world, leads, dropped)
    storm.edit(changes)
    storm.settle()
    verdict = check(world, storm.expected())
    acted = {UUID(row["_lgate_leadid_value"]) for row in _log(world)}
    counts = {**verdict.counts(), "changes": changes, "should_be_qualified": len(storm.should_be_qualified())}
    faults = {**storm.webhooks, **storm.http, **{f"queue {call}": n for call, n in storm.queue.failed.items()}}
    keep_evidence(f"volume-{changes}-dropped-{dropped:.0%}".replace("%", ""), **counts, faults=faults)
    assert verdict.faults == 0, verdict
    assert storm.should_be_qualified() <= acted
    failed = sum(storm.queue.failed.values()) + storm.http["failed before"] + storm.http["failed after"]
    assert failed > changes / 250, "faults were few"


@pytest.mark.parametrize("changes", [1_000, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])])
def test_a_burst_of_webhooks_is_decided_with_a_fifth_of_a_request_a_change(world: World, changes: int) -> None:
    storm = Storm(world, changes, dropped=0.0)
    for lead, columns in storm.columns.items():
        world.edit(lead, jobtitle="CEO")
        columns["jobtitle"] = "CEO"
        storm._webhook(lead)
    before = storm.http["before"]
    storm.host.timers = False
    storm.host.run(world.clock() + timedelta(minutes=1))
    asked = storm.http["before"] - before
    keep_evidence(f"burst-{changes}", changes=changes, requests=asked, requests_per_change=asked / changes)
    assert storm.host.is_idle()
    assert asked <= changes / 5
    verdict = check(world, storm.expected())
    assert verdict.faults == 0, verdict


def test_a_hot_lead_ends_with_the_right_score_and_few_writes(world: World) -> None:
    """L8 in small: a thousand edits of one lead, looked at as they come."""
    storm = Storm(world, 1, dropped=0.0)
    (lead,) = storm.columns
    before = world.writes()
    for number in range(1_000):
        value = "x" if number % 2 else None
        world.edit(lead, jobtitle=value)
        storm.columns[lead]["jobtitle"] = value
        storm._webhook(lead)
    edits = world.writes() - before
    storm.host.run(world.clock() + timedelta(minutes=1))
    text = RowChanges(table=Lead.TABLE, ids=(lead,), cause="test").text()
    storm.apps[0].worker.work(text, LEAD_CHANGES)
    keep_evidence("hot-lead", edits=edits, writes=world.writes() - before - edits)
    assert world.writes() - before - edits <= 200
    verdict = check(world, storm.expected())
    assert verdict.faults == 0, verdict


def _log(world: World) -> list[dict[str, str]]:
    entries = query(QualificationLog.SET, select=[f"_{QualificationLog.LEAD}_value"])
    return [{name: str(value) for name, value in row.items()} for row in world.app.client.rows(entries)]
