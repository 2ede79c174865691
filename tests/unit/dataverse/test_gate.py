"""The gate: nobody inside a window that anybody was told of, no more at once than advised, first come first served."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataverse.gate import ClosedError, Gate

WAIT_MAX_S = 20.0


@dataclass
class VirtualTime:
    """A clock that many threads may sleep on: each sleep moves it on."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.now += seconds


def gate_of(width: int) -> tuple[Gate, VirtualTime]:
    clock = VirtualTime()
    return Gate(width, clock=clock, sleep=clock.sleep), clock


def in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a thread never got through"


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.001)


def is_waiting(gate: Gate, count: int) -> bool:
    return len(gate._waiting) == count


def pass_through(gate: Gate) -> None:
    with gate.passage(WAIT_MAX_S):
        pass


def test_nobody_enters_a_window_that_another_thread_was_told_of() -> None:
    gate, clock = gate_of(1)
    entered: list[float] = []
    windows: list[tuple[float, float]] = []

    def work() -> None:
        for _ in range(50):
            with gate.passage(WAIT_MAX_S):
                entered.append(clock())
                if len(entered) % 7 == 0:
                    windows.append((clock(), clock() + 15))
                    gate.close_for(15)

    in_threads(8, work)
    assert len(entered) == 400
    assert len(windows) == 57
    assert [at for at in entered for start, end in windows if start < at < end] == []


def test_while_it_is_closed_one_thread_sleeps_and_the_others_wait_for_it() -> None:
    gate, clock = gate_of(4)
    gate.close_for(15)
    in_threads(8, lambda: pass_through(gate))
    assert clock.slept == [15]


def test_no_more_are_inside_than_it_is_wide() -> None:
    gate, _ = gate_of(8)
    gate.set_width(3)
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with gate.passage(WAIT_MAX_S):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.0005)
                with lock:
                    inside -= 1

    in_threads(8, work)
    assert 1 < most <= 3


def test_a_width_that_grows_lets_the_waiting_in() -> None:
    gate, _ = gate_of(2)
    gate.set_width(1)
    got_in = threading.Event()
    with gate.passage(WAIT_MAX_S):
        second = threading.Thread(target=lambda: (pass_through(gate), got_in.set()), daemon=True)
        second.start()
        until(partial(is_waiting, gate, 1))
        assert not got_in.is_set()
        gate.set_width(2)
        assert got_in.wait(10)
    second.join(10)


@given(st.integers(-(2**70), 2**70))
def test_the_width_stays_between_one_and_its_greatest(advised: int) -> None:
    gate, _ = gate_of(32)
    gate.set_width(advised)
    assert gate.width == max(1, min(advised, 32))


def test_first_come_is_first_served() -> None:
    gate, _ = gate_of(1)
    order: list[int] = []

    def work(number: int) -> None:
        with gate.passage(WAIT_MAX_S):
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(10)]
    with gate.passage(WAIT_MAX_S):
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            until(partial(is_waiting, gate, waiting))
    for thread in threads:
        thread.join(10)
    assert order == list(range(10))


def test_a_window_that_is_too_long_is_the_callers_to_wait() -> None:
    gate, clock = gate_of(1)
    gate.close_for(20.5)
    with pytest.raises(ClosedError) as raised, gate.passage(WAIT_MAX_S):
        pytest.fail("it was let in")
    assert raised.value.opens_in_s == 20.5
    assert clock.slept == []
    clock.sleep(0.5)
    pass_through(gate)
    assert clock.slept == [0.5, 20.0]


def test_a_window_that_grows_while_one_sleeps_is_slept_through_as_well() -> None:
    clock = VirtualTime()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            gate.close_for(7)

    gate = Gate(1, clock=clock, sleep=sleep)
    gate.close_for(5)
    pass_through(gate)
    assert clock.slept == [5, 7]


def test_a_shorter_wait_does_not_shorten_a_longer_one() -> None:
    gate, clock = gate_of(1)
    gate.close_for(10)
    gate.close_for(2)
    pass_through(gate)
    assert clock.slept == [10]


def test_a_clock_that_is_set_back_costs_no_more_than_the_wait_that_was_asked_for() -> None:
    gate, clock = gate_of(1)
    gate.close_for(10)
    clock.now -= 86_400
    pass_through(gate)
    pass_through(gate)
    assert clock.slept == [10]


def test_an_error_inside_gives_the_place_back() -> None:
    gate, _ = gate_of(1)
    with pytest.raises(KeyError), gate.passage(WAIT_MAX_S):
        raise KeyError
    pass_through(gate)


def test_one_who_gives_up_waiting_does_not_hold_up_the_rest() -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    clock = VirtualTime()
    gate = Gate(1, clock=clock, sleep=interrupted)
    gate.close_for(5)
    with pytest.raises(KeyboardInterrupt):
        pass_through(gate)
    clock.now += 6
    pass_through(gate)
