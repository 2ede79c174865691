"""What one thread is told binds them all."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from io import BytesIO

import pytest
import requests
import responses
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from dataverse import (
    DataverseClient,
    DataverseError,
    Gate,
    Limits,
    StaticToken,
    ThrottledError,
    UnavailableError,
    new_session,
    retrieve,
)
from dataverse.timing import RequestTiming
from tests.unit.dataverse.conftest import ORIGIN, ROOT, Clock, CountedTokens
from tests.unit.dataverse.test_batch import READ, answers, http
from tests.unit.dataverse.test_gate import VirtualTime, in_threads

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
ONE = retrieve("leads", ID, select=["jobtitle"])
ONE_URL = f"{ROOT}leads({ID})"

Answering = Callable[[], tuple[int, dict[str, str]]]


@dataclass
class Service(BaseAdapter):
    """Answers in process, many threads at once; keeps when each request came and how many were here together."""

    answer: Answering
    clock: VirtualTime
    came: list[float] = field(default_factory=list)
    most: int = 0
    inside: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    takes_s: float = 0.0

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        with self.lock:
            self.came.append(self.clock())
            self.inside += 1
            self.most = max(self.most, self.inside)
            status, headers = self.answer()
        time.sleep(self.takes_s)
        with self.lock:
            self.inside -= 1
        headers = {"Content-Type": "application/json", **headers}
        raw = HTTPResponse(body=BytesIO(b"{}"), headers=headers, status=status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """There is nothing to close."""


def connected(service: Service, *, threads: int, **limits: float) -> DataverseClient:
    session = new_session(threads)
    session.mount("https://", service)
    bounds = Limits(**({"connections": threads, "attempts": 50} | limits))  # type: ignore[arg-type]  # floats and ints
    clock = service.clock
    return DataverseClient(
        ORIGIN, StaticToken("t"), session=session, sleep=clock.sleep, clock=clock, random=lambda: 0.5, limits=bounds
    )


def send_many(client: DataverseClient, times: int) -> None:
    for _ in range(times):
        client.send(ONE)


def limited(clock: VirtualTime, per_window: int, windows: list[tuple[float, float]]) -> Answering:
    """429 with the seconds that are left, after so many requests in a window of 15 seconds."""
    starts: list[float] = [clock()]
    seen: list[int] = [0]

    def answer() -> tuple[int, dict[str, str]]:
        now = clock()
        if now >= starts[0] + 15:
            starts[0], seen[0] = now, 0
        seen[0] += 1
        if seen[0] <= per_window:
            return 200, {}
        wait_s = int(starts[0] + 15 - now) + 1
        windows.append((now, now + wait_s))
        return 429, {"Retry-After": str(wait_s)}

    return answer


def test_no_thread_sends_inside_a_retry_after_that_another_was_given() -> None:
    clock, windows = VirtualTime(), []
    service = Service(limited(clock, 30, windows), clock)
    client = connected(service, threads=1)
    in_threads(8, lambda: send_many(client, 50))
    inside = [at for at in service.came for start, end in windows if start < at < end]
    assert inside == []
    assert len(windows) == len(service.came) - 400
    assert 400 / 30 - 2 <= len(windows) <= 400 / 30 + 1, "one refusal a window, not one a thread"


def test_when_many_are_under_way_at_once_only_those_can_be_refused_together() -> None:
    clock, windows = VirtualTime(), []
    service = Service(limited(clock, 30, windows), clock, takes_s=0.0005)
    client = connected(service, threads=8)
    in_threads(8, lambda: send_many(client, 50))
    assert len(windows) == len(service.came) - 400
    assert len(windows) <= 8 * (400 / 30 + 1)


def test_concurrency_follows_what_the_service_advises() -> None:
    clock = VirtualTime()
    service = Service(lambda: (200, {"x-ms-dop-hint": "3"}), clock, takes_s=0.001)
    client = connected(service, threads=8)
    client.send(ONE)
    in_threads(8, lambda: send_many(client, 10))
    assert 1 < service.most <= 3


@pytest.mark.parametrize(
    ("hint", "width"),
    [
        ("4", 4),
        ("0", 1),
        ("900", 8),
        (" 2 ", 2),
        ("-1", 8),
        ("", 8),
        ("abc", 8),
        ("2.5", 8),
        ("٣", 8),
        ("9" * 5_000, 8),
    ],
)
def test_advice_is_held_within_bounds_and_senseless_advice_is_ignored(hint: str, width: int) -> None:
    gate = Gate(8)
    with responses.RequestsMock() as service, DataverseClient(ORIGIN, StaticToken("t"), gate=gate) as client:
        service.get(ONE_URL, json={}, headers={"x-ms-dop-hint": hint.encode().decode("latin-1")})
        client.send(ONE)
    assert gate.width == width


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("7", 7.0),
        (formatdate(1_800_000_009, usegmt=True), 9.0),
        ("0", 0.0),
        ("-1", 0.0),
        (None, 0.0),
        ("abc", 0.0),
    ],
)
def test_a_client_that_shares_the_gate_waits_as_long_as_the_one_that_was_told(
    service: responses.RequestsMock, clock: Clock, status: int, retry_after: str | None, waited: float
) -> None:
    gate = Gate(4, clock=clock, sleep=clock.sleep)
    service.get(ONE_URL, status=status, headers={"Retry-After": retry_after} if retry_after is not None else {})
    service.get(ONE_URL, json={})
    limits = Limits(attempts=1)
    for expected in (DataverseError, None):
        with DataverseClient(ORIGIN, StaticToken("t"), clock=clock, gate=gate, limits=limits) as client:
            if expected is not None:
                with pytest.raises(expected):
                    client.send(ONE)
            else:
                client.send(ONE)
    assert sum(clock.slept) == waited


@pytest.mark.parametrize("retry_after", ["21", "86400", "9" * 5_000])
def test_while_a_wait_is_too_long_every_thread_is_told_at_once_and_nothing_is_sent(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock, retry_after: str
) -> None:
    service.get(ONE_URL, status=429, headers={"Retry-After": retry_after})
    for _ in range(3):
        with pytest.raises(ThrottledError) as raised:
            client.send(ONE)
        assert raised.value.retry_after_s == min(float(retry_after), 86_400.0)
        assert raised.value.request_id
    assert len(service.calls) == 1
    assert clock.slept == []


def test_a_part_of_a_batch_that_is_told_to_wait_closes_the_gate(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock
) -> None:
    refusal = http(429, {"error": {"code": "0x80072322"}}).replace("REQ_ID: part-id", "Retry-After: 6")
    answers(service, http(200, {}), refusal)
    _, slow = client.batch([READ, READ])
    assert isinstance(slow.error, ThrottledError)
    service.get(ONE_URL, json={})
    client.send(ONE)
    assert clock.slept == [6.0]


def test_a_second_attempt_with_a_fresh_token_goes_through_the_gate_too(
    service: responses.RequestsMock, clock: Clock, tokens: CountedTokens
) -> None:
    gate = Gate(1, clock=clock, sleep=clock.sleep)
    service.get(ONE_URL, status=401)
    service.get(ONE_URL, json={})
    with DataverseClient(ORIGIN, tokens, gate=gate) as client:
        client.send(ONE)
    assert tokens.fresh_asked == 1


def test_every_exchange_is_told_to_whoever_measures_and_nothing_of_its_query(clock: Clock) -> None:
    statuses = iter([503, 200])
    told: list[RequestTiming] = []
    session = new_session(1)
    session.mount("https://", Service(lambda: (next(statuses), {}), clock))
    client = DataverseClient(
        ORIGIN, StaticToken("t"), session=session, sleep=clock.sleep, clock=clock, observe=told.append
    )
    client.send(ONE)
    assert [(each.method, each.server, each.status, each.error) for each in told] == [
        ("GET", "contoso.crm12.dynamics.com", 503, ""),
        ("GET", "contoso.crm12.dynamics.com", 200, ""),
    ]
    assert all(each.seconds >= 0 for each in told)


def test_an_exchange_without_an_answer_is_told_by_the_kind_of_its_error(clock: Clock) -> None:
    def cut() -> tuple[int, dict[str, str]]:
        raise requests.ConnectionError

    told: list[RequestTiming] = []
    session = new_session(1)
    session.mount("https://", Service(cut, clock))
    client = DataverseClient(
        ORIGIN, StaticToken("t"), session=session, sleep=clock.sleep, clock=clock, observe=told.append
    )
    with pytest.raises(UnavailableError):
        client.send(ONE, repeats=False)
    assert [(each.status, each.error) for each in told] == [(None, "UnavailableError")]


def test_who_asks_without_repeats_asks_once(clock: Clock) -> None:
    service = Service(lambda: (503, {}), clock)
    session = new_session(1)
    session.mount("https://", service)
    client = DataverseClient(ORIGIN, StaticToken("t"), session=session, sleep=clock.sleep, clock=clock)
    with pytest.raises(UnavailableError):
        client.send(ONE, repeats=False)
    assert len(service.came) == 1
