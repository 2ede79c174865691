import pytest
import requests

from emulator.adapter import InProcessAdapter
from emulator.handling import ConnectionCutError
from emulator.web_api import Request, Response


def session_over(broken: Response | None) -> requests.Session:
    def cut(_: Request) -> Response:
        raise ConnectionCutError(broken)

    session = requests.Session()
    session.mount("http://", InProcessAdapter(cut))
    return session


def test_a_connection_that_the_handler_cuts_is_a_connection_error() -> None:
    with session_over(None) as session, pytest.raises(requests.ConnectionError):
        session.get("http://127.0.0.1/x")


def test_a_broken_answer_breaks_while_it_is_read() -> None:
    broken = Response(200, {"Content-Length": "10"}, b"12345")
    with session_over(broken) as session, pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get("http://127.0.0.1/x")
