"""Collections: 1:N `$expand` with its options, and lambdas, held against an oracle in Python."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Caller

CHILDREN = "lead_parentaccountid_account"
ACCOUNTS: dict[str, list[dict[str, Any]]] = {
    "empty": [],
    "one": [{"jobtitle": "CTO", "numberofemployees": 5}],
    "mixed": [
        {"jobtitle": "CTO", "numberofemployees": 250},
        {"jobtitle": "Chef", "numberofemployees": None},
        {"jobtitle": None, "numberofemployees": 1},
    ],
    "chefs": [{"jobtitle": "chef", "numberofemployees": 7}, {"jobtitle": "Chéf", "numberofemployees": 9}],
}


@pytest.fixture(scope="module")
def accounts() -> Iterator[Caller]:
    """Accounts with their leads."""
    with closing(Emulator()) as emulator:
        call = Caller(emulator)
        for name, leads in ACCOUNTS.items():
            account = call.created("accounts", {"name": name})
            for lead in leads:
                call.created("leads", {**lead, "parentaccountid@odata.bind": f"/accounts({account})"})
        yield call


def expanded(call: Caller, options: str) -> dict[str, list[Any]]:
    rows = call.get(f"accounts?$select=name&$expand={CHILDREN}({options})").json["value"]
    return {row["name"]: [lead["jobtitle"] for lead in row[CHILDREN]] for row in rows}


def test_a_collection_is_expanded_for_each_row(accounts: Caller) -> None:
    found = expanded(accounts, "$select=jobtitle;$orderby=numberofemployees")
    assert found == {"empty": [], "one": ["CTO"], "mixed": ["Chef", None, "CTO"], "chefs": ["chef", "Chéf"]}


def test_an_expanded_collection_is_filtered_ordered_and_limited_within_each_row(accounts: Caller) -> None:
    options = "$select=jobtitle;$filter=numberofemployees ge 5;$orderby=numberofemployees desc;$top=1"
    assert expanded(accounts, options) == {"empty": [], "one": ["CTO"], "mixed": ["CTO"], "chefs": ["Chéf"]}


def test_a_semicolon_or_a_parenthesis_in_a_text_ends_nothing(accounts: Caller) -> None:
    assert expanded(accounts, "$select=jobtitle;$filter=jobtitle eq 'a;)b'")["one"] == []


def test_one_row_expands_its_collection_too(accounts: Caller) -> None:
    account = accounts.ids("accounts", "accountid", "name eq 'chefs'")[0]
    row = accounts.get(f"accounts({account})?$select=name&$expand={CHILDREN}($select=jobtitle)").json
    assert sorted(lead["jobtitle"] for lead in row[CHILDREN]) == ["Chéf", "chef"]
    assert row[CHILDREN][0].keys() == {"@odata.etag", "jobtitle", "leadid"}


def test_a_page_of_rows_expands_the_collections_of_its_own(accounts: Caller) -> None:
    path = f"accounts?$select=name&$orderby=name&$expand={CHILDREN}($select=jobtitle)"
    first = accounts.get(path, {"Prefer": "odata.maxpagesize=2"}).json
    second = accounts.follow(first["@odata.nextLink"]).json
    rows = first["value"] + second["value"]
    assert [(row["name"], len(row[CHILDREN])) for row in rows] == [("chefs", 2), ("empty", 0), ("mixed", 3), ("one", 1)]


Predicate = Callable[[list[dict[str, Any]]], bool]


def is_chef(lead: dict[str, Any]) -> bool:
    return str(lead["jobtitle"]).casefold().replace("é", "e") == "chef"


def is_large(lead: dict[str, Any]) -> bool:
    return lead["numberofemployees"] is not None and lead["numberofemployees"] > 5


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        (f"{CHILDREN}/any()", bool),
        (f"not {CHILDREN}/any()", lambda leads: not leads),
        (f"{CHILDREN}/any(l:l/jobtitle eq 'chef')", lambda leads: any(map(is_chef, leads))),
        (f"{CHILDREN}/all(l:l/jobtitle eq 'chef')", lambda leads: all(map(is_chef, leads))),
        (
            f"{CHILDREN}/any(l:l/numberofemployees gt 5 and contains(l/jobtitle,'to'))",
            lambda leads: "CTO" in str(leads) and any(is_large(lead) and lead["jobtitle"] == "CTO" for lead in leads),
        ),
        (
            f"{CHILDREN}/all(l:l/numberofemployees gt 5 or l/jobtitle eq null)",
            lambda leads: all(is_large(lead) or lead["jobtitle"] is None for lead in leads),
        ),
        (f"name eq 'one' or {CHILDREN}/any(x:x/parentaccountid/name eq 'mixed')", lambda leads: len(leads) in {1, 3}),
    ],
)
def test_a_lambda_finds_the_rows_that_python_finds(accounts: Caller, where: str, holds: Predicate) -> None:
    found = accounts.get(f"accounts?$select=name&$filter={where}").json["value"]
    assert {row["name"] for row in found} == {name for name, leads in ACCOUNTS.items() if holds(leads)}


def test_parameters_around_a_lambda_keep_their_places(accounts: Caller) -> None:
    where = f"name ne 'empty' and {CHILDREN}/any(l:l/jobtitle eq 'CTO' and l/numberofemployees eq 5) and name eq 'one'"
    assert len(accounts.get(f"accounts?$filter={where}").json["value"]) == 1


def test_a_collection_of_a_lookup_with_several_targets_holds_its_own(call: Caller) -> None:
    account, contact = call.created("accounts", {}), call.created("contacts", {})
    call.created("leads", {"subject": "a", "customerid_account@odata.bind": f"/accounts({account})"})
    call.created("leads", {"subject": "c", "customerid_contact@odata.bind": f"/contacts({contact})"})
    for set_name, kind, subject in (("accounts", "account", "a"), ("contacts", "contact", "c")):
        path = f"{set_name}?$expand=lead_customerid_{kind}($select=subject)"
        assert call.get(path).json["value"][0][f"lead_customerid_{kind}"][0]["subject"] == subject
        where = f"lead_customerid_{kind}/any(l:l/subject eq '{subject}')"
        assert len(call.get(f"{set_name}?$filter={where}").json["value"]) == 1
