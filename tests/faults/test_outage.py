"""Dataverse down for hours, or closed to the app: nothing is burned, nothing is asked for in vain, all is done after.

Each instance asks one thing every 30 seconds at most. Time is virtual, the code is production's.
"""

import json
import logging
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
import requests

from connector.breaker import FAILURES_MAX, PROBE_EVERY
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON, RowChanges
from connector.tables import Lead, LeadScore
from dataverse import create, query, send_in_batches
from emulator.adapter import InProcessAdapter
from emulator.fault_rules import Body, FaultRule
from emulator.front import Front
from tests.evidence import keep_evidence
from tests.faults.virtual_queue import VirtualHost, VirtualQueue
from tests.unit.connector.read_meter import ReadMeter
from tests.world import FIT, RULE, World

ATTEMPTS = 4
"""How often the client sends a request that fails (dataverse.limits)."""

REQUEST_TAKES = timedelta(seconds=0.2)

Fault = Callable[[], None]


def unreachable() -> None:
    raise requests.ConnectionError


@dataclass
class Instance:
    """One process: what it asked of Dataverse and when, and the metrics it would send."""

    adapter: InProcessAdapter
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    meter: ReadMeter = field(default_factory=ReadMeter)


class Outage:
    """Some instances over one environment and one queue; `fault` is what every request of theirs meets."""

    def __init__(self, world: World, leads: int, instances: int = 2) -> None:
        self.world, self.fault = world, None
        world.publish(FIT, RULE)
        self.queue = world.queue = VirtualQueue(world.clock)
        self.instances, apps = [], []
        for number in range(instances):
            meter = ReadMeter()
            adapter, app = world.another_app(random=random.Random(number).random, meter=meter.meter)  # noqa: S311  no secret
            self.instances.append(Instance(adapter, meter=meter))
            adapter.before = self._watching(self.instances[-1])
            apps.append(app)
        self.leads = self._create(leads)
        self.host = VirtualHost(world.clock, self.queue, apps)

    fault: Fault | None

    def queue_each_lead(self) -> None:
        """One message a lead, as webhooks make them."""
        for lead in self.leads:
            self.queue.send(LEAD_CHANGES, RowChanges(table=Lead.TABLE, ids=(lead,), cause="webhook").text())

    def last(self, **hours: float) -> None:
        self.host.run(self.world.clock() + timedelta(**hours))

    def drain(self) -> timedelta:
        """How long it takes until no message is left."""
        began = self.world.clock()
        self.host.run(began + timedelta(hours=2), stop=self.host.is_idle)
        return self.world.clock() - began

    def poisoned(self) -> list[str]:
        return [text for name in (LEAD_CHANGES, LEAD_CHANGES_BULK) for text in self.queue.of(name + POISON)]

    def qualified(self) -> set[UUID]:
        """The leads that the rule has acted on."""
        rows = self.world.app.client.rows(query(Lead.SET, select=[Lead.ID, Lead.STATUS]))
        return {UUID(str(row[Lead.ID])) for row in rows if row[Lead.STATUS] == 482100000}

    def scored(self) -> set[UUID]:
        column = f"_{LeadScore.LEAD}_value"
        return {UUID(str(row[column])) for row in self.world.app.client.rows(query(LeadScore.SET, select=[column]))}

    def _watching(self, instance: Instance) -> Callable[[requests.PreparedRequest], None]:
        def before(request: requests.PreparedRequest) -> None:
            instance.asked.append((self.world.clock(), request.method or ""))
            self.world.clock.forward(seconds=REQUEST_TAKES.total_seconds())
            if self.fault is not None:
                self.fault()

        return before

    def _create(self, leads: int) -> list[UUID]:
        ids = [uuid4() for _ in range(leads)]
        columns = {"lastname": "Durand", "jobtitle": "CEO", "telephone1": "1"}
        creates = [create(Lead.SET, {Lead.ID: str(lead), **columns}, id_column=Lead.ID) for lead in ids]
        for start in range(0, leads, 500):
            results = send_in_batches(self.world.app.client, creates[start : start + 500])
            assert all(result.error is None for result in results)
        return ids


def after_opening(asked: list[tuple[datetime, str]]) -> list[datetime]:
    """The requests that follow the ones which opened the breaker: those of the first failing calls."""
    opening = FAILURES_MAX * ATTEMPTS
    return [at for at, _ in asked[opening:]]


@pytest.mark.parametrize(
    ("hours", "waiting"),
    [
        pytest.param(6, 1_000, id="6 h, 1,000"),
        pytest.param(1, 10_000, id="1 h, 10,000", marks=pytest.mark.slow),
        pytest.param(6, 10_000, id="6 h, 10,000", marks=pytest.mark.slow),
        pytest.param(24, 10_000, id="24 h, 10,000", marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(900)
def test_an_outage_burns_nothing_asks_once_in_half_a_minute_and_is_made_up_for_in_half_an_hour(
    world: World, hours: int, waiting: int
) -> None:
    outage = Outage(world, waiting)
    outage.queue_each_lead()
    outage.fault, began = unreachable, world.clock()
    outage.last(hours=hours)
    probes = [after_opening(instance.asked) for instance in outage.instances]
    requests_during = sum(len(instance.asked) for instance in outage.instances)
    messages, circulated = outage.queue.waiting(LEAD_CHANGES), outage.queue.sent[LEAD_CHANGES]
    for times in probes:
        assert len(times) <= (world.clock() - began) / PROBE_EVERY
        assert all(later - earlier >= PROBE_EVERY for earlier, later in pairwise(times))
    assert messages <= waiting / 50 + 40
    assert outage.poisoned() == []
    assert outage.scored() == set()

    outage.fault = None
    took = outage.drain()
    keep_evidence(
        f"outage-{hours}h-{waiting}",
        hours=hours,
        waiting=waiting,
        instances=len(outage.instances),
        requests_during=requests_during,
        probes_per_instance=[len(times) for times in probes],
        messages_at_recovery=messages,
        messages_sent_during=circulated - waiting,
        drained_after_s=took.total_seconds(),
        poison=len(outage.poisoned()),
        lost=waiting - len(outage.scored()),
        raised=len(outage.host.failed),
    )
    assert took <= timedelta(minutes=30)
    assert outage.scored() == outage.qualified() == set(outage.leads)
    assert (outage.poisoned(), outage.host.failed) == ([], [])


@pytest.mark.parametrize("path", ["", "batch"], ids=["every read", "what is read of leads, but not leads themselves"])
def test_a_role_that_is_taken_away_keeps_all_that_waits_until_it_is_given_back(
    world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(world, 300, instances=1)
    outage.queue_each_lead()
    caplog.set_level(logging.ERROR, logger="leadgate")
    (instance,) = outage.instances
    allowed, front = instance.adapter._handle, Front(instance.adapter._handle, world.clock)
    front.faults.add(FaultRule(path=path, status=403, body=Body.JSON, code="0x80040220", count=None))
    instance.adapter._handle = front.handle
    began = world.clock()
    outage.last(hours=2)
    assert outage.queue.waiting(LEAD_CHANGES) <= 300 / 50 + 8
    assert (outage.poisoned(), outage.scored(), outage.host.failed) == ([], set(), [])
    refused = [entry for entry in front.log.entries() if entry.status == 403]
    assert 0 < len(refused) <= 1 + (world.clock() - began) / PROBE_EVERY
    assert [json.loads(text)["event"] for text in caplog.messages].count("breaker-opened") == 1

    instance.adapter._handle = allowed
    assert outage.drain() <= timedelta(minutes=30)
    assert outage.qualified() == set(outage.leads)
    assert outage.poisoned() == []


@pytest.mark.parametrize(
    ("leads", "refused"),
    [
        pytest.param(2_000, 20, id="20 of 2,000"),
        pytest.param(100_000, 1_000, id="1,000 of 100,000", marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(1_800)
def test_leads_that_the_environment_refuses_are_set_aside_and_the_rest_are_done(
    world: World, leads: int, refused: int, caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(world, leads, instances=1)
    (instance,) = outage.instances
    bad = {str(lead) for lead in outage.leads[:: leads // refused]}
    watching = instance.adapter.before

    def before(request: requests.PreparedRequest) -> None:
        watching(request)
        if b"PATCH" in (request.body or b""):
            request.body = with_a_status_that_is_none(bytes(request.body or b""), bad)  # type: ignore[arg-type]

    instance.adapter.before = before
    caplog.set_level(logging.WARNING, logger="leadgate")
    outage.queue_each_lead()
    took = outage.drain()
    poison = [json.loads(text) for text in outage.poisoned()]
    events = [json.loads(text) for text in caplog.messages]
    alarms = [event["reason"] for event in events if event["event"] == "new-reason"]
    reasons = instance.meter.points("leadgate.leads.refused")
    keep_evidence(
        f"poison-flood-{leads}",
        leads=leads,
        refused=sum(len(each["ids"]) for each in poison),
        done=instance.meter.total("leadgate.leads.done"),
        drained_after_s=took.total_seconds(),
        alarms=alarms,
        raised=len(outage.host.failed),
    )
    assert len(bad) == refused
    assert outage.qualified() == {lead for lead in outage.leads if str(lead) not in bad}
    assert {row_id for each in poison for row_id in each["ids"]} == bad
    assert len({each["reason"] for each in poison}) == 1
    assert alarms == [poison[0]["reason"]]
    assert reasons == {(("leadgate.reason", poison[0]["reason"]),): refused}
    assert outage.host.failed == []


def with_a_status_that_is_none(body: bytes, leads: set[str]) -> bytes:
    """The batch, but that the environment must refuse what it writes to these leads."""

    def spoil(part: re.Match[bytes]) -> bytes:
        return part[1] + b"99999" if part[2].decode() in leads else part[0]

    return re.sub(rb'(PATCH \S*/leads\(([0-9a-f-]{36})\)[^{]*\{[^}]*"statuscode":)\d+', spoil, body)


def test_an_outage_in_the_middle_of_a_run_keeps_what_was_not_begun(world: World) -> None:
    outage = Outage(world, 200, instances=1)
    outage.queue_each_lead()
    (instance,) = outage.instances
    watching, batches = instance.adapter.before, 0

    def before(request: requests.PreparedRequest) -> None:
        nonlocal batches
        batches += "batch" in (request.url or "")
        outage.fault = unreachable if batches > 5 else None
        watching(request)

    instance.adapter.before = before
    outage.last(hours=1)
    assert 0 < len(outage.scored()) < 200
    instance.adapter.before = watching
    outage.fault = None
    assert outage.drain() <= timedelta(minutes=30)
    assert outage.qualified() == set(outage.leads)
    assert (outage.poisoned(), outage.host.failed) == ([], [])


def test_throttling_is_obeyed_and_is_no_outage(world: World) -> None:
    outage = Outage(world, 60, instances=1)
    outage.queue_each_lead()
    (instance,) = outage.instances
    allowed, front = instance.adapter._handle, Front(instance.adapter._handle, world.clock)
    front.faults.add(FaultRule(status=429, code="0x80072322", headers={"Retry-After": "300"}, count=None))
    instance.adapter._handle = front.handle
    outage.last(minutes=20)
    assert not outage.host.apps[0].breaker.is_open
    assert (outage.poisoned(), outage.scored()) == ([], set())
    assert instance.meter.total("leadgate.leads.put_off") > 0
    instance.adapter._handle = allowed
    assert outage.queue.waiting(LEAD_CHANGES) > 0
