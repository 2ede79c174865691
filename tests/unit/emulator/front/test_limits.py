from hypothesis import given
from hypothesis import strategies as st

from emulator.limits import Meter, ProtectionLimits


def test_the_limits_are_the_documented_ones() -> None:
    limits = ProtectionLimits()
    assert (limits.requests, limits.execution_s, limits.concurrent, limits.window_s) == (6000, 1200, 52, 300)


def served(meter: Meter, at_s: float, cost_s: float = 0.0) -> bool:
    refused = meter.begin(at_s, cost_s)
    if refused is None:
        meter.end()
    return refused is None


def test_one_request_too_many_is_told_when_the_oldest_leaves_the_window() -> None:
    meter = Meter(ProtectionLimits(requests=3))
    assert [served(meter, at_s) for at_s in (0.0, 10.0, 20.0)] == [True, True, True]
    refusal = meter.begin(30.5, 0)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after_s) == ("0x80072322", 270)
    assert refusal.message == "Number of requests exceeded the limit of 3 over time window of 300 seconds."


def test_after_the_wait_a_request_is_served_again() -> None:
    meter = Meter(ProtectionLimits(requests=1))
    assert served(meter, 0.0)
    refusal = meter.begin(0.25, 0)
    assert refusal is not None
    assert served(meter, 0.25 + refusal.retry_after_s)


def test_who_keeps_sending_waits_longer_and_never_longer_than_a_window() -> None:
    meter = Meter(ProtectionLimits(requests=1))
    assert served(meter, 0.0)
    waits = [refusal.retry_after_s for _ in range(400) if (refusal := meter.begin(295.0, 0))]
    assert waits[:3] == [5, 6, 7]
    assert waits[-1] == 300


def test_execution_time_is_refused_until_enough_of_it_left_the_window() -> None:
    meter = Meter(ProtectionLimits())
    assert [served(meter, at_s, 500.0) for at_s in (0.0, 10.0, 20.0)] == [True, True, True]
    refusal = meter.begin(30.0, 1.0)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after_s) == ("0x80072321", 270)
    assert "exceeded limit of 1,200,000 milliseconds over time window of 300 seconds" in refusal.message
    assert served(meter, 300.0, 1.0)


def test_requests_that_are_not_answered_yet_are_bounded() -> None:
    meter = Meter(ProtectionLimits(concurrent=2))
    assert meter.begin(0.0, 0) is None
    assert meter.begin(0.0, 0) is None
    refusal = meter.begin(0.0, 0)
    assert refusal is not None
    assert (refusal.code, refusal.message) == ("0x80072326", "Number of concurrent requests exceeded the limit of 2.")
    meter.end()
    assert meter.begin(float(refusal.retry_after_s), 0) is None


def test_refused_requests_cost_nothing() -> None:
    meter = Meter(ProtectionLimits(requests=2))
    assert served(meter, 0.0, 7.0)
    assert meter.remaining(0.0) == (1, 1193.0)
    assert served(meter, 0.0, 3.0)
    assert not served(meter, 0.0, 100.0)
    assert meter.remaining(0.0) == (0, 1190.0)
    assert meter.remaining(300.0) == (2, 1200.0)


@given(st.lists(st.integers(0, 40_000_000), min_size=1, max_size=200))
def test_no_window_ever_holds_more_than_the_limit_and_who_waits_is_served(pauses_us: list[int]) -> None:
    meter, at_us, served_at = Meter(ProtectionLimits(requests=5)), 1_772_442_000_000_000, list[int]()
    for pause_us in pauses_us:
        at_us += pause_us
        refusal = meter.begin(at_us / 1e6, 1.0)
        if refusal is not None:
            at_us += refusal.retry_after_s * 1_000_000
            assert meter.begin(at_us / 1e6, 1.0) is None
        meter.end()
        served_at.append(at_us)
    for end in served_at:
        assert sum(end - 300_000_000 < each <= end for each in served_at) <= 5
