"""Under the service protection limits: the real client's threads, the emulator's limits and log, on virtual time."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest

from dataverse import DataverseClient, Limits, StaticToken, ThrottledError, create, new_session, query
from dataverse.gate import Gate
from emulator.adapter import InProcessAdapter
from emulator.fault_rules import FaultRule
from emulator.front import Front
from emulator.limits import ProtectionLimits
from emulator.request_log import LoggedRequest
from emulator.web_api import Emulator, Request, Response
from tests.faults.virtual_time import OpenGate, VirtualTime, WatchedGate

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "http://127.0.0.1:8765"
TOKEN = "a-token-of-the-emulator"
THREADS = 8
PATIENT = Limits(retry_wait_max_s=600.0, attempts=50, connections=THREADS)


@dataclass(frozen=True)
class Run:
    """What the emulator's own log says of a run."""

    entries: Sequence[LoggedRequest]
    took: timedelta

    @property
    def refused(self) -> list[LoggedRequest]:
        return [entry for entry in self.entries if entry.status == 429]

    @property
    def refused_share(self) -> float:
        return len(self.refused) / len(self.entries)

    @property
    def at_once(self) -> int:
        return max(entry.under_way for entry in self.entries)

    def inside_a_window(self) -> list[LoggedRequest]:
        """Requests that came after a 429 was answered, and before the wait it asked for was over.

        Time stands while anybody is at work, so what comes at the very moment of a 429 was on its way already.
        """
        windows = [(each.answered_at, each.answered_at + wait(each)) for each in self.refused]
        return [entry for entry in self.entries if any(begin < entry.at < end for begin, end in windows)]

    def __str__(self) -> str:
        return (
            f"{len(self.entries)} requests in {self.took}, {len(self.refused)} refused ({self.refused_share:.1%}), "
            f"at most {self.at_once} at once, {len(self.inside_a_window())} inside a Retry-After"
        )


def wait(entry: LoggedRequest) -> timedelta:
    assert entry.retry_after_s is not None
    return timedelta(seconds=entry.retry_after_s)


def run(limits: ProtectionLimits, operations: int, gate: Callable[[int, VirtualTime], Gate] = WatchedGate) -> Run:
    """Reads and creates by all threads through one client; each takes 30 to 90 ms of virtual time."""
    time = VirtualTime(START, THREADS)
    emulator = Emulator(clock=time.now, token=TOKEN, base_url=URL)

    def carry_out(request: Request) -> Response:
        time.sleep(0.03 + 0.01 * (len(request.target) % 7))
        return emulator.handle(request)

    front = Front(carry_out, time.now, limits=limits, kept_requests=10 * operations)
    session = new_session(1)
    session.mount("http://", InProcessAdapter(front.handle))
    client = DataverseClient(
        URL,
        StaticToken(TOKEN),
        session=session,
        sleep=time.sleep,
        clock=time.seconds,
        limits=PATIENT,
        gate=gate(THREADS, time),
    )

    def work(number: int) -> None:
        for turn in range(number, operations, THREADS):
            row = {"leadid": str(uuid4()), "lastname": "Durand"}
            read, write = query("leads", select=["lastname"], top=1), create("leads", row, id_column="leadid")
            with suppress(ThrottledError):
                client.send(read if turn % 4 else write)

    time.run(work)
    done = Run(front.log.entries(), time.now() - START)
    session.close()
    emulator.close()
    print(done)
    return done


@pytest.mark.parametrize(
    ("limits", "operations"),
    [
        pytest.param(ProtectionLimits(requests=600), 2_000, id="600 requests"),
        pytest.param(ProtectionLimits(execution_s=12.0), 600, id="12 s of execution"),
        pytest.param(ProtectionLimits(concurrent=5, dop_hint=5), 600, id="5 at once"),
        pytest.param(ProtectionLimits(), 20_000, id="the real limits", marks=pytest.mark.slow),
    ],
)
def test_no_request_is_ever_sent_inside_a_retry_after(limits: ProtectionLimits, operations: int) -> None:
    done = run(limits, operations)
    assert len(done.entries) - len(done.refused) == operations
    assert done.refused, "the limits were not felt"
    assert done.inside_a_window() == []
    assert done.refused_share < 0.05
    assert done.at_once <= THREADS


def test_the_check_finds_a_client_without_a_gate() -> None:
    assert run(ProtectionLimits(requests=100), 300, OpenGate).inside_a_window() != []


def test_no_more_requests_are_sent_at_once_than_the_service_advises() -> None:
    done = run(ProtectionLimits(dop_hint=3), 400)
    assert done.refused == []
    after_the_first_answers = done.entries[THREADS:]
    assert max(entry.under_way for entry in after_the_first_answers if entry.number > THREADS) == 3


def test_a_day_of_waiting_is_raised_and_nothing_is_sent_meanwhile() -> None:
    front, client = alone(Limits(), {"Retry-After": "86400"})
    for _ in range(3):
        with pytest.raises(ThrottledError) as caught:
            client.send(query("leads", select=["lastname"], top=1))
        assert caught.value.retry_after_s is not None
        assert caught.value.retry_after_s > 20
    assert len(front.log.entries()) == 1


@pytest.mark.parametrize(
    ("value", "waits_s"),
    [
        ("7", 7.0),
        (format_datetime(START + timedelta(seconds=7), usegmt=True), 7.0),
        ("0", 0.25),
        ("-1", 0.25),
        (None, 0.25),
        ("soon", 0.25),
        ("1.5", 0.25),
        (format_datetime(START - timedelta(days=1), usegmt=True), 0.25),
    ],
    ids=["seconds", "date", "zero", "negative", "absent", "a word", "a fraction", "a date that is over"],
)
def test_whatever_retry_after_says_the_next_request_comes_after_it_and_never_at_once(
    value: str | None, waits_s: float
) -> None:
    front, client = alone(PATIENT, {"Retry-After": value} if value else {})
    client.send(query("leads", select=["lastname"], top=1))
    first, second = front.log.entries()
    assert (first.status, second.status) == (429, 200)
    assert timedelta(seconds=waits_s) <= second.at - first.answered_at <= timedelta(seconds=waits_s + 0.75)


@pytest.mark.parametrize("value", ["9" * 400, "86401"])
def test_an_absurd_retry_after_is_raised_as_a_day_at_most(value: str) -> None:
    front, client = alone(Limits(), {"Retry-After": value})
    with pytest.raises(ThrottledError) as caught:
        client.send(query("leads", select=["lastname"], top=1))
    assert caught.value.retry_after_s == 86_400
    assert len(front.log.entries()) == 1


def alone(limits: Limits, headers: dict[str, str]) -> tuple[Front, DataverseClient]:
    """A client of one thread whose first request is refused with these headers."""
    time = VirtualTime(START, 1)
    emulator = Emulator(clock=time.now, token=TOKEN, base_url=URL)
    front = Front(emulator.handle, time.now)
    front.faults.add(FaultRule(status=429, headers=headers))
    session = new_session(1)
    session.mount("http://", InProcessAdapter(front.handle))
    gate = WatchedGate(1, time)
    client = DataverseClient(
        URL, StaticToken(TOKEN), session=session, sleep=time.sleep, clock=time.seconds, limits=limits, gate=gate
    )
    return front, client
