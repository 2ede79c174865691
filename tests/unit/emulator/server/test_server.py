import http.client
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from emulator.handling import ConnectionCutError
from emulator.local_ca import LocalAuthority
from emulator.server import Server, ServerError
from emulator.web_api import Request, Response


def echo(request: Request) -> Response:
    return Response(200, {"X-Target": request.target, "X-Method": request.method}, request.body)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_the_target_reaches_the_handler_as_it_was_sent(session: requests.Session) -> None:
    with Server(echo) as server:
        raw = "/api/leads(1)?$filter=name%20eq%20%27a%2Bb%27&x=1"
        assert session.get(server.url + raw).headers["X-Target"] == raw


def test_bodies_go_through_byte_for_byte(session: requests.Session) -> None:
    body = bytes(range(256)) * 2000
    with Server(echo) as server:
        assert session.post(server.url, data=body).content == body


def test_status_and_headers_of_the_answer_reach_the_client(session: requests.Session) -> None:
    with Server(lambda _: Response(204, {"OData-EntityId": "x", "REQ_ID": "y"})) as server:
        response = session.get(server.url)
    assert response.status_code == 204
    assert (response.headers["OData-EntityId"], response.headers["REQ_ID"]) == ("x", "y")


def test_many_small_requests_do_not_wait_for_the_network_stack(session: requests.Session) -> None:
    with Server(echo) as server:
        session.get(server.url)
        began = time.monotonic()
        for _ in range(50):
            session.post(server.url, data=b"x")
        assert time.monotonic() - began < 1.5, "40 ms an answer: Nagle's delay is on"


def test_repeated_request_headers_arrive_joined_by_a_comma() -> None:
    seen = []

    def note(request: Request) -> Response:
        seen.append(request.headers["X-Secret"])
        return Response(200)

    with Server(note) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.putrequest("GET", "/")
        connection.putheader("X-Secret", "one")
        connection.putheader("x-secret", "two")
        connection.endheaders()
        connection.getresponse().read()
        connection.close()
    assert seen == ["one,two"]


def test_a_handler_that_blocks_does_not_hold_up_the_others(session: requests.Session) -> None:
    release = threading.Event()

    def block_or_release(request: Request) -> Response:
        if request.target == "/block":
            return Response(200 if release.wait(10) else 500)
        release.set()
        return Response(200)

    with Server(block_or_release) as server:
        statuses = []
        blocked = threading.Thread(
            target=lambda: statuses.append(requests.get(server.url + "/block", timeout=10).status_code)
        )
        blocked.start()
        assert session.get(server.url + "/release").status_code == 200
        blocked.join()
    assert statuses == [200]


def test_head_is_answered_without_the_body_but_with_its_length(session: requests.Session) -> None:
    with Server(lambda _: Response(200, {}, b"12345")) as server:
        response = session.head(server.url)
    assert (response.headers["Content-Length"], response.content) == ("5", b"")


def test_a_handler_that_raises_is_answered_with_500_and_serving_goes_on(session: requests.Session) -> None:
    def fail_once(request: Request) -> Response:
        if request.target == "/bad":
            raise ValueError("a defect")
        return Response(200)

    with Server(fail_once) as server:
        assert session.get(server.url + "/bad").status_code == 500
        assert session.get(server.url + "/good").status_code == 200


def test_the_address_is_known_before_the_start_and_is_loopback_only() -> None:
    server = Server(echo)
    assert server.url == f"http://127.0.0.1:{server.port}"
    server.stop()


def test_a_stopped_server_refuses_connections_and_frees_its_port(session: requests.Session) -> None:
    with Server(echo) as server:
        session.get(server.url)
    with pytest.raises(requests.ConnectionError):
        session.get(server.url)
    Server(echo, server.port).stop()


def test_a_taken_port_is_an_error_that_names_it() -> None:
    with Server(echo) as server, pytest.raises(ServerError, match=str(server.port)):
        Server(echo, server.port)


def test_a_connection_that_is_cut_has_no_answer_and_serving_goes_on(
    session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    def cut(request: Request) -> Response:
        if request.target == "/cut":
            raise ConnectionCutError
        return Response(200)

    with caplog.at_level(logging.ERROR), Server(cut) as server:
        for _ in range(3):
            with pytest.raises(requests.ConnectionError, match=r"closed connection|reset"):
                session.post(server.url + "/cut", data=b"x" * 100_000)
            assert session.get(server.url + "/whole").status_code == 200
    assert caplog.records == []


def test_a_broken_answer_arrives_as_far_as_it_goes(session: requests.Session) -> None:
    def cut(_: Request) -> Response:
        raise ConnectionCutError(Response(200, {"Content-Length": "10"}, b"12345"))

    with Server(cut) as server, session.get(server.url, stream=True) as response:
        assert response.status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="5 bytes read, 5 more expected"):
            assert response.content


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_with_a_certificate_it_is_https_for_those_who_trust_the_local_authority(
    host: str, session: requests.Session, tmp_path: Path
) -> None:
    authority, ca_file = LocalAuthority(), tmp_path / "ca.pem"
    authority.write(ca_file)
    with Server(echo, tls=authority.server_context()) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        url = f"https://{host}:{server.port}/x"
        assert session.get(url, verify=str(ca_file)).headers["X-Target"] == "/x"
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url)


def test_another_authority_is_not_trusted(session: requests.Session, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    LocalAuthority().write(other)
    with Server(echo, tls=LocalAuthority().server_context()) as server, pytest.raises(requests.exceptions.SSLError):
        session.get(server.url, verify=str(other))


def test_a_connection_is_cut_over_https_too(session: requests.Session, tmp_path: Path) -> None:
    def cut(_: Request) -> Response:
        raise ConnectionCutError

    authority, ca_file = LocalAuthority(), tmp_path / "ca.pem"
    authority.write(ca_file)
    with Server(cut, tls=authority.server_context()) as server, pytest.raises(requests.ConnectionError):
        session.get(server.url, verify=str(ca_file))
