"""The doors over a socket: what only a wire can carry."""

import http.client
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from connector.intake import BODY_MAX_BYTES, SECRET_HEADER
from tests.security.bodies import WHOLE
from tests.security.door import Door
from tests.world import SECRET

Headers = Sequence[tuple[str, bytes]]
PRESENTED = (SECRET_HEADER, SECRET.encode())


@pytest.fixture
def connection(served: str) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(urlsplit(served).netloc, timeout=30)
    yield made
    made.close()


def post(connection: http.client.HTTPConnection, headers: Headers, body: bytes = WHOLE) -> tuple[int, bytes]:
    connection.putrequest("POST", "/api/row-changed")
    for name, value in (*headers, ("content-length", str(len(body)).encode())):
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_secret_in_one_header_is_let_in(connection: http.client.HTTPConnection, door: Door) -> None:
    assert post(connection, [PRESENTED]) == (202, b"")
    assert len(door.queue.sent) == 1


STRANGERS: dict[str, Headers] = {
    "two headers": [PRESENTED, PRESENTED],
    "the right one after a wrong one": [(SECRET_HEADER, b"x" * 32), PRESENTED],
    "latin-1": [(SECRET_HEADER, SECRET.encode() + b"\xe9")],
    "of 32 KB": [(SECRET_HEADER, SECRET.encode() * 1_000)],
    "in the wrong case": [(SECRET_HEADER, SECRET.upper().encode())],
    "none": [],
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_gets_401_and_nothing_else(
    headers: Headers, connection: http.client.HTTPConnection, door: Door
) -> None:
    assert post(connection, headers) == (401, b"")
    assert door.queue.sent == []


def test_a_body_in_pieces_is_one_body(connection: http.client.HTTPConnection, door: Door) -> None:
    pieces = (WHOLE[begin : begin + 100] for begin in range(0, len(WHOLE), 100))
    connection.request("POST", "/api/row-changed", body=pieces, headers={SECRET_HEADER: SECRET}, encode_chunked=True)
    assert connection.getresponse().status == 202
    assert len(door.queue.sent) == 1


def test_a_body_above_the_limit_is_413(connection: http.client.HTTPConnection, door: Door) -> None:
    assert post(connection, [PRESENTED], WHOLE.ljust(BODY_MAX_BYTES + 1)) == (413, b"")
    assert door.queue.sent == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_no_other_method_reaches_the_app(method: str, connection: http.client.HTTPConnection, door: Door) -> None:
    connection.request(method, "/api/row-changed", body=WHOLE, headers={SECRET_HEADER: SECRET})
    assert connection.getresponse().status == 404
    assert door.queue.sent == []
