"""Over real sockets: what breaks on the way becomes one error, in bounded time and space, and the token stays home."""

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
from requests.adapters import HTTPAdapter

from dataverse import DataverseClient, Limits, StaticToken, UnavailableError, action, new_session, query, retrieve
from dataverse.errors import DataverseError
from dataverse.odata import eq

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
ONE = retrieve("leads", ID, select=["jobtitle"])
QUALIFY = action("QualifyLead", {}, ("leads", ID))
# The peer closes after each answer and says so: a pooled connection it has closed would cost the client an attempt.
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
OK = HEAD + b'Content-Length: 7\r\n\r\n{"a":1}'

Answering = Callable[[socket.socket], None]


@dataclass
class Peer:
    """A server that reads one request per connection and answers with the next script; counts what it received."""

    scripts: list[Answering]
    received: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        for script in self.scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(connection.recv(65_536))
                try:
                    script(connection)
                except OSError:
                    continue


def send(content: bytes) -> Answering:
    return lambda connection: connection.sendall(content)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def silence(connection: socket.socket) -> None:
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 99999999\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" " * 8_192)
        time.sleep(0.02)


@pytest.fixture
def connect() -> Iterator[Callable[..., tuple[Peer, DataverseClient]]]:
    opened: list[Peer | DataverseClient] = []

    def start(*scripts: Answering, **limits: float) -> tuple[Peer, DataverseClient]:
        bounds = Limits(**({"read_timeout_s": 0.3, "attempts": 2} | limits))  # type: ignore[arg-type]  # floats and ints
        peer = Peer(list(scripts))
        client = DataverseClient(peer.url, StaticToken("canary-token"), sleep=lambda _: None, limits=bounds)
        opened.extend([client, peer])
        return peer, client

    yield start
    for one in opened:
        one.close()


Connect = Callable[..., tuple[Peer, DataverseClient]]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(reset, id="reset"),
        pytest.param(send(b""), id="closed"),
        pytest.param(send(HEAD + b'Content-Length: 70\r\n\r\n{"a":1}'), id="cut short"),
        pytest.param(send(HEAD + b'Transfer-Encoding: chunked\r\n\r\n7\r\n{"a"'), id="cut in a chunk"),
        pytest.param(send(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"), id="not gzip"),
        pytest.param(send(b"SSH-2.0-OpenSSH\r\n"), id="not http"),
        pytest.param(silence, id="silence"),
    ],
)
def test_a_broken_exchange_is_repeated_for_a_read_and_raised_for_a_post(connect: Connect, fault: Answering) -> None:
    peer, client = connect(fault, send(OK))
    assert client.send(ONE).row == {"a": 1}
    assert len(peer.received) == 2
    peer, client = connect(fault, send(OK))
    with pytest.raises(UnavailableError) as raised:
        client.send(QUALIFY)
    assert len(peer.received) == 1
    assert raised.value.may_have_happened
    assert raised.value.about == "POST leads"


def test_an_answer_beyond_its_bound_is_not_kept(connect: Connect) -> None:
    _, client = connect(
        send(HEAD + b"Content-Length: 2000\r\n\r\n" + b" " * 2_000), attempts=1, response_bytes_max=1_000
    )
    with pytest.raises(UnavailableError, match="too big"):
        client.send(ONE)


def test_the_bound_counts_what_was_unpacked(connect: Connect) -> None:
    packed = gzip.compress(b" " * 1_000_000)
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    _, client = connect(send(head + packed), attempts=1, response_bytes_max=100_000)
    with pytest.raises(UnavailableError, match="too big"):
        client.send(ONE)


def test_an_answer_that_drips_ends_in_time(connect: Connect) -> None:
    _, client = connect(drip, attempts=1, answer_timeout_s=0.1)
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="takes too long"):
        client.send(ONE)
    assert time.monotonic() - started < 30


def test_a_redirect_is_not_followed(connect: Connect) -> None:
    other = Peer([send(OK)])
    try:
        location = f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\nContent-Length: 0\r\n\r\n".encode()
        _, client = connect(send(location), attempts=1)
        with pytest.raises(UnavailableError):
            client.send(ONE)
        assert other.received == []
    finally:
        other.close()


def test_a_cookie_is_not_sent_back(connect: Connect) -> None:
    peer, client = connect(send(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: ARRAffinity=1; Path=/\r\n\r\n")), send(OK))
    client.send(ONE)
    client.send(ONE)
    assert b"cookie" not in peer.received[1].lower()


def test_the_environment_changes_neither_token_nor_route(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    peer, client = connect(send(OK))
    client.send(ONE)
    assert b"Authorization: Bearer canary-token\r\n" in peer.received[0]


def test_every_call_has_timeouts_verifies_and_keeps_its_url() -> None:
    seen: list[dict[str, object]] = []

    class Recording(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
            seen.append({"url": request.url, **options})
            raise requests.ConnectionError

    with new_session(4) as session:
        session.mount("https://", Recording())
        client = DataverseClient(
            "https://contoso.crm12.dynamics.com", StaticToken("t"), session=session, limits=Limits(attempts=1)
        )
        for read_timeout_s in (None, 120.0):
            with pytest.raises(UnavailableError):
                client.send(ONE, read_timeout_s=read_timeout_s)
    assert [one["timeout"] for one in seen] == [(5.0, 30.0), (5.0, 120.0)]
    assert all(one["verify"] is True and one["stream"] is True for one in seen)
    assert all(not one["proxies"] for one in seen)


def test_a_connection_that_is_refused_is_a_fault_of_the_moment() -> None:
    peer = Peer([])
    url = peer.url
    peer.close()
    limits = Limits(attempts=1)
    with DataverseClient(url, StaticToken("t"), limits=limits) as client, pytest.raises(UnavailableError):
        client.send(ONE)


def test_neither_token_nor_query_nor_row_reaches_an_error_or_our_log(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an app that was put together in this process made it quieter
    body = json.dumps({"error": {"code": "0x1", "message": "canary-row"}}).encode()
    refusal = HEAD.replace(b"200 OK", b"400 Bad Request") + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    canary = query("leads", select=["jobtitle"], filter=eq("lastname", "canary-query"))
    for script in (reset, send(refusal), send(HEAD + b"Content-Length: 10\r\n\r\ncanary-row")):
        _, client = connect(script, attempts=1)
        with pytest.raises(DataverseError) as raised:
            client.send(canary)
        error: BaseException | None = raised.value
        shown = ""
        while error is not None:
            shown += f"{error!s} {error!r} "
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        assert "canary" not in shown
    assert "canary" not in caplog.text
    assert {record.name.partition(".")[0] for record in caplog.records} == {"dataverse", "urllib3"}


def trickle(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 8000\r\n\r\n")
    for _ in range(400):
        connection.sendall(b" " * 7)
        time.sleep(0.01)


def test_an_answer_that_trickles_ends_in_time_though_no_single_wait_is_long(connect: Connect) -> None:
    _, client = connect(trickle, attempts=1, answer_timeout_s=0.2)
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="takes too long"):
        client.send(ONE)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"Content-Length: 7\r\n\r\n" + b'{"a":1}', id="with its length"),
        pytest.param(b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n', id="in chunks"),
        pytest.param(
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(b'{"a":1}'))
            + gzip.compress(b'{"a":1}'),
            id="packed",
        ),
    ],
)
def test_one_connection_serves_many_requests(connect: Connect, answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + answer)
            connection.recv(65_536)

    peer, client = connect(serve)
    assert [client.send(ONE).row for _ in range(3)] == [{"a": 1}] * 3
    assert len(peer.received) == 1
