"""Changes, page by page: every row and every deletion once, and a link is only ever one that can be gone on from."""

from itertools import islice
from typing import Any

import pytest
import responses

from dataverse import (
    ChangePage,
    DataverseClient,
    ExpiredDeltaError,
    InvalidRequestError,
    PagingError,
    PrivilegeError,
    UnavailableError,
    changes,
)
from tests.unit.dataverse.conftest import ROOT, Clock

LEADS = f"{ROOT}leads"
SELECT = ["jobtitle", "statecode"]
GONE = "2E451703-C686-E711-80E5-00155DB19E6D"
DELETED = {"@odata.context": f"{ROOT}$metadata#leads/$deletedEntity", "id": GONE, "reason": "deleted"}
DELTA = f"{LEADS}?$select=jobtitle,statecode&$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44"
NEXT = f"{LEADS}?$select=jobtitle,statecode&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E"
TRACKED = "odata.track-changes,odata.maxpagesize=5000"


def row(number: int, **columns: object) -> dict[str, object]:
    row_id = f"00000000-0000-0000-0000-{number:012d}"
    return {"@odata.etag": f'W/"{number}"', "jobtitle": None, "statecode": 0, "leadid": row_id, **columns}


def page(*rows: object, next_link: object = None, delta_link: object = None) -> dict[str, Any]:
    links = {"@odata.nextLink": next_link, "@odata.deltaLink": delta_link}
    return {"value": list(rows)} | {name: link for name, link in links.items() if link is not None}


def read(client: DataverseClient, since: str | None = None) -> list[ChangePage]:
    return list(changes(client, "leads", select=SELECT, since=since))


def sent(service: responses.RequestsMock) -> list[tuple[str | None, str | None]]:
    return [(call.request.url, call.request.headers.get("Prefer")) for call in service.calls]


def test_the_first_sync_asks_for_tracking_on_every_page_and_ends_with_a_delta_link(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, json=page(row(1), row(2), next_link=NEXT))
    service.get(LEADS, json=page(row(3), delta_link=DELTA))
    first, last = read(client)
    assert [one["leadid"][-1] for one in first.changed] == ["1", "2"]  # type: ignore[index]
    assert (first.deleted, first.next_link, first.delta_link) == ((), NEXT, None)
    assert (len(last.changed), last.next_link, last.delta_link) == (1, None, DELTA)
    assert sent(service) == [(f"{LEADS}?$select=jobtitle,statecode", TRACKED), (NEXT, TRACKED)]


def test_a_delta_link_is_followed_to_the_letter_and_needs_no_preference_of_tracking(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    second = f"{DELTA}&$skiptoken=2"
    service.get(LEADS, json=page(row(1, jobtitle="CEO"), DELETED, next_link=second))
    service.get(LEADS, json=page({"id": GONE.replace("2", "3"), "reason": "deleted"}, delta_link=f"{DELTA}1"))
    first, last = read(client, since=DELTA)
    assert [one["jobtitle"] for one in first.changed] == ["CEO"]
    assert (first.deleted, last.deleted) == ((GONE.lower(),), (GONE.replace("2", "3").lower(),))
    assert sent(service) == [(DELTA, "odata.maxpagesize=5000"), (second, "odata.maxpagesize=5000")]


def test_a_sync_that_broke_off_goes_on_from_its_next_link(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, json=page(row(3), delta_link=DELTA))
    (last,) = read(client, since=NEXT)
    assert last.delta_link == DELTA
    assert sent(service) == [(NEXT, TRACKED)]


def test_pages_are_read_only_as_they_are_asked_for(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(LEADS, json=page(row(1), next_link=NEXT))
    (first,) = islice(changes(client, "leads", select=SELECT, page_size=1), 1)
    assert first.next_link == NEXT
    assert len(service.calls) == 1
    assert sent(service)[0][1] == "odata.track-changes,odata.maxpagesize=1"


def test_a_delta_link_beside_a_next_link_is_not_the_end(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, json=page(row(1), next_link=NEXT, delta_link=DELTA))
    service.get(LEADS, json=page(delta_link=f"{DELTA}1"))
    assert [one.delta_link for one in read(client)] == [None, f"{DELTA}1"]


def test_nothing_changed_is_one_empty_page_with_its_link(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, json=page(delta_link=DELTA))
    assert read(client, since=DELTA) == [ChangePage((), (), None, DELTA)]


@pytest.mark.parametrize("status", [400, 410, 500, 503])
def test_an_expired_link_is_an_error_of_its_own_whatever_the_status_and_is_not_repeated(
    service: responses.RequestsMock, client: DataverseClient, clock: Clock, status: int
) -> None:
    service.get(LEADS, status=status, json={"error": {"code": "0x80044352", "message": "Version stamp expired"}})
    with pytest.raises(ExpiredDeltaError):
        read(client, since=DELTA)
    assert len(service.calls) == 1


def test_a_reader_without_organisation_wide_read_is_told_so(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, status=403, json={"error": {"code": "0x80040220", "message": "canary"}})
    with pytest.raises(PrivilegeError):
        read(client)


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (page(row(1)), "no delta link"),
        (page({"leadid": "x", "statecode": 0}, delta_link=DELTA), "lacks a column"),
        (page({"id": "not-an-id", "reason": "deleted"}, delta_link=DELTA), "no id"),
        (page({"reason": "deleted"}, delta_link=DELTA), "no id"),
        ({"@odata.deltaLink": DELTA}, "list of rows"),
        ({"value": {}, "@odata.deltaLink": DELTA}, "list of rows"),
    ],
)
def test_what_is_not_the_promised_shape_is_a_fault_and_never_nothing(
    service: responses.RequestsMock, client: DataverseClient, answer: dict[str, Any], match: str
) -> None:
    service.get(LEADS, json=answer, headers={"REQ_ID": "id-1"})
    with pytest.raises(UnavailableError, match=rf"^id-1: .*{match}"):
        read(client)


def test_a_column_that_is_called_reason_does_not_delete_its_row(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(LEADS, json=page({"reason": "price"}, DELETED, delta_link=DELTA))
    (only,) = changes(client, "leads", select=["reason"])
    assert (len(only.changed), only.deleted) == (1, (GONE.lower(),))


def test_a_link_that_comes_back_ends_the_reading(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(LEADS, json=page(row(1), next_link=NEXT))
    service.get(LEADS, json=page(row(2), next_link=NEXT))
    with pytest.raises(PagingError, match="comes back"):
        list(islice(changes(client, "leads", select=SELECT), 10))
    assert len(service.calls) == 2


def test_relative_links_are_taken(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.get(LEADS, json=page(row(1), next_link="leads?$skiptoken=2"))
    service.get(LEADS, json=page(delta_link="/api/data/v9.2/leads?$deltatoken=1"))
    service.get(LEADS, json=page(delta_link=DELTA))
    delta_link = read(client)[-1].delta_link
    assert delta_link == "/api/data/v9.2/leads?$deltatoken=1"
    read(client, since=delta_link)
    assert [url for url, _ in sent(service)][1:] == [f"{LEADS}?$skiptoken=2", f"{LEADS}?$deltatoken=1"]


def test_what_cannot_be_tracked_is_refused_before_it_is_sent(client: DataverseClient) -> None:
    for select in ([], ["primarycontactid/fullname"], "jobtitle"):
        with pytest.raises(InvalidRequestError):
            list(changes(client, "leads", select=select))
    for page_size in (0, 5_001):
        with pytest.raises(InvalidRequestError):
            list(changes(client, "leads", select=SELECT, page_size=page_size))


def test_a_page_does_not_show_its_rows() -> None:
    assert "canary" not in repr(ChangePage(({"lastname": "canary"},), (), "https://canary", "https://canary"))
