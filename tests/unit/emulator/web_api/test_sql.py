"""`?sql=`: SELECT with joins, conditions, groups and order; what else SQL has is refused."""
# ruff: noqa: S608 - these are texts for a parser

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Answer, Caller


def sql(call: Caller, text: str, entity_set: str = "leads") -> Answer:
    return call.get(f"{entity_set}?sql={text}")


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    with closing(Emulator()) as emulator:
        caller = Caller(emulator)
        account = caller.created("accounts", {"name": "Contoso"})
        bound = {"parentaccountid@odata.bind": f"/accounts({account})"}
        caller.created("leads", {"lastname": "Ada", "numberofemployees": 5, "leadqualitycode": 1, **bound})
        caller.created("leads", {"lastname": "Bob", "numberofemployees": 7, "leadqualitycode": 1})
        caller.created("leads", {"lastname": "O'Neil", "leadqualitycode": 2})
        caller.created("leads", {"jobtitle": "nameless"})
        yield caller


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("lastname = 'ada'", ["Ada"]),
        ("lastname = N'O''Neil'", ["O'Neil"]),
        ("lastname <> 'Ada'", ["Bob", "O'Neil"]),
        ("lastname != 'Ada' and numberofemployees > 5", ["Bob"]),
        ("numberofemployees >= 5", ["Ada", "Bob"]),
        ("lastname LIKE 'o%'", ["O'Neil"]),
        ("lastname NOT LIKE 'o%'", ["Ada", "Bob"]),
        ("lastname IN ('ada', 'bob')", ["Ada", "Bob"]),
        ("lastname NOT IN ('ada')", ["Bob", "O'Neil"]),
        ("numberofemployees IS NULL", [None, "O'Neil"]),
        ("numberofemployees is not null", ["Ada", "Bob"]),
        ("numberofemployees BETWEEN 6 AND 8", ["Bob"]),
        ("(lastname = 'Ada' OR numberofemployees = 7) AND leadqualitycode = 1", ["Ada", "Bob"]),
    ],
)
def test_conditions_are_those_of_sql(call: Caller, where: str, found: list[Any]) -> None:
    answer = sql(call, f"SELECT lastname FROM lead WHERE {where} ORDER BY lastname")
    assert answer.status == 200, answer.json
    assert [row["lastname"] for row in answer.json["value"]] == found


def test_top_order_and_offset_limit(call: Caller) -> None:
    rows = sql(call, "SELECT TOP 2 lastname, jobtitle FROM lead ORDER BY lastname DESC").json["value"]
    assert [row["lastname"] for row in rows] == ["O'Neil", "Bob"]
    assert rows[0].keys() == {"lastname", "jobtitle"}
    page = "SELECT lastname FROM lead ORDER BY lastname OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY"
    assert [row["lastname"] for row in sql(call, page).json["value"]] == ["Ada", "Bob"]


def test_a_join_keeps_or_drops_rows_without_a_parent(call: Caller) -> None:
    joined = "JOIN account a ON l.parentaccountid = a.accountid ORDER BY l.lastname"
    inner = sql(call, f"SELECT l.lastname, a.name AS account FROM lead l {joined}").json["value"]
    assert inner == [{"lastname": "Ada", "account": "Contoso"}]
    outer = sql(call, f"SELECT l.lastname, a.name FROM lead AS l LEFT {joined}").json["value"]
    assert [row["name"] for row in outer] == [None, "Contoso", None, None]


def test_aggregates_group(call: Caller) -> None:
    assert sql(call, "SELECT COUNT(*) FROM lead").json["value"] == [{"count": 4}]
    text = (
        "SELECT leadqualitycode, COUNT(*) AS n, SUM(numberofemployees) AS people FROM lead "
        "WHERE leadqualitycode IS NOT NULL GROUP BY leadqualitycode ORDER BY leadqualitycode"
    )
    assert sql(call, text).json["value"] == [
        {"leadqualitycode": 1, "n": 2, "people": 12},
        {"leadqualitycode": 2, "n": 1, "people": None},
    ]
    assert sql(call, "SELECT DISTINCT leadqualitycode FROM lead WHERE lastname = 'Ada'").json["value"] == [
        {"leadqualitycode": 1}
    ]


def test_lookups_are_named_as_in_other_answers(call: Caller) -> None:
    (row,) = sql(call, "SELECT parentaccountid FROM lead WHERE lastname = 'Ada'").json["value"]
    assert row.keys() == {"_parentaccountid_value"}


def test_more_than_a_page_comes_with_a_link() -> None:
    with closing(Emulator()) as emulator:
        emulator.load("account", ({"name": f"{number:05}"} for number in range(5_003)))
        caller = Caller(emulator)
        first = sql(caller, "SELECT name FROM account ORDER BY name", "accounts").json
        second = caller.follow(first["@odata.nextLink"]).json
        assert (len(first["value"]), [row["name"] for row in second["value"]]) == (5000, ["05000", "05001", "05002"])
        assert "@odata.nextLink" not in second
        assert "@odata.nextLink" not in sql(caller, "SELECT TOP 10 name FROM account", "accounts").json


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT * FROM lead", 501),
        ("SELECT lastname FROM lead UNION SELECT name FROM account", 501),
        ("SELECT lastname FROM lead WHERE lastname IN (SELECT name FROM account)", 501),
        ("SELECT l.lastname FROM lead l JOIN contact c ON c.originatingleadid = l.leadid", 501),
        ("DELETE FROM lead", 501),
        ("SELECT lastname FROM lead; DROP TABLE lead", 501),
        ("SELECT name FROM account", 400),
        ("SELECT nothing FROM lead", 400),
        ("SELECT l.lastname FROM lead l JOIN nothing n ON n.id = l.leadid", 400),
        ("SELECT lastname, COUNT(*) FROM lead", 400),
        ("SELECT x.lastname FROM lead", 400),
        ("SELECT lastname FROM lead WHERE numberofemployees = 'x'", 400),
    ],
)
def test_what_is_wrong_is_400_and_what_is_not_done_501(call: Caller, text: str, status: int) -> None:
    assert sql(call, text).status == status
