"""Each operation is one request, exactly as the Web API wants it."""

from collections.abc import Callable

import pytest

from dataverse import InvalidRequestError, Request, action, create, delete, query, retrieve, tagged, update, upsert
from dataverse.odata import eq

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
ETAG = 'W/"915244"'


def test_a_query_names_its_columns_and_pages() -> None:
    request = query(
        "leads",
        select=["jobtitle", "_parentaccountid_value"],
        filter=eq("statecode", 0),
        orderby=["createdon desc", "leadid"],
        expand={"parentaccountid": ["numberofemployees", "name"]},
        page_size=500,
    )
    assert request.path == (
        "leads?$select=jobtitle,_parentaccountid_value&$filter=statecode%20eq%200&$orderby=createdon%20desc,leadid"
        "&$expand=parentaccountid($select=numberofemployees,name)"
    )
    assert request.headers == {"Prefer": "odata.maxpagesize=500"}
    assert request.is_safe


def test_top_is_an_option_of_its_own() -> None:
    assert query("leads", select=["leadid"], top=1).path == "leads?$select=leadid&$top=1"


def test_a_row_is_read_by_id_with_named_columns() -> None:
    request = retrieve("leads", ID, select=["jobtitle"], expand={"parentaccountid": ["name"]})
    assert request.path == f"leads({ID})?$select=jobtitle&$expand=parentaccountid($select=name)"


def test_an_update_always_carries_a_guard() -> None:
    request = update("leads", ID, {"jobtitle": None}, etag=ETAG)
    assert (request.method, request.path, request.headers) == ("PATCH", f"leads({ID})", {"If-Match": ETAG})
    assert update("leads", ID, {}, etag="*").headers == {"If-Match": "*"}
    assert delete("leads", ID, etag=ETAG).headers == {"If-Match": ETAG}


def test_an_upsert_can_be_told_to_only_create() -> None:
    assert upsert("leads", ID, {"a": 1}).headers == {}
    assert upsert("leads", ID, {"a": 1}, only_create=True).headers == {"If-None-Match": "*"}


def test_an_action_is_bound_to_a_row_or_to_nothing() -> None:
    assert action("WinOpportunity", {}).path == "WinOpportunity"
    assert action("QualifyLead", {}, ("leads", ID)).path == f"leads({ID})/Microsoft.Dynamics.CRM.QualifyLead"


def test_a_tag_joins_the_query_whatever_it_holds() -> None:
    assert tagged(update("leads", ID, {}, etag="*"), "run 1&x=é").path == f"leads({ID})?tag=run%201%26x%3D%C3%A9"
    assert tagged(retrieve("leads", ID, select=["a"]), "t").path.endswith("?$select=a&tag=t")


@pytest.mark.parametrize(
    ("request_", "repeatable"),
    [
        (query("leads", select=["leadid"]), True),
        (update("leads", ID, {}, etag=ETAG), True),
        (update("leads", ID, {}, etag="*"), True),
        (upsert("leads", ID, {}), True),
        (upsert("leads", ID, {}, only_create=True), True),
        (delete("leads", ID, etag=ETAG), True),
        (create("leads", {"leadid": ID}), False),
        (create("leads", {"leadid": ID}, id_column="leadid"), True),
        (action("QualifyLead", {}, ("leads", ID)), False),
    ],
)
def test_a_create_is_repeatable_only_when_its_id_shows_the_duplicate(request_: Request, repeatable: bool) -> None:
    assert request_.is_repeatable is repeatable


@pytest.mark.parametrize(
    "build",
    [
        lambda: query("leads", select=[]),
        lambda: query("leads", select="jobtitle"),
        lambda: query("leads", select=["nav/column"]),
        lambda: query("leads?x", select=["a"]),
        lambda: query("leads", select=["a&$top=1"]),
        lambda: query("leads", select=["a"], top=1, page_size=1),
        lambda: query("leads", select=["a"], top=0),
        lambda: query("leads", select=["a"], page_size=5_001),
        lambda: query("leads", select=["a"], orderby=["a drop"]),
        lambda: query("leads", select=["a"], orderby=["a desc,b"]),
        lambda: query("leads", select=["a"], expand={"x)": ["a"]}),
        lambda: query("leads", select=["a"], expand={"x": []}),
        lambda: retrieve("leads", "1 or 1", select=["a"]),
        lambda: update("leads", ID + "/x", {}, etag="*"),
        lambda: update("leads", ID, {}, etag=""),
        lambda: update("leads", ID, {}, etag='W/"1", *'),
        lambda: create("leads", {"leadid": "no id"}, id_column="leadid"),
        lambda: create("leads", {}, id_column="leadid"),
        lambda: action("A/B", {}),
        lambda: tagged(retrieve("leads", ID, select=["a"]), "\udfff"),
    ],
)
def test_what_cannot_be_a_request_is_refused_before_it_is_one(build: Callable[[], Request]) -> None:
    with pytest.raises(InvalidRequestError):
        build()
