"""A page can be gone on with later and elsewhere, by the server's own link, and by no other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import pytest

from dataverse import DataverseClient, Page, PagingError, Request, Response, StaticToken, page, query

URL = "https://contoso.crm12.dynamics.com"
FIRST = query("leads", select=["leadid"], page_size=2)
SECOND = f"{URL}/api/data/v9.2/leads?$select=leadid&$skiptoken=2"


@dataclass
class Pages:
    """A client that answers each request with the next body of a list, and keeps what it was asked."""

    bodies: list[Mapping[str, object]]
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, {}, self.bodies.pop(0), "request")

    def linked(self, link: object, request: Request, *, request_id: str = "") -> Request:
        return DataverseClient(URL, StaticToken("t")).linked(link, request, request_id=request_id)


def ask(client: Pages, since: str | None = None) -> Page:
    return page(cast("DataverseClient", client), FIRST, since)


def test_a_page_is_gone_on_with_by_its_link_to_the_letter_and_with_the_same_page_size() -> None:
    client = Pages([{"value": [{"leadid": "1"}], "@odata.nextLink": SECOND}, {"value": []}])
    first = ask(client)
    assert (first.rows, first.next_link) == (({"leadid": "1"},), SECOND)
    assert ask(client, first.next_link) == Page((), None)
    assert client.asked[1].path == "leads?$select=leadid&$skiptoken=2"
    assert [request.header("Prefer") for request in client.asked] == ["odata.maxpagesize=2"] * 2


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/leads?$skiptoken=2",
        "http://contoso.crm12.dynamics.com/api/data/v9.2/leads",
        "https://contoso.crm12.dynamics.com.evil.example/api/data/v9.2/leads",
        "https://user@contoso.crm12.dynamics.com/api/data/v9.2/leads",
        "https://contoso.crm12.dynamics.com/api/other",
        7,
    ],
)
def test_a_link_that_leads_elsewhere_is_neither_followed_nor_handed_on(link: object) -> None:
    client = Pages([{"value": [], "@odata.nextLink": link}])
    with pytest.raises(PagingError):
        ask(client)
    assert len(client.asked) == 1
    if isinstance(link, str):
        with pytest.raises(PagingError):
            ask(client, link)
        assert len(client.asked) == 1


def test_a_link_to_its_own_page_is_refused() -> None:
    with pytest.raises(PagingError):
        ask(Pages([{"value": [], "@odata.nextLink": SECOND}]), SECOND)


def test_what_a_page_holds_is_not_shown() -> None:
    assert repr(Page(({"lastname": "canary"},), "https://canary")) == "Page()"
