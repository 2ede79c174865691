"""A watermark is read as it was written; one that was not written by us is read from the beginning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import IncompleteError
from connector.sources import Source
from connector.watermark import BEGINNING, OVERLAP, Watermark, modified_rows, read_watermark
from dataverse import DataverseClient, Request, Response

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
VISITS = Source("s", "visit", "visits", "visitid", ("visitid", "_lead_value"), {"lead": ("_lead_value",)})

instants = st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  as asked


@given(instants, st.none() | st.tuples(instants, st.text(min_size=1)))
def test_a_watermark_is_read_as_it_was_written(upto: datetime, page: tuple[datetime, str] | None) -> None:
    mark = Watermark(upto, *(page or (None, None)))
    assert read_watermark(mark.text()) == mark


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    paris = NOW.astimezone(timezone(timedelta(hours=2)))
    assert read_watermark(Watermark(paris).text()).upto == NOW


def kept(**members: object) -> str:
    return json.dumps({"upto": NOW.isoformat(), "begun": None, "next": None, **members})


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "null",
        "[]",
        "1",
        "{}",
        "{",
        "https://contoso.crm12.dynamics.com/api/data/v9.2/accounts?$skiptoken=x",
        kept(upto=None),
        kept(upto=7),
        kept(upto="yesterday"),
        kept(upto="2026-08-01T12:00:00"),
        kept(begun=NOW.isoformat()),
        kept(next="page"),
        kept(begun="2026-08-01T12:00:00", next="page"),
        kept(begun=1, next="page"),
        json.dumps({"upto": NOW.isoformat()}),
    ],
)
def test_what_is_no_watermark_is_the_beginning_and_never_now(text: str | None) -> None:
    assert read_watermark(text) == Watermark(BEGINNING)


@dataclass
class Pages:
    """A client that answers each request with the next body of a list."""

    bodies: list[Mapping[str, object]]
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(200, {}, self.bodies.pop(0), "request")

    def linked(self, link: object, request: Request, *, request_id: str = "") -> Request:
        del request_id
        return Request("GET", str(link), request.headers)


def row(number: int) -> dict[str, object]:
    return {"visitid": str(number), "_lead_value": None, "modifiedon": "2026-08-01T11:00:00Z"}


def read(client: Pages, mark: Watermark) -> list[tuple[list[object], Watermark]]:
    found = modified_rows(cast("DataverseClient", client), VISITS, mark, NOW, 2)
    return [([each["visitid"] for each in rows], following) for rows, following in found]


def test_pages_carry_the_instant_at_which_the_reading_began_and_the_last_one_makes_it_the_watermark() -> None:
    before = Watermark(NOW - timedelta(hours=1))
    client = Pages([{"value": [row(1), row(2)], "@odata.nextLink": "visits?page=2"}, {"value": [row(3)]}])
    assert read(client, before) == [
        (["1", "2"], Watermark(before.upto, NOW, "visits?page=2")),
        (["3"], Watermark(NOW)),
    ]
    first, second = client.asked
    assert "modifiedon ge 2026-08-01T10:50:00Z" in unquote(first.path)
    assert "$orderby=modifiedon,visitid" in unquote(first.path)
    assert "$select=visitid,_lead_value,modifiedon" in first.path
    assert second.path == "visits?page=2"


def test_a_reading_that_goes_on_later_keeps_the_instant_at_which_it_began() -> None:
    begun = NOW - timedelta(hours=3)
    client = Pages([{"value": [], "@odata.nextLink": "visits?page=9"}, {"value": []}])
    assert read(client, Watermark(begun - OVERLAP, begun, "visits?page=8")) == [
        ([], Watermark(begun - OVERLAP, begun, "visits?page=9")),
        ([], Watermark(begun)),
    ]
    assert [request.path for request in client.asked] == ["visits?page=8", "visits?page=9"]


def test_from_the_beginning_there_is_no_overlap_before_time() -> None:
    client = Pages([{"value": []}])
    read(client, Watermark(BEGINNING))
    assert "modifiedon ge 1900-01-01T00:00:00Z" in unquote(client.asked[0].path)


@pytest.mark.parametrize("column", ["visitid", "_lead_value", "modifiedon"])
def test_a_row_without_a_column_is_a_fault_and_not_nobody(column: str) -> None:
    lacking = {name: value for name, value in row(1).items() if name != column}
    with pytest.raises(IncompleteError, match=column):
        list(
            modified_rows(
                cast("DataverseClient", Pages([{"value": [row(0), lacking]}])), VISITS, Watermark(NOW), NOW, 2
            )
        )
