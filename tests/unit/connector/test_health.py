"""An app is healthy when its queue answers and it can read a lead; and asking is no second probe."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest

from connector.breaker import Breaker
from connector.errors import QueueError
from connector.health import Health
from dataverse import DataverseClient, DataverseError, PrivilegeError, Request, UnavailableError
from tests.unit.connector.fakes import NOW
from tests.unit.connector.read_meter import ReadMeter


@dataclass
class Bench:
    fault: DataverseError | None = None
    queue_fault: QueueError | None = None
    asked: int = 0
    probes: int = 0
    at: datetime = NOW
    meter: ReadMeter = field(default_factory=ReadMeter)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.probe, self.clock, lambda: 0.0, self.meter.telemetry)
        self.health = Health(cast("DataverseClient", self), self, self.clock, self.breaker)  # type: ignore[arg-type]

    def clock(self) -> datetime:
        return self.at

    def probe(self) -> None:
        self.probes += 1
        if self.fault is not None:
            raise self.fault

    def send(self, _request: Request) -> None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault

    def waiting(self, _queue: str) -> int:
        if self.queue_fault is not None:
            raise self.queue_fault
        return 0


def test_it_is_healthy_when_queue_and_dataverse_answer() -> None:
    assert Bench().health.is_good()


@pytest.mark.parametrize("fault", [UnavailableError(status=503), PrivilegeError(status=403)])
def test_it_is_not_when_it_cannot_read_a_lead(fault: DataverseError) -> None:
    assert not Bench(fault=fault).health.is_good()


def test_it_is_not_when_the_queue_does_not_answer_and_dataverse_is_not_asked_then() -> None:
    bench = Bench(queue_fault=QueueError("q", "ServiceRequestError"))
    assert not bench.health.is_good()
    assert bench.asked == 0


def test_while_the_breaker_is_open_it_is_not_and_makes_no_probe_but_the_one_that_is_due() -> None:
    bench = Bench(fault=PrivilegeError(status=403))
    bench.breaker.failed(PrivilegeError(), of_leads=True)
    for seconds in range(0, 130, 10):
        bench.at = NOW + timedelta(seconds=seconds)
        assert not bench.health.is_good()
    assert (bench.asked, bench.probes) == (0, 4)


def test_an_idle_app_finds_out_by_itself_that_an_outage_is_over() -> None:
    bench = Bench(fault=UnavailableError(status=503))
    for seconds in range(0, 120, 30):
        bench.at = NOW + timedelta(seconds=seconds)
        assert not bench.health.is_good()
    assert bench.breaker.is_open
    bench.fault = None
    bench.at += timedelta(seconds=30)
    assert bench.health.is_good()
    assert not bench.breaker.is_open


def test_however_often_it_is_asked_it_looks_once_in_half_a_minute() -> None:
    bench = Bench()
    for _ in range(100):
        bench.health.is_good()
    assert bench.asked == 1
