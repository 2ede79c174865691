"""Counting: `$count` and its cap of 5,000, `$apply` and its cap of 50,000, RetrieveTotalRecordCount."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Caller

ROWS: list[dict[str, Any]] = [
    {"jobtitle": "CTO", "numberofemployees": 5, "leadqualitycode": 1},
    {"jobtitle": "cto", "numberofemployees": 7, "leadqualitycode": 1},
    {"jobtitle": "Chef", "numberofemployees": None, "leadqualitycode": 2},
    {"jobtitle": None, "numberofemployees": 9, "leadqualitycode": None},
]


@pytest.fixture(scope="module")
def few() -> Iterator[Caller]:
    with closing(Emulator()) as emulator:
        emulator.load("lead", ROWS)
        yield Caller(emulator)


@pytest.fixture(scope="module")
def many() -> Iterator[Caller]:
    """50,001 campaigns, of which one has a name."""
    with closing(Emulator()) as emulator:
        emulator.load("campaign", ({"codename": "x"} for _ in range(50_000)))
        emulator.load("campaign", [{"name": "Spring"}])
        yield Caller(emulator)


def applied(call: Caller, apply: str, entity_set: str = "leads") -> Any:
    answer = call.get(f"{entity_set}?$apply={apply}")
    assert answer.status == 200, answer.json
    return answer.json["value"]


def test_dollar_count_is_a_plain_number(few: Caller) -> None:
    assert few.get("leads/$count").body == b"4"
    assert few.get("leads/$count?$filter=jobtitle eq 'cto'").body == b"2"
    assert few.get("leads/$count?$top=1").status == 501


def test_counts_stop_at_five_thousand_and_say_so_when_asked(many: Caller) -> None:
    assert many.get("campaigns/$count").body == b"5000"
    prefer = {"Prefer": 'odata.maxpagesize=1,odata.include-annotations="*"'}
    body = many.get("campaigns?$select=name&$count=true", prefer).json
    assert (body["@odata.count"], body["@Microsoft.Dynamics.CRM.totalrecordcount"]) == (5000, 5000)
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    body = many.get("campaigns?$select=name&$count=true&$filter=name eq 'Spring'", prefer).json
    assert (body["@odata.count"], body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"]) == (1, False)
    assert "@Microsoft.Dynamics.CRM.totalrecordcount" not in many.get("campaigns?$top=1&$count=true").json


def test_apply_counts_exactly_up_to_fifty_thousand_and_refuses_more(many: Caller) -> None:
    counted = "filter(codename eq 'x')/aggregate($count as total)"
    assert applied(many, counted, "campaigns") == [{"total": 50_000}]
    for apply in ("aggregate($count as total)", "groupby((name))"):
        answer = many.get(f"campaigns?$apply={apply}")
        assert (answer.status, answer.code) == (400, "0x8004E023")
        assert answer.message == "AggregateQueryRecordLimit exceeded. Cannot perform this operation."


@pytest.mark.parametrize(
    ("apply", "rows"),
    [
        ("aggregate($count as total)", [{"total": 4}]),
        ("filter(jobtitle eq 'nobody')/aggregate($count as total)", [{"total": 0}]),
        ("filter(jobtitle eq 'cto')/filter(numberofemployees gt 5)/aggregate($count as n)", [{"n": 1}]),
        (
            "aggregate(numberofemployees with sum as s,numberofemployees with min as a,leadqualitycode with max as z)",
            [{"s": 21, "a": 5, "z": 2}],
        ),
        ("aggregate(numberofemployees with average as mean)", [{"mean": 7.0}]),
        ("aggregate(jobtitle with countdistinct as titles)", [{"titles": 2}]),
        (
            "groupby((leadqualitycode),aggregate($count as n))",
            [{"leadqualitycode": None, "n": 1}, {"leadqualitycode": 1, "n": 2}, {"leadqualitycode": 2, "n": 1}],
        ),
        (
            "filter(leadqualitycode ne null)/groupby((leadqualitycode))",
            [{"leadqualitycode": 1}, {"leadqualitycode": 2}],
        ),
    ],
)
def test_apply_aggregates_and_groups(few: Caller, apply: str, rows: list[dict[str, Any]]) -> None:
    assert applied(few, apply) == rows


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ("$apply=groupby((createdon))", 501),
        ("$apply=groupby((parentaccountid/name))", 501),
        ("$apply=aggregate(numberofemployees with median as x)", 501),
        ("$apply=compute(numberofemployees mul 2 as x)", 501),
        ("$apply=aggregate(nothing with sum as x)", 400),
        ("$apply=aggregate($count as n)&$orderby=n", 501),
        ("$apply=", 400),
    ],
)
def test_what_apply_does_not_do_is_refused(few: Caller, options: str, status: int) -> None:
    assert few.get(f"leads?{options}").status == status


def test_total_record_counts_are_by_table(few: Caller) -> None:
    answer = few.get("RetrieveTotalRecordCount(EntityNames=['lead','account'])").json
    collection = answer["EntityRecordCountCollection"]
    assert dict(zip(collection["Keys"], collection["Values"], strict=True)) == {"lead": 4, "account": 0}
    aliased = few.get('RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["lead"]').json
    assert aliased["EntityRecordCountCollection"]["Values"] == [4]
    assert few.get("RetrieveTotalRecordCount(EntityNames=['nothing'])").status == 404
    assert few.get("RetrieveTotalRecordCount").status == 400
