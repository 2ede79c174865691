"""Our client at an OData server that nobody here wrote: query options, paging, counts and changes.

Where Dataverse answers otherwise than odatapy, the test says so.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from dataverse import (
    BadRequestError,
    DataverseClient,
    Filter,
    Limits,
    StaticToken,
    UnavailableError,
    create,
    delete,
    query,
    retrieve,
)
from dataverse.change_tracking import changes
from dataverse.counts import count
from dataverse.odata import all_of, any_of, eq, ge, gt, in_, is_null, le, lt, ne
from tests.contract.leads import Campaign

LINK_FORMS = ["absolute", "absolute path", "relative path", "query alone"]
SOURCE = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AWKWARD = ["O'Neil", "50% & more + 1 = #7?", "Žižková 雪", "a/b\\c", "' or 1 eq 1 or lastname eq '", "{x}[y]", " "]
FILTERS: list[tuple[Filter, str]] = [
    (eq("numberofemployees", 5), "five"),
    (ne("numberofemployees", 5), "empty nine"),
    (gt("numberofemployees", 5), "nine"),
    (ge("numberofemployees", 5), "five nine"),
    (lt("numberofemployees", 9), "five"),
    (le("numberofemployees", 9), "five nine"),
    (is_null("numberofemployees"), "empty"),
    (ne("numberofemployees", None), "five nine"),
    (eq("revenue", Decimal("0.1")), "five"),
    (gt("revenue", 10.5), "nine"),
    (eq("donotemail", True), "nine"),
    (eq("donotemail", False), "five"),
    (eq("createdon", MOMENT), "five"),
    (eq("createdon", MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))), "five"),
    (gt("createdon", MOMENT), "nine"),
    (eq("leadid", SOURCE), "nine"),
    (any_of(eq("numberofemployees", 5), is_null("revenue")), "empty five"),
    (all_of(any_of(eq("lastname", "five"), eq("lastname", "nine")), gt("numberofemployees", 5)), "nine"),
    (eq("parentaccountid/name", "Klint"), "nine"),
]


@pytest.fixture
def account(client: DataverseClient) -> UUID:
    account = uuid4()
    client.send(create("accounts", {"accountid": str(account), "name": "Klint"}, id_column="accountid"))
    return account


@pytest.fixture
def campaign(client: DataverseClient, account: UUID) -> Iterator[Campaign]:
    """Three leads: one with nothing in it, one of five employees, one of nine with an account."""
    campaign = Campaign(client)
    campaign.new_lead("empty")
    campaign.new_lead("five", numberofemployees=5, revenue=0.1, donotemail=False, createdon="2026-03-02T09:00:00Z")
    campaign.new_lead(
        "nine",
        leadid=str(SOURCE),
        numberofemployees=9,
        revenue=100,
        donotemail=True,
        createdon="2026-03-02T09:00:00.5Z",
        **{"parentaccountid@odata.bind": f"/accounts({account})"},
    )
    yield campaign
    client.send(delete("leads", str(SOURCE), etag="*"))


@pytest.mark.parametrize(("condition", "found"), FILTERS, ids=[condition.expression for condition, _ in FILTERS])
def test_a_condition_finds_the_rows_that_it_says(campaign: Campaign, condition: Filter, found: str) -> None:
    assert sorted(map(str, campaign.names(condition))) == found.split()


@pytest.mark.parametrize("text", AWKWARD)
def test_a_text_finds_itself_and_nothing_else(client: DataverseClient, text: str) -> None:
    campaign = Campaign(client)
    for each in AWKWARD:
        campaign.new_lead(each)
    assert campaign.names(eq("lastname", text)) == [text]
    assert len(campaign.names(ne("lastname", text))) == len(AWKWARD) - 1


def test_text_is_compared_exactly_where_dataverse_ignores_case_as_its_collation_does(campaign: Campaign) -> None:
    assert campaign.names(eq("lastname", "FIVE")) == []


def test_the_query_functions_of_dataverse_are_its_own_and_refused_elsewhere(campaign: Campaign) -> None:
    with pytest.raises(BadRequestError):
        campaign.names(in_("lastname", ["five"]))


def test_rows_come_in_the_order_that_was_asked_for(campaign: Campaign) -> None:
    campaign.new_lead("another five", numberofemployees=5)
    order = ["numberofemployees desc", "lastname asc"]
    condition = ne("numberofemployees", None)
    assert campaign.names(condition, orderby=order) == ["nine", "another five", "five"]
    assert campaign.names(condition, orderby=order, top=2) == ["nine", "another five"]


def test_a_row_has_the_columns_that_were_selected_and_its_key(campaign: Campaign) -> None:
    (row,) = campaign.client.rows(campaign.query(eq("lastname", "five"), select=["revenue"]))
    assert {name for name in row if not name.startswith("@")} == {"leadid", "revenue"}


def test_a_lookup_is_expanded_to_the_selected_columns_or_to_null(campaign: Campaign, account: UUID) -> None:
    options: dict[str, Any] = {"select": ["lastname"], "expand": {"parentaccountid": ["name"]}, "orderby": ["lastname"]}
    _, five, nine = campaign.client.rows(campaign.query(**options))
    assert five["parentaccountid"] is None
    assert nine["parentaccountid"] == {"accountid": str(account), "name": "Klint"}


def test_one_row_is_read_by_its_id(campaign: Campaign, account: UUID) -> None:
    row = campaign.client.send(
        retrieve("leads", str(SOURCE), select=["lastname"], expand={"parentaccountid": ["name"]})
    ).row
    assert row["lastname"] == "nine"
    assert row["parentaccountid"] == {"accountid": str(account), "name": "Klint"}


@pytest.mark.parametrize(("entity_set", "column", "status"), [("leads", "no_column", 400), ("no_table", "x", 404)])
def test_a_column_or_table_that_is_not_there_is_an_error_and_no_empty_result(
    client: DataverseClient, entity_set: str, column: str, status: int
) -> None:
    with pytest.raises(BadRequestError) as refused:
        list(client.rows(query(entity_set, select=[column])))
    assert refused.value.status == status


@pytest.fixture(params=LINK_FORMS)
def paged(request: pytest.FixtureRequest, services: Mapping[str, str]) -> Iterator[Campaign]:
    """Seven leads at a service that writes its next links in one of the forms."""
    with DataverseClient(services[request.param], StaticToken("unused"), limits=Limits(attempts=1)) as client:
        campaign = Campaign(client)
        for number in range(7):
            campaign.new_lead(f"lead {number}", numberofemployees=number)
        yield campaign


@pytest.mark.parametrize("page_size", [1, 3, 7, 5_000])
def test_next_links_of_every_form_lead_to_each_row_once(paged: Campaign, page_size: int) -> None:
    names = paged.names(orderby=["lastname"], page_size=page_size)
    assert names == [f"lead {number}" for number in range(7)]


def test_every_page_is_of_the_query_that_began_it(paged: Campaign) -> None:
    condition = gt("numberofemployees", 1)
    names = paged.names(condition, orderby=["numberofemployees desc"], page_size=2)
    assert names == [f"lead {number}" for number in (6, 5, 4, 3, 2)]


def test_a_row_deleted_between_two_pages_costs_no_other(paged: Campaign) -> None:
    rows = paged.client.rows(paged.query(orderby=["lastname"], page_size=3))
    begun = [next(rows) for _ in range(3)]
    paged.client.send(delete("leads", str(begun[0]["leadid"]), etag="*"))
    assert [row["lastname"] for row in rows] == ["lead 3", "lead 4", "lead 5", "lead 6"]


def test_a_page_is_asked_for_when_its_first_row_is_wanted(paged: Campaign) -> None:
    rows = paged.client.rows(paged.query(orderby=["lastname"], page_size=3))
    assert next(rows)["lastname"] == "lead 0"
    paged.new_lead("lead 9")
    assert [row["lastname"] for row in rows][-1] == "lead 9"


def test_rows_are_counted_by_an_aggregate(campaign: Campaign) -> None:
    mine = eq("campaignid", campaign.id)
    assert count(campaign.client, "leads", mine) == 3
    assert count(campaign.client, "leads", all_of(mine, gt("numberofemployees", 5))) == 1


def last_link(campaign: Campaign) -> str:
    """The link to what changes from now on."""
    *_, page = changes(campaign.client, "leads", select=["leadid", "lastname"], page_size=2)
    assert page.delta_link is not None
    return page.delta_link


def test_what_changed_since_a_link_is_read_and_nothing_else(paged: Campaign) -> None:
    link = last_link(paged)
    for lastname in ("new", "newer"):
        paged.new_lead(lastname)
    (changed,) = changes(paged.client, "leads", select=["leadid", "lastname"], since=link)
    assert [row["lastname"] for row in changed.changed] == ["new", "newer"]
    assert changed.delta_link is not None
    (nothing,) = changes(paged.client, "leads", select=["leadid", "lastname"], since=changed.delta_link)
    assert (nothing.changed, nothing.deleted) == ((), ())


def test_a_deletion_told_by_an_address_where_dataverse_tells_the_bare_id_is_a_fault_and_not_lost(
    campaign: Campaign,
) -> None:
    lead = campaign.new_lead()
    link = last_link(campaign)
    campaign.client.send(delete("leads", str(lead), etag="*"))
    with pytest.raises(UnavailableError, match="a deleted row has no id"):
        list(changes(campaign.client, "leads", select=["leadid", "lastname"], since=link))
