"""A timer's tick leaves Dataverse alone while the breaker is open, and no fault of the moment is a failed function."""

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest

from connector.breaker import Breaker
from connector.errors import QueueError
from connector.lifecycle_message import LIFECYCLE
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.poll_changes import PollChanges
from connector.reconcile import Reconcile
from connector.reconcile_run import Run
from connector.rescore_due import RescoreDue
from connector.ticks import Ticks
from connector.watch import Watch
from dataverse import BadRequestError, PrivilegeError, ThrottledError, UnavailableError
from tests.unit.connector.fakes import NOW
from tests.unit.connector.read_meter import ReadMeter


@dataclass
class Tick:
    """Counts how often it ran; ends with a fault, or with how much it queued."""

    fault: Exception | None = None
    ran: int = 0

    def tick(self) -> int:
        self.ran += 1
        if self.fault is not None:
            raise self.fault
        return 7


@dataclass
class Night:
    """A nightly comparison that stands where it is told to."""

    run: Run | None = None

    def tick(self) -> Run | None:
        return self.run


@dataclass
class Depths:
    """A queue that knows only how long it is, and since when."""

    lengths: dict[str, int] = field(default_factory=dict)
    oldest_on: dict[str, datetime] = field(default_factory=dict)
    broken: str = ""

    def waiting(self, queue: str) -> int:
        if queue == self.broken:
            raise QueueError(queue, "ServiceRequestError")
        return self.lengths.get(queue, 0)

    def oldest(self, queue: str) -> datetime | None:
        return self.oldest_on.get(queue)


@dataclass
class Bench:
    poll: Tick = field(default_factory=Tick)
    due: Tick = field(default_factory=Tick)
    night: Night = field(default_factory=Night)
    depths: Depths = field(default_factory=Depths)
    meter: ReadMeter = field(default_factory=ReadMeter)
    at: datetime = NOW
    probes: int = 0

    def __post_init__(self) -> None:
        def probe() -> None:
            self.probes += 1
            raise UnavailableError(status=503)

        self.breaker = Breaker(probe, self.clock, lambda: 0.0, self.meter.telemetry)
        self.ticks = Ticks(
            cast("PollChanges", self.poll),
            cast("RescoreDue", self.due),
            cast("Reconcile", self.night),
            Watch(self.depths, self.clock, self.meter.telemetry),  # type: ignore[arg-type]  # it looks, and sends nothing
            self.breaker,
            self.meter.telemetry,
            self.clock,
        )

    def clock(self) -> datetime:
        return self.at

    def ended(self) -> dict[tuple[object, object], float]:
        return {
            (dict(at)["leadgate.timer"], dict(at)["leadgate.outcome"]): n
            for at, n in self.meter.points("leadgate.ticks").items()
        }


def test_a_tick_that_is_done_is_counted() -> None:
    bench = Bench()
    bench.ticks.poll()
    bench.ticks.due()
    assert bench.ended() == {("poll_changes", "done"): 1, ("rescore_due", "done"): 1}
    assert bench.meter.total("leadgate.due.queued") == 7


def test_while_the_breaker_is_open_ticks_are_skipped_and_make_no_probe_more() -> None:
    bench = Bench()
    bench.breaker.failed(PrivilegeError(), of_leads=True)
    for seconds in range(0, 120, 5):
        bench.at = NOW + timedelta(seconds=seconds)
        bench.ticks.poll()
        bench.ticks.due()
    assert (bench.poll.ran, bench.due.ran, bench.probes) == (0, 0, 3)
    assert bench.ended() == {("poll_changes", "skipped"): 24, ("rescore_due", "skipped"): 24}


@pytest.mark.parametrize(
    "fault", [UnavailableError(status=503), ThrottledError(retry_after_s=60), PrivilegeError(status=403)]
)
def test_a_tick_that_meets_an_outage_ends_quietly_and_is_told(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="leadgate")
    bench = Bench(poll=Tick(fault))
    bench.ticks.poll()
    assert bench.ended() == {("poll_changes", "aborted"): 1}
    assert "tick-aborted" in [json.loads(text)["event"] for text in caplog.messages]


def test_failing_ticks_open_the_breaker_as_failing_messages_do() -> None:
    bench = Bench(poll=Tick(UnavailableError(status=503)))
    for _ in range(5):
        bench.ticks.poll()
    assert (bench.poll.ran, bench.breaker.is_open) == (3, True)


@pytest.mark.parametrize("fault", [BadRequestError(code="0x80040216"), QueueError("q", "x"), KeyError("a defect")])
def test_every_other_fault_reaches_the_host(fault: Exception) -> None:
    bench = Bench(due=Tick(fault))
    with pytest.raises(type(fault)):
        bench.ticks.due()
    assert not bench.breaker.is_open


def test_the_age_of_what_was_followed_grows_until_a_tick_is_done() -> None:
    bench = Bench(poll=Tick(UnavailableError(status=503)))
    ages = []
    for _ in range(3):
        bench.at += timedelta(minutes=5)
        bench.ticks.poll()
        ages.append(bench.meter.total("leadgate.delta.age"))
    bench.poll.fault = None
    bench.breaker.succeeded(of_leads=False)
    bench.ticks.poll()
    assert (ages, bench.meter.total("leadgate.delta.age")) == ([300, 600, 900], 0)


def test_how_much_waits_and_since_when_is_told_of_every_queue_and_its_poison_queue() -> None:
    bench = Bench(
        depths=Depths({LEAD_CHANGES: 12, f"{LEAD_CHANGES_BULK}-poison": 3}, {LEAD_CHANGES: NOW - timedelta(minutes=20)})
    )
    bench.ticks.due()
    queue = "messaging.destination.name"
    assert bench.meter.points("leadgate.queue.messages") == {
        ((queue, LEAD_CHANGES),): 12,
        ((queue, f"{LEAD_CHANGES}-poison"),): 0,
        ((queue, LEAD_CHANGES_BULK),): 0,
        ((queue, f"{LEAD_CHANGES_BULK}-poison"),): 3,
        ((queue, LIFECYCLE),): 0,
        ((queue, f"{LIFECYCLE}-poison"),): 0,
    }
    assert bench.meter.points("leadgate.queue.oldest_age") == {
        ((queue, LEAD_CHANGES),): 1200,
        ((queue, LEAD_CHANGES_BULK),): 0,
        ((queue, LIFECYCLE),): 0,
    }


def test_a_queue_that_does_not_answer_hides_neither_the_others_nor_what_is_due() -> None:
    bench = Bench(depths=Depths(broken=LEAD_CHANGES))
    bench.ticks.due()
    assert len(bench.meter.points("leadgate.queue.messages")) == 4
    assert bench.due.ran == 1


def test_the_drift_of_a_night_is_told_when_its_run_is_done_and_not_before() -> None:
    bench = Bench(night=Night(Run(begun_on=NOW, drifted=3)))
    bench.ticks.compare()
    assert bench.meter.points("leadgate.drift") == {}
    bench.night.run = Run(begun_on=NOW, sweep=None, suspected_on=None, drifted=3)
    bench.ticks.compare()
    assert bench.meter.points("leadgate.drift") == {(): 3}
