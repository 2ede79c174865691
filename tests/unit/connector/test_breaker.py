"""Dataverse is left alone when it fails as a whole, then asked by one, and by all again when that one succeeds."""

import json
import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.backoff import WAIT_MAX_S
from connector.breaker import (
    CLOSED,
    FAILURES_MAX,
    PROBE_EVERY,
    Breaker,
    BreakerState,
    after_failure,
    kept_for_s,
    weight,
    with_probe,
)
from connector.errors import IncompleteError, VersionError
from dataverse import (
    AuthenticationError,
    BadRequestError,
    DataverseError,
    PrivilegeError,
    ThrottledError,
    UnavailableError,
)
from tests.unit.connector.fakes import NOW
from tests.unit.connector.read_meter import ReadMeter

DOWN = UnavailableError(status=503)


@dataclass
class Dataverse:
    """What the probe meets, and how often it asked."""

    fault: DataverseError | None = DOWN
    asked: int = 0
    at: datetime = NOW
    meter: ReadMeter = field(default_factory=ReadMeter)

    def probe(self) -> None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def dataverse() -> Dataverse:
    return Dataverse()


@pytest.fixture
def breaker(dataverse: Dataverse) -> Breaker:
    return Breaker(dataverse.probe, lambda: dataverse.at, lambda: 0.0, dataverse.meter.telemetry)


def test_it_opens_after_three_failures_in_a_row(breaker: Breaker, dataverse: Dataverse) -> None:
    for _ in range(2):
        breaker.failed(DOWN, of_leads=True)
        assert breaker.admits()
    breaker.succeeded(of_leads=True)
    for _ in range(2):
        breaker.failed(DOWN, of_leads=True)
    assert breaker.admits()
    breaker.failed(DOWN, of_leads=True)
    assert not breaker.admits()
    assert dataverse.asked == 0


@pytest.mark.parametrize("fault", [PrivilegeError(status=403), AuthenticationError(code="AADSTS7000222")])
def test_it_opens_at_once_when_the_app_itself_is_refused(breaker: Breaker, fault: DataverseError) -> None:
    breaker.failed(fault, of_leads=True)
    assert not breaker.admits()


def test_throttling_neither_opens_it_nor_counts_as_an_answer(breaker: Breaker) -> None:
    for _ in range(10):
        breaker.failed(ThrottledError(retry_after_s=300), of_leads=True)
    assert breaker.admits()
    breaker.failed(DOWN, of_leads=True)
    breaker.failed(DOWN, of_leads=True)
    breaker.failed(ThrottledError(retry_after_s=300), of_leads=True)
    breaker.failed(DOWN, of_leads=True)
    assert not breaker.admits()


@pytest.mark.parametrize("fault", [VersionError("Fit", "gone"), IncompleteError("lead", ["merged"]), BadRequestError()])
def test_a_fault_of_another_kind_shows_that_dataverse_answers(breaker: Breaker, fault: Exception) -> None:
    breaker.failed(DOWN, of_leads=True)
    breaker.failed(DOWN, of_leads=True)
    breaker.failed(fault, of_leads=True)
    breaker.failed(DOWN, of_leads=True)
    assert breaker.admits()


def opened(breaker: Breaker) -> None:
    breaker.failed(PrivilegeError(), of_leads=True)


def test_half_a_minute_later_one_asks_and_nobody_else_for_another_half(breaker: Breaker, dataverse: Dataverse) -> None:
    opened(breaker)
    dataverse.forward(seconds=29.9)
    assert not breaker.admits()
    dataverse.forward(seconds=0.1)
    assert [breaker.admits() for _ in range(5)] == [False] * 5
    assert dataverse.asked == 1
    dataverse.forward(seconds=30)
    breaker.admits()
    assert dataverse.asked == 2


def test_who_got_an_answer_goes_on_alone_and_its_success_lets_all_in(breaker: Breaker, dataverse: Dataverse) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = None
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.succeeded(of_leads=True)
    assert [breaker.admits() for _ in range(3)] == [True, True, True]
    assert dataverse.asked == 1


def test_who_got_an_answer_and_fails_all_the_same_leaves_it_open(breaker: Breaker, dataverse: Dataverse) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = None
    assert breaker.admits()
    breaker.failed(DOWN, of_leads=True)
    assert not breaker.admits()
    dataverse.forward(seconds=30)
    assert breaker.admits()


def test_when_the_app_was_refused_for_leads_only_leads_that_are_read_let_all_in(
    breaker: Breaker, dataverse: Dataverse
) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = None
    assert breaker.admits()
    breaker.succeeded(of_leads=False)
    assert breaker.is_open
    breaker.succeeded(of_leads=True)
    assert not breaker.is_open


def test_after_an_outage_any_answer_lets_all_in(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.failed(DOWN, of_leads=True)
    assert breaker.is_open
    breaker.succeeded(of_leads=False)
    assert not breaker.is_open


def test_a_privilege_that_lacks_for_something_else_does_not_keep_leads_from_being_scored(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(PrivilegeError(status=403), of_leads=False)
    assert not breaker.is_open


def test_an_identity_that_is_refused_anywhere_is_refused_everywhere(breaker: Breaker) -> None:
    breaker.failed(AuthenticationError(), of_leads=False)
    assert breaker.is_open


def test_who_got_an_answer_and_died_keeps_nobody_out_for_longer(breaker: Breaker, dataverse: Dataverse) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = None
    assert breaker.admits()
    dataverse.forward(seconds=30)
    assert breaker.admits()


@pytest.mark.parametrize("fault", [PrivilegeError(status=403), AuthenticationError(), ThrottledError(), DOWN])
def test_a_probe_that_is_refused_is_no_answer(breaker: Breaker, dataverse: Dataverse, fault: DataverseError) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = fault
    assert not breaker.admits()


def test_of_many_threads_one_asks(breaker: Breaker, dataverse: Dataverse) -> None:
    opened(breaker)
    dataverse.forward(seconds=30)
    dataverse.fault = None
    start, admitted = threading.Barrier(8), list[bool]()

    def ask() -> None:
        start.wait()
        admitted.append(breaker.admits())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(admitted), dataverse.asked) == ([False] * 7 + [True], 1)


def test_what_waits_stays_away_longer_with_each_probe_and_never_more_than_a_quarter_of_an_hour(
    breaker: Breaker, dataverse: Dataverse
) -> None:
    opened(breaker)
    delays_s = []
    for _ in range(14):
        delays_s.append(breaker.kept_for_s())
        dataverse.forward(seconds=30)
        breaker.admits()
    assert delays_s[0] >= 30
    assert delays_s == sorted(delays_s)
    assert delays_s[-1] <= WAIT_MAX_S
    assert delays_s[-1] > 400


@example(100, 30.0, 0.999)
@given(st.integers(0, 100), st.floats(-3600, 30), st.floats(0, 1, exclude_max=True))
def test_nothing_comes_back_before_the_next_probe(probes: int, until_probe_s: float, number: float) -> None:
    state = BreakerState(FAILURES_MAX, NOW + timedelta(seconds=until_probe_s), probes)
    kept_s = kept_for_s(state, NOW, lambda: number)
    assert max(until_probe_s, 1) <= kept_s <= WAIT_MAX_S


@given(st.lists(st.sampled_from(["fail", "refuse", "succeed", "wait", "probe"]), max_size=60))
def test_probes_are_never_closer_than_half_a_minute_whatever_happens(steps: list[str]) -> None:
    state, at, probes = CLOSED, NOW, []
    for step in steps:
        if step == "fail":
            state = after_failure(state, 1, at)
        elif step == "refuse":
            state = after_failure(state, FAILURES_MAX, at)
        elif step == "succeed":
            state, probes = CLOSED, []
        elif step == "wait":
            at += PROBE_EVERY / 3
        elif (probing := with_probe(state, at)) is not None:
            state = probing
            probes.append(at)
    assert all(later - earlier >= PROBE_EVERY for earlier, later in pairwise(probes))


def test_the_weight_of_a_fault_nobody_foresaw_is_none_against_dataverse() -> None:
    assert weight(KeyError("x")) == 0


def test_it_tells_when_it_opens_and_closes_once_each(
    breaker: Breaker, dataverse: Dataverse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="leadgate")
    opened(breaker)
    opened(breaker)
    assert dataverse.meter.total("leadgate.breaker.open") == 1
    breaker.succeeded(of_leads=True)
    breaker.succeeded(of_leads=True)
    assert dataverse.meter.total("leadgate.breaker.open") == 0
    assert [json.loads(text)["event"] for text in caplog.messages] == ["breaker-opened", "breaker-closed"]
