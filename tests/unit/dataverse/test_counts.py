"""Counts are exact, or an error that says to count in parts."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from dataverse import DataverseClient, NotFoundError, TooManyRowsError, UnavailableError, count, table_size
from dataverse.counts import count_request
from dataverse.odata import all_of, eq, ge, lt
from tests.unit.dataverse.conftest import ROOT

LEADS = f"{ROOT}leads"
WINDOW = all_of(ge("createdon", datetime(2026, 1, 1, tzinfo=UTC)), lt("createdon", datetime(2026, 2, 1, tzinfo=UTC)))


@pytest.mark.parametrize("total", [0, 1, 50_000])
def test_the_count_is_the_services_own(service: responses.RequestsMock, client: DataverseClient, total: int) -> None:
    service.get(LEADS, json={"value": [{"total": total}]})
    assert count(client, "leads", WINDOW) == total
    (call,) = service.calls
    assert call.request.url == (
        f"{LEADS}?$apply=filter((createdon%20ge%202026-01-01T00:00:00Z%20and%20createdon%20lt%202026-02-01T00:00:00Z))"
        "/aggregate($count%20as%20total)"
    )


def test_a_whole_table_is_counted_without_a_condition() -> None:
    assert count_request("leads").path == "leads?$apply=aggregate($count%20as%20total)"


@pytest.mark.parametrize("status", [400, 500])
def test_more_rows_than_an_aggregate_takes_are_an_error_of_their_own(
    service: responses.RequestsMock, client: DataverseClient, status: int
) -> None:
    service.get(LEADS, status=status, json={"error": {"code": "0x8004E023", "message": "AggregateQueryRecordLimit"}})
    with pytest.raises(TooManyRowsError):
        count(client, "leads", WINDOW)
    assert len(service.calls) == 1


def test_the_count_that_stops_at_5000_is_never_asked_for(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    assert "$count=true" not in count_request("leads", WINDOW).path
    service.get(LEADS, json={"@odata.count": 5_000, "value": [{"leadid": "x"}]})
    with pytest.raises(UnavailableError, match="not a count"):
        count(client, "leads")


@pytest.mark.parametrize(
    "rows",
    [[], [{}], [{"total": None}], [{"total": "5"}], [{"total": True}], [{"total": -1}], [{"total": 1}, {"total": 2}]],
)
def test_what_is_no_count_is_a_fault_and_not_zero(
    service: responses.RequestsMock, client: DataverseClient, rows: list[object]
) -> None:
    service.get(LEADS, json={"value": rows})
    with pytest.raises(UnavailableError, match="not a count"):
        count(client, "leads")


TOTAL = f"{ROOT}RetrieveTotalRecordCount(EntityNames=@p1)"


def total(keys: object, values: object) -> dict[str, object]:
    return {"EntityRecordCountCollection": {"Count": 1, "IsReadOnly": False, "Keys": keys, "Values": values}}


@pytest.mark.parametrize("rows", [0, 1, 50_001, 12_000_000_000])
def test_the_size_of_a_table_is_told_however_large(
    service: responses.RequestsMock, client: DataverseClient, rows: int
) -> None:
    service.get(TOTAL, json=total(["account"], [rows]))
    assert table_size(client, "account") == rows
    (call,) = service.calls
    assert unquote(str(call.request.url)).endswith('(EntityNames=@p1)?@p1=["account"]')


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"EntityRecordCountCollection": None},
        {"EntityRecordCountCollection": [1]},
        total(["contact"], [1]),
        total([], []),
        total(["account"], []),
        total(["account"], [1, 2]),
        total(["account"], ["1"]),
        total(["account"], [None]),
        total(["account"], [True]),
        total(["account"], [-1]),
        total("account", [1]),
        total(["account"], 1),
    ],
)
def test_what_is_no_size_is_a_fault_and_not_a_small_table(
    service: responses.RequestsMock, client: DataverseClient, body: dict[str, object]
) -> None:
    service.get(TOTAL, json=body)
    with pytest.raises(UnavailableError, match="not a count"):
        table_size(client, "account")


def test_the_size_of_a_table_that_is_not_there_is_an_error(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.get(TOTAL, status=404, json={"error": {"code": "0x80040217", "message": "no such table"}})
    with pytest.raises(NotFoundError):
        table_size(client, "account")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_value_can_end_the_condition(text: str) -> None:
    expression = unquote(count_request("leads", eq("lastname", text)).path.removeprefix("leads?$apply="))
    quoted = text.replace("'", "''")
    assert expression == f"filter(lastname eq '{quoted}')/aggregate($count as total)"
