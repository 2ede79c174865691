"""`$select`, `$orderby`, `$top`, `$count`, `$expand` and pages, and what is refused of them."""

from uuid import uuid4

import pytest

from tests.unit.emulator.web_api.calling import Caller

PAGE_OF_TWO = {"Prefer": "odata.maxpagesize=2"}


def titles(call: Caller, path: str) -> list[str | None]:
    answer = call.get(path)
    assert answer.status == 200, answer.json
    return [row["jobtitle"] for row in answer.json["value"]]


@pytest.fixture
def five(call: Caller) -> list[str]:
    values = ["b", None, "A", "é", "c"]
    return [call.created("leads", {"jobtitle": value, "numberofemployees": n % 2}) for n, value in enumerate(values)]


def test_select_shows_those_columns_the_id_and_the_etag(call: Caller, five: list[str]) -> None:
    row = call.get(f"leads({five[0]})?$select=jobtitle,_parentaccountid_value,ownerid").json
    assert row.keys() == {
        "@odata.context",
        "@odata.etag",
        "leadid",
        "jobtitle",
        "_parentaccountid_value",
        "_ownerid_value",
    }


@pytest.mark.parametrize(
    "path", ["$select=jobtitel", "$filter=jobtitel eq 'x'", "$orderby=jobtitel", "$select=authvalue"]
)
def test_an_unknown_column_is_named(call: Caller, path: str) -> None:
    answer = call.get(f"leads?{path}")
    name = "authvalue" if "authvalue" in path else "jobtitel"
    assert (answer.status, answer.code) == (400, "0x80060888")
    assert answer.message == f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.lead'."


def test_rows_are_ordered_as_sql_server_orders_them(call: Caller, five: list[str]) -> None:
    assert titles(call, "leads?$orderby=jobtitle") == [None, "A", "b", "c", "é"]
    assert titles(call, "leads?$orderby=jobtitle desc") == ["é", "c", "b", "A", None]
    assert titles(call, "leads?$orderby=numberofemployees desc,jobtitle asc") == [None, "é", "A", "b", "c"]


def test_top_limits_and_count_does_not(call: Caller, five: list[str]) -> None:
    answer = call.get("leads?$top=2&$count=true&$filter=jobtitle ne null")
    assert (len(answer.json["value"]), answer.json["@odata.count"]) == (2, 4)
    assert "@odata.nextLink" not in answer.json


@pytest.mark.parametrize(
    "order", ["", "$orderby=jobtitle", "$orderby=jobtitle desc", "$orderby=numberofemployees,jobtitle desc"]
)
def test_pages_hold_every_row_once_in_order(call: Caller, five: list[str], order: str) -> None:
    whole = [row["leadid"] for row in call.get(f"leads?$select=leadid&{order}".rstrip("&")).json["value"]]
    answer = call.get(f"leads?$select=leadid&{order}".rstrip("&"), PAGE_OF_TWO)
    pages = [answer.json]
    while "@odata.nextLink" in pages[-1]:
        pages.append(call.follow(pages[-1]["@odata.nextLink"]).json)
    assert [len(page["value"]) for page in pages] == [2, 2, 1]
    assert [row["leadid"] for page in pages for row in page["value"]] == whole


def test_a_page_goes_on_where_the_last_one_ended_whatever_changed_meanwhile(call: Caller, five: list[str]) -> None:
    first = call.get("leads?$select=jobtitle&$filter=jobtitle ne null&$orderby=jobtitle", PAGE_OF_TWO).json
    call.delete(f"leads({first['value'][1]['leadid']})")
    call.created("leads", {"jobtitle": "0"})
    second = call.follow(first["@odata.nextLink"]).json
    assert [row["jobtitle"] for row in first["value"] + second["value"]] == ["A", "b", "c", "é"]


def test_a_next_link_keeps_the_host_it_was_asked_on(call: Caller, five: list[str]) -> None:
    link = call.get("leads?$select=leadid", {**PAGE_OF_TWO, "Host": "127.0.0.1:5005"}).json["@odata.nextLink"]
    assert link.startswith("http://127.0.0.1:5005/api/data/v9.2/leads?")


def test_a_page_size_makes_top_ignored(call: Caller, five: list[str]) -> None:
    assert len(call.get("leads?$top=1", PAGE_OF_TWO).json["value"]) == 2


def test_a_broken_paging_token_is_refused(call: Caller) -> None:
    assert call.get("leads?$skiptoken=abc").status == 400


def test_expand_shows_the_row_that_a_lookup_points_at(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso", "numberofemployees": 7})
    call.created("leads", {"jobtitle": "with", "parentaccountid@odata.bind": f"/accounts({account})"})
    call.created("leads", {"jobtitle": "without"})
    path = "leads?$select=jobtitle&$orderby=jobtitle&$expand=parentaccountid($select=name),owninguser($select=fullname)"
    rows = call.get(path).json["value"]
    assert rows[0]["parentaccountid"].keys() == {"@odata.etag", "name", "accountid"}
    assert rows[0]["parentaccountid"]["name"] == "Contoso"
    assert rows[1]["parentaccountid"] is None
    assert rows[1]["owninguser"]["fullname"] == "Emulated Caller"
    assert "_parentaccountid_value" not in rows[0]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("$expand=parentaccountid($filter=name eq 'x')", 501),
        ("$expand=parentaccountid($expand=primarycontactid)", 501),
        ("$expand=ownerid", 501),
        ("$expand=lead_masterid_lead($expand=masterid)", 501),
        ("$expand=lead_masterid_lead($count=true)", 501),
        ("$expand=nothing", 400),
        ("$skip=5", 400),
        ("$search=x", 400),
        ("$format=json", 400),
        ("$unknown=x", 400),
        ("$top=-1", 400),
        ("$top=x", 400),
        ("$top=5001", 501),
        ("$count=yes", 400),
        ("$orderby=jobtitle up", 400),
        ("$orderby=parentaccountid/name", 501),
        ("$compute=revenue mul 2 as twice", 501),
        ("savedQuery=1", 501),
        ("fetchXml=<fetch/>", 400),
        ("$filter=a eq @p1&@p1=1", 400),
        ("$filter=subject eq @p1", 400),
        ("$deltatoken=1", 400),
        ("$skiptoken=1", 400),
        ("verbose=1", 501),
        ("$select=subject&$select=jobtitle", 400),
        ("$filter=%FF", 400),
    ],
)
def test_what_the_service_refuses_is_400_and_what_the_emulator_lacks_is_501(
    call: Caller, options: str, status: int
) -> None:
    assert call.get(f"leads?{options}").status == status


def test_a_parameter_alias_stands_for_its_value(call: Caller) -> None:
    wanted = call.created("leads", {"subject": "it's @p1"})
    call.created("leads", {"subject": "other"})
    rows = call.get("leads?$select=subject&$filter=subject eq @p1&@p1='it''s @p1'").json["value"]
    assert [row["leadid"] for row in rows] == [wanted]
    filters = "sdkmessagefilters?$filter=sdkmessageid/name eq @message and primaryobjecttypecode eq @table"
    assert len(call.get(f"{filters}&@message='CreateMultiple'&@table='lead'").json["value"]) == 1


def test_other_preferences_are_ignored(call: Caller) -> None:
    assert call.get("leads", {"Prefer": "odata.maxpagesize=10, respond-async"}).status == 200


def test_a_url_longer_than_the_service_takes_is_refused(call: Caller) -> None:
    ids = ",".join(f'"{uuid4()}"' for _ in range(900))
    path = f"leads?$filter=Microsoft.Dynamics.CRM.In(PropertyName='leadid',PropertyValues=[{ids}])"
    assert call.get(path).status == 414


def test_who_am_i_names_the_caller_and_the_organisation(call: Caller) -> None:
    answer = call.get("WhoAmI").json
    assert answer["UserId"] == str(call.emulator.user_id)
    assert answer["OrganizationId"] == str(call.emulator.organization_id)
    assert call.get(f"systemusers({answer['UserId']})").json["_businessunitid_value"] == answer["BusinessUnitId"]
    assert call.get("organizations?$select=languagecode").json["value"][0]["languagecode"] == 1033
    assert call.get("RetrieveProvisionedLanguages()").json["RetrieveProvisionedLanguages"] == [1033]
    assert call.post("WhoAmI", {}).status == 405
