"""SEC5: no link of an answer takes a request, or the token, to any other address."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from dataverse import (
    DataverseClient,
    InvalidRequestError,
    Limits,
    PagingError,
    Request,
    StaticToken,
    UnavailableError,
    changes,
    new_session,
    query,
)
from tests.unit.dataverse.conftest import ORIGIN, ROOT

API = "/api/data/v9.2/leads?$skiptoken=2"
HOST = ORIGIN.removeprefix("https://")
HOSTILE = {
    "another host": f"https://evil.example{API}",
    "plain http": f"http://{HOST}{API}",
    "our host as a user's name": f"https://{HOST}@evil.example{API}",
    "a user's name before our host": f"https://user:pw@{HOST}{API}",
    "another port": f"https://{HOST}:8443{API}",
    "an address in numbers": f"https://10.0.0.1{API}",
    "a backslash": f"https://evil.example\\@{HOST}{API}",
    "no scheme": f"//evil.example{API}",
    "our host as a prefix": f"https://{HOST}.evil.example{API}",
    "our host as a suffix": f"https://evil{HOST}{API}",
    "out of the web api": f"https://{HOST}/api/data/v9.2/../../../leads",
    "a second request in it": f"https://{HOST}{API}\r\nHost: evil.example",
}


@dataclass
class Wire(BaseAdapter):
    """Every request that leaves, whatever its address, and the answers it gets."""

    answer: dict[str, object]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str | None, str | None]] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        self.sent.append((request.url, request.headers.get("Authorization")))
        headers = {"Content-Type": "application/json", **self.headers}
        body = BytesIO(json.dumps(self.answer).encode())
        raw = HTTPResponse(body=body, headers=headers, status=self.status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def connect() -> Iterator[Callable[[Wire], DataverseClient]]:
    with new_session(1) as session:

        def start(wire: Wire) -> DataverseClient:
            for scheme in ("https://", "http://", "//", ""):
                session.mount(scheme, wire)
            return DataverseClient(ORIGIN, StaticToken("canary"), session=session, limits=Limits(attempts=1))

        yield start


Connect = Callable[[Wire], DataverseClient]
hostile = pytest.mark.parametrize("link", HOSTILE.values(), ids=HOSTILE.keys())


def test_there_are_twelve_forms() -> None:
    assert len(HOSTILE) == 12


@hostile
def test_a_hostile_next_link_of_a_query_is_never_requested(connect: Connect, link: str) -> None:
    wire = Wire({"value": [{}], "@odata.nextLink": link})
    with pytest.raises(PagingError):
        list(islice(connect(wire).rows(query("leads", select=["a"])), 5))
    assert wire.sent == [(f"{ROOT}leads?$select=a", "Bearer canary")]


@hostile
@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
def test_a_hostile_link_of_changes_is_neither_requested_nor_handed_out(connect: Connect, name: str, link: str) -> None:
    wire = Wire({"value": [], "@odata.deltaLink": f"{ROOT}leads?$deltatoken=1", name: link})
    with pytest.raises(PagingError):
        list(changes(connect(wire), "leads", select=["a"]))
    assert wire.sent == [(f"{ROOT}leads?$select=a", "Bearer canary")]


@hostile
def test_a_hostile_link_that_was_stored_is_never_requested(connect: Connect, link: str) -> None:
    wire = Wire({})
    with pytest.raises(PagingError):
        list(changes(connect(wire), "leads", select=["a"], since=link))
    assert wire.sent == []


@hostile
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 201])
def test_a_hostile_location_is_never_followed(connect: Connect, status: int, link: str) -> None:
    wire = Wire({}, status, {"Location": link})
    client = connect(wire)
    if status == 201:
        client.send(Request("POST", "leads", body={}))
    else:
        with pytest.raises(UnavailableError):
            client.send(Request("POST", "leads", body={}))
    assert [url for url, _ in wire.sent] == [f"{ROOT}leads"]


@hostile
def test_a_hostile_address_is_no_request_of_a_batch_either(link: str) -> None:
    for path in (link, link.removeprefix("https:"), f"/{link}"):
        with pytest.raises(InvalidRequestError):
            Request("GET", path)
