"""SEC17: an answer costs bounded time and memory, whatever it holds."""

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
import requests
import responses

from dataverse import (
    AlreadyExistsError,
    DataverseClient,
    DataverseError,
    Limits,
    PagingError,
    StaticToken,
    UnavailableError,
    changes,
    query,
)
from dataverse.limits import DEFAULT_LIMITS
from tests.unit.dataverse.conftest import ORIGIN, ROOT
from tests.unit.dataverse.test_batch import READ, answers, http
from tests.unit.dataverse.test_transport import HEAD, ONE, Peer, send

MB = 1024 * 1024
DEEP = "[" * 100_000 + "]" * 100_000
LONG = "9" * 5_000


def endless(connection: object) -> None:
    """An answer that claims to be a terabyte, and tries to be."""
    connection.sendall(HEAD + b"Content-Length: 1099511627776\r\n\r\n")  # type: ignore[attr-defined]
    for _ in range(2_000):
        connection.sendall(b" " * MB)  # type: ignore[attr-defined]


@pytest.fixture
def peak_mb() -> Iterator[Callable[[], float]]:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()


def ask(peer: Peer) -> None:
    limits = Limits(attempts=1)
    with DataverseClient(peer.url, StaticToken("t"), limits=limits) as client:
        client.send(ONE)


def test_the_bound_of_an_answer_is_50_megabytes() -> None:
    assert DEFAULT_LIMITS.response_bytes_max == 50 * MB


def test_an_answer_without_end_costs_no_more_than_its_bound(peak_mb: Callable[[], float]) -> None:
    peer = Peer([endless])
    with pytest.raises(UnavailableError, match="too big"):
        ask(peer)
    peer.close()
    assert peak_mb() < 70


def test_a_gzip_that_unpacks_to_200_megabytes_costs_no_more_than_its_bound(peak_mb: Callable[[], float]) -> None:
    packed = gzip.compress(b" " * 200 * MB, compresslevel=1)
    peer = Peer([send(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)])
    tracemalloc.reset_peak()
    with pytest.raises(UnavailableError, match="too big"):
        ask(peer)
    peer.close()
    assert peak_mb() < 70


def test_just_within_the_bound_is_read() -> None:
    body = b'{"a":"' + b"x" * (MB - 8) + b'"}'
    peer = Peer([send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)])
    limits = Limits(attempts=1, response_bytes_max=MB)
    with DataverseClient(peer.url, StaticToken("t"), limits=limits) as client:
        assert len(str(client.send(ONE).row["a"])) == MB - 8
    peer.close()


@pytest.mark.parametrize("value", [DEEP, LONG, f"-{LONG}", f'{{"b":{DEEP}}}', "NaN", "-Infinity"])
@pytest.mark.parametrize("status", [200, 400, 404, 412])
def test_json_too_deep_and_numbers_too_long_are_faults_of_the_moment(
    service: responses.RequestsMock, value: str, status: int
) -> None:
    body = f'{{"error":{{"code":"0x80040217","message":{value}}},"value":[{value}]}}'
    service.get(f"{ROOT}{ONE.path.partition('?')[0]}", status=status, body=body, content_type="application/json")
    limits = Limits(attempts=1)
    with DataverseClient(ORIGIN, StaticToken("t"), limits=limits) as client, pytest.raises(DataverseError) as raised:
        client.send(ONE)
    assert type(raised.value) is (AlreadyExistsError if status == 412 else UnavailableError)


@pytest.mark.parametrize("value", [DEEP, LONG])
def test_a_part_of_a_batch_is_bounded_as_well(
    service: responses.RequestsMock, client: DataverseClient, value: str
) -> None:
    answers(service, http(200, {"a": "value"}).replace('"value"', value))
    (result,) = client.batch([READ])
    assert isinstance(result.error, UnavailableError)


def test_a_delta_page_of_too_long_numbers_hands_out_nothing(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    for _ in range(4):
        service.get(f"{ROOT}leads", body=f'{{"value":[{{"a":{LONG}}}]}}', content_type="application/json")
    with pytest.raises(UnavailableError):
        list(changes(client, "leads", select=["a"]))


@pytest.mark.parametrize("length", [1, 2, 7])
def test_pages_that_lead_in_a_circle_end(service: responses.RequestsMock, client: DataverseClient, length: int) -> None:
    def turn(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        number = int((request.url or "").rpartition("=")[2].replace("a", "0")) % length + 1
        return 200, {}, json.dumps({"value": [{"a": 1}], "@odata.nextLink": f"{ROOT}leads?$skiptoken={number}"})

    service.add_callback(responses.GET, f"{ROOT}leads", turn, content_type="application/json")
    for read in (
        lambda: client.rows(query("leads", select=["a"])),
        lambda: changes(client, "leads", select=["a"]),
    ):
        before = len(service.calls)
        with pytest.raises(PagingError, match="comes back"):
            list(islice(read(), 100))
        assert len(service.calls) - before == length + 1
