"""The Microsoft.Dynamics.CRM functions of `$filter`, on a Saturday morning at nine."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.emulator.web_api.calling import Caller

# The clock of these tests: Saturday, 2026-08-01T09:00:00Z.
MOMENTS = [
    *("2024-02-29T12:00:00Z", "2025-07-31T23:59:59Z", "2025-08-01T00:00:00Z", "2026-06-30T23:59:59Z"),
    *("2026-07-01T00:00:00Z", "2026-07-25T12:00:00Z", "2026-07-26T00:00:00Z", "2026-07-31T08:59:59Z"),
    *("2026-07-31T09:00:00Z", "2026-08-01T00:00:00Z", "2026-08-01T07:30:00Z", "2026-08-01T23:59:59Z"),
    *("2026-08-02T00:00:00Z", "2026-08-09T00:00:00Z", "2027-01-01T00:00:00Z"),
]


@pytest.fixture
def call(call: Caller) -> Caller:
    call.emulator.load("lead", ({"lastonholdtime": at} for at in MOMENTS))
    return call


def between(first: str, last: str) -> list[str]:
    """The moments from `first` on and before `last`."""
    return [at for at in MOMENTS if first <= at < last]


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("Today", between("2026-08-01", "2026-08-02")),
        ("Yesterday", between("2026-07-31", "2026-08-01")),
        ("Tomorrow", between("2026-08-02", "2026-08-03")),
        ("ThisWeek", between("2026-07-26", "2026-08-02")),
        ("LastWeek", between("2026-07-19", "2026-07-26")),
        ("NextWeek", between("2026-08-02", "2026-08-09")),
        ("ThisMonth", between("2026-08-01", "2026-09-01")),
        ("LastMonth", between("2026-07-01", "2026-08-01")),
        ("ThisYear", between("2026-01-01", "2027-01-01")),
        ("LastYear", between("2025-01-01", "2026-01-01")),
        ("NextYear", between("2027-01-01", "2028-01-01")),
        ("Last7Days", between("2026-07-25", "2026-08-01T09")),
        ("Next7Days", between("2026-08-01T09", "2026-08-09")),
        ("LastXHours:24", between("2026-07-31T09", "2026-08-01T09")),
        ("LastXDays:1", between("2026-07-31", "2026-08-01T09")),
        ("LastXWeeks:1", between("2026-07-25", "2026-08-01T09")),
        ("LastXMonths:1", between("2026-07-01", "2026-08-01T09")),
        ("LastXYears:1", between("2025-08-01", "2026-08-01T09")),
        ("NextXDays:1", between("2026-08-01T09", "2026-08-03")),
        ("OlderThanXHours:24", between("2000", "2026-07-31T09")),
        ("OlderThanXDays:1", between("2000", "2026-07-31T09")),
        ("OlderThanXMonths:12", between("2000", "2025-08-01T09")),
        ("On:2026-08-01", between("2026-08-01", "2026-08-02")),
        ("OnOrAfter:2026-08-02", between("2026-08-02", "2100")),
        ("OnOrBefore:2026-06-30", between("2000", "2026-07-01")),
    ],
)
def test_a_date_function_spans_what_its_name_says(call: Caller, function: str, found: list[str]) -> None:
    name, _, value = function.partition(":")
    quoted = value if value.isdecimal() else f"'{value}'"
    where = f"Microsoft.Dynamics.CRM.{name}(PropertyName='lastonholdtime'{f',PropertyValue={quoted}' if value else ''})"
    rows = call.get(f"leads?$select=lastonholdtime&$orderby=lastonholdtime&$filter={where}").json["value"]
    assert [row["lastonholdtime"] for row in rows] == found


def test_between_holds_its_ends(call: Caller) -> None:
    call.emulator.load("lead", ({"subject": "n", "numberofemployees": number} for number in range(6)))
    function = 'Microsoft.Dynamics.CRM.{}Between(PropertyName=\'numberofemployees\',PropertyValues=["2","4"])'
    path = "leads?$select=numberofemployees&$filter=subject eq 'n' and "
    for prefix, numbers in (("", {2, 3, 4}), ("Not", {0, 1, 5})):
        rows = call.get(path + function.format(prefix)).json["value"]
        assert {row["numberofemployees"] for row in rows} == numbers


@pytest.mark.parametrize(
    "arguments",
    [
        "LastXDays(PropertyName='createdon')",
        "LastXDays(PropertyName='createdon',PropertyValue=0)",
        "LastXDays(PropertyName='createdon',PropertyValue='x')",
        "LastXYears(PropertyName='createdon',PropertyValue=99999)",
        "LastXDays(PropertyName='subject',PropertyValue=1)",
        "Today(PropertyName='createdon',PropertyValue=1)",
        "Today(PropertyName='nothing')",
        'Between(PropertyName=\'createdon\',PropertyValues=["1","2"])',
        "Between(PropertyName='createdon',PropertyValues=[\"2026-08-01\"])",
        "ContainValues(PropertyName='subject',PropertyValues=[\"1\"])",
    ],
)
def test_a_function_that_is_used_wrongly_is_400(call: Caller, arguments: str) -> None:
    assert call.get(f"leads?$filter=Microsoft.Dynamics.CRM.{arguments}").status == 400


def test_relative_dates_follow_the_clock(call: Caller) -> None:
    where = "Microsoft.Dynamics.CRM.LastXHours(PropertyName='createdon',PropertyValue=1)"
    now = datetime(2026, 8, 1, 9, tzinfo=UTC) - timedelta(minutes=30)
    call.emulator.load("lead", [{"subject": "x", "createdon": f"{now:%Y-%m-%dT%H:%M:%SZ}"}])
    assert len(call.ids("leads", "leadid", f"subject eq 'x' and {where}")) == 1
