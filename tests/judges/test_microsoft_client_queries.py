"""Microsoft's own client, unchanged, at the emulator over https: lists, FetchXML and SQL."""

from typing import Any

import pytest

from tests.judges.running_client import ClientRaisedError, MicrosoftClient, call

FORMATTED = "@OData.Community.Display.V1.FormattedValue"


@pytest.fixture(scope="module")
def account(client: MicrosoftClient) -> str:
    made: str = client("records.create", "account", {"name": "Klint AG"})
    return made


@pytest.fixture
def company(client: MicrosoftClient, account: str, company: str) -> str:
    """Five leads: Arp to Egli, with 1 to 5 employees; the first two at an account."""
    for number, lastname in enumerate(("Arp", "Braun", "Curie", "d'Alembert", "Egli"), start=1):
        row = {"lastname": lastname, "companyname": company, "numberofemployees": number}
        lookup = {"parentaccountid@odata.bind": f"/accounts({account})"} if number < 3 else {}
        client("records.create", "lead", row | lookup)
    return company


def lastnames(rows: list[dict[str, object]]) -> list[object]:
    return [row["lastname"] for row in rows]


def test_a_list_is_filtered_and_ordered_and_ends_at_the_top(client: MicrosoftClient, company: str) -> None:
    found = client(
        "records.list",
        "lead",
        select=["LastName"],
        filter=f"companyname eq '{company}' and (numberofemployees ge 2 and not contains(lastname, 'Curie'))",
        orderby=["LastName desc"],
        top=2,
    )
    assert lastnames(found) == ["Egli", "d'Alembert"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (["lastname", "__eq__", "d'Alembert"], ["d'Alembert"]),
        (["lastname", "__ne__", "Arp"], ["Braun", "Curie", "d'Alembert", "Egli"]),
        (["lastname", "startswith", "br"], ["Braun"]),
        (["lastname", "in_", ["Arp", "Egli"]], ["Arp", "Egli"]),
        (["numberofemployees", "not_in", [1, 2, 3]], ["d'Alembert", "Egli"]),
        (["numberofemployees", "between", 2, 3], ["Braun", "Curie"]),
        (["jobtitle", "is_not_null"], []),
    ],
)
def test_the_conditions_that_it_builds_find_the_rows_that_they_say(
    client: MicrosoftClient, company: str, where: list[object], found: list[str]
) -> None:
    rows = client.chain(
        call("query.builder", "lead"),
        call("select", "lastname"),
        call("where", {"$where": ["companyname", "__eq__", company]}),
        call("where", {"$where": where}),
        call("order_by", "lastname"),
        call("execute"),
    )
    assert lastnames(rows) == found


@pytest.mark.parametrize("page_size", [1, 2, 5])
def test_pages_have_the_size_that_was_asked_for_and_hold_each_row_once(
    client: MicrosoftClient, company: str, page_size: int
) -> None:
    pages = client(
        "records.list_pages",
        "lead",
        select=["lastname"],
        filter=f"companyname eq '{company}'",
        orderby=["lastname"],
        page_size=page_size,
        count=True,
    )
    assert [len(page) for page in pages] == {1: [1] * 5, 2: [2, 2, 1], 5: [5]}[page_size]
    assert lastnames([row for page in pages for row in page]) == ["Arp", "Braun", "Curie", "d'Alembert", "Egli"]


def test_a_lookup_is_expanded_in_lists_and_rows(client: MicrosoftClient, company: str, account: str) -> None:
    rows = client(
        "records.list",
        "lead",
        select=["lastname", "_parentaccountid_value"],
        filter=f"companyname eq '{company}'",
        orderby=["lastname"],
        expand=["parentaccountid($select=name)"],
        include_annotations="*",
    )
    assert rows[0]["parentaccountid"]["name"] == "Klint AG"
    assert rows[2]["parentaccountid"] is None
    assert rows[0]["_parentaccountid_value"] == account
    assert rows[0][f"_parentaccountid_value{FORMATTED}"] == "Klint AG"
    assert rows[0]["_parentaccountid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"


def test_formatted_values_come_when_they_are_asked_for(client: MicrosoftClient, company: str) -> None:
    builder = [
        call("query.builder", "lead"),
        call("select", "statecode"),
        call("where", {"$where": ["companyname", "__eq__", company]}),
    ]
    (*_, plain) = client.chain(*builder, call("execute"))
    (*_, formatted) = client.chain(*builder, call("include_formatted_values"), call("execute"))
    assert f"statecode{FORMATTED}" not in plain
    assert formatted[f"statecode{FORMATTED}"] == "Open"


def fetch(company: str, inside: str, attributes: str = "") -> str:
    """FetchXML for leads of a company."""
    condition = f'<condition attribute="companyname" operator="eq" value="{company}"/>'
    return f'<fetch {attributes}><entity name="lead">{inside}<filter>{condition}</filter></entity></fetch>'


def fetched(client: MicrosoftClient, xml: str, how: str = "execute") -> Any:
    """The rows, or with "execute_pages" the pages."""
    return client.chain(call("query.fetchxml", xml), call(how))


def test_fetchxml_finds_and_orders_rows(client: MicrosoftClient, company: str) -> None:
    order = '<attribute name="lastname"/><order attribute="numberofemployees" descending="true"/>'
    assert lastnames(fetched(client, fetch(company, order))) == ["Egli", "d'Alembert", "Curie", "Braun", "Arp"]
    assert lastnames(fetched(client, fetch(company, order, 'top="2"'))) == ["Egli", "d'Alembert"]


def test_fetchxml_pages_are_followed_by_their_cookie(client: MicrosoftClient, company: str) -> None:
    order = '<attribute name="lastname"/><order attribute="lastname"/>'
    pages = fetched(client, fetch(company, order, 'count="2"'), "execute_pages")
    assert [lastnames(page) for page in pages] == [["Arp", "Braun"], ["Curie", "d'Alembert"], ["Egli"]]


@pytest.mark.parametrize(("link_type", "found"), [("inner", 2), ("outer", 5)])
def test_fetchxml_joins_a_lookup(client: MicrosoftClient, company: str, link_type: str, found: int) -> None:
    linked = (
        '<attribute name="lastname"/><order attribute="lastname"/>'
        f'<link-entity name="account" from="accountid" to="parentaccountid" link-type="{link_type}" alias="a">'
        '<attribute name="name"/></link-entity>'
    )
    rows = fetched(client, fetch(company, linked))
    assert [row.get("a.name") for row in rows] == (["Klint AG"] * 2 + [None] * 3)[:found]


def test_fetchxml_counts_rows(client: MicrosoftClient, company: str) -> None:
    count = '<attribute name="leadid" aggregate="count" alias="leads"/>'
    assert fetched(client, fetch(company, count, 'aggregate="true"')) == [{"leads": 5}]


def select(company: str, columns: str = "lastname") -> str:
    """The beginning of an SQL statement about a company."""
    return f"SELECT {columns} FROM lead WHERE companyname = '{company}'"  # noqa: S608  into our own emulator


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["Arp", "Braun", "Curie", "d'Alembert", "Egli"]),
        ("AND lastname = 'd''Alembert'", ["d'Alembert"]),
        ("AND numberofemployees >= 2 AND numberofemployees <> 4", ["Braun", "Curie", "Egli"]),
        ("AND lastname LIKE 'C%'", ["Curie"]),
        ("AND lastname IN ('Arp', 'Egli')", ["Arp", "Egli"]),
        ("AND (numberofemployees = 1 OR numberofemployees = 5)", ["Arp", "Egli"]),
        ("AND jobtitle IS NOT NULL", []),
    ],
)
def test_sql_finds_rows(client: MicrosoftClient, company: str, where: str, found: list[str]) -> None:
    assert lastnames(client("query.sql", f"{select(company)} {where} ORDER BY lastname")) == found


def test_sql_ends_at_the_top_and_orders_downwards(client: MicrosoftClient, company: str) -> None:
    rows = client("query.sql", f"{select(company, 'TOP 2 lastname, leadid')} ORDER BY lastname DESC")
    assert lastnames(rows) == ["Egli", "d'Alembert"]
    assert all(set(row) == {"lastname", "leadid"} for row in rows)


def test_a_filter_on_an_unknown_column_is_refused(client: MicrosoftClient) -> None:
    with pytest.raises(ClientRaisedError, match="no_column") as refused:
        client("records.list", "lead", select=["lastname"], filter="no_column eq 1")
    assert (refused.value.kind, refused.value.status) == ("HttpError", 400)
