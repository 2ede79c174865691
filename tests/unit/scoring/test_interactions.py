"""Which events count at an instant, what they are worth, and when time alone changes that."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring import FactError, Facts, Line, Score, assign_interactions, compile_model, parse_model
from scoring.needs import InteractionNeed

NOW = datetime(2026, 5, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LEAD = {"leadid": "11111111-aaaa-0000-0000-000000000001", "_parentcontactid_value": "C-1"}


def scored(
    *events: datetime | str | None, at: datetime = NOW, points: int = 5, cap: int | None = None, **rows: object
) -> Score:
    interactions = {"table": "visit", "lead": "lead", "at": "on", **rows}
    group = {"name": "Visits", "points": points, "cap": cap, "interactions": interactions}
    found = [{"_lead_value": LEAD["leadid"], "on": on.isoformat() if isinstance(on, datetime) else on} for on in events]
    scorer = compile_model(parse_model({"model": "M", "groups": [group]}))
    return scorer.score(Facts(LEAD, {"visit": found}), at)


def applied(*events: datetime | str | None, **how: object) -> int:
    return scored(*events, **how).lines[0].points_applied  # type: ignore[arg-type]  # passed on by name


def test_each_event_counts() -> None:
    assert scored(NOW, NOW - DAY, NOW - DAY).lines == (Line("Visits", True, 3, 15, 15),)


def test_at_least_counts_once_from_n_on() -> None:
    assert scored(NOW, count="at-least", n=2).lines == (Line("Visits", False, 1, 0, 0),)
    assert scored(NOW, NOW, NOW, count="at-least", n=2).lines == (Line("Visits", True, 3, 5, 5),)


def test_none_counts_while_there_is_no_event() -> None:
    assert scored(count="none").lines == (Line("Visits", True, 0, 5, 5),)
    assert scored(NOW, count="none").lines == (Line("Visits", False, 1, 0, 0),)


def test_an_event_counts_from_its_instant_until_exactly_its_window_has_passed() -> None:
    event = NOW - 28 * DAY
    assert applied(event, within_days=28, at=NOW - TICK) == 5
    assert applied(event, within_days=28, at=NOW) == 0
    assert applied(NOW, within_days=28, at=NOW) == 5
    assert applied(NOW, within_days=28, at=NOW - TICK) == 0


def test_a_window_is_of_24_hours_a_day_whatever_the_clocks_of_the_zone_do() -> None:
    before_the_change = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert applied("2026-03-28T13:00:00+01:00", within_days=1, at=before_the_change + DAY - TICK) == 5
    assert applied("2026-03-28T13:00:00+01:00", within_days=1, at=before_the_change + DAY) == 0


@pytest.mark.parametrize(
    ("points", "cap", "expected"), [(5, 12, 12), (-5, 12, -12), (5, 0, 0), (5, 15, 15), (5, 16, 15)]
)
def test_a_cap_bounds_the_group_by_absolute_value(points: int, cap: int, expected: int) -> None:
    assert scored(NOW, NOW, NOW, points=points, cap=cap).lines == (Line("Visits", True, 3, points * 3, expected),)


@pytest.mark.parametrize(
    ("points", "ages", "half_life_days", "expected"),
    [
        (5, [0], 7, 5),
        (5, [7], 7, 3),  # 2.5, away from zero
        (-5, [7], 7, -3),
        (5, [6.999], 7, 5),
        (5, [7, 7], 7, 5),  # summed before it is rounded
        (1, [7, 14], 7, 1),  # 0.75
        (1, [14], 7, 0),  # 0.25
        (1_000_000, [7], 14, 707_107),
        (1_000_000, [700], 7, 0),
        (100, [3, 9, 30], 14, 100 + 71 + 25),  # 100 + 70.71 + 25 (four whole weeks) = 195.71
    ],
)
def test_worth_halves_in_whole_weeks(points: int, ages: list[float], half_life_days: int, expected: int) -> None:
    events = [NOW - age * DAY for age in ages]
    line = scored(*events, points=points, half_life_days=half_life_days).lines[0]
    assert line.points == points * len(ages)
    assert line.points_applied == expected


def test_the_cap_comes_after_the_decay() -> None:
    assert applied(NOW - 7 * DAY, NOW - 7 * DAY, points=10, half_life_days=7, cap=9) == 9
    assert applied(NOW - 7 * DAY, NOW - 7 * DAY, points=10, half_life_days=7, cap=15) == 10


def test_events_without_a_date_do_not_count() -> None:
    assert applied(None, "", NOW) == 5


def test_a_date_without_a_time_counts_from_its_midnight() -> None:
    assert applied("2026-05-15", at=datetime(2026, 5, 15, tzinfo=UTC)) == 5
    assert applied("2026-05-15", at=datetime(2026, 5, 15, tzinfo=UTC) - TICK) == 0


@pytest.mark.parametrize(("on", "kind"), [("yesterday", "other text"), ("2026-02-30", "other text")])
def test_a_date_that_is_none_is_a_fault_that_does_not_repeat_it(on: str, kind: str) -> None:
    with pytest.raises(FactError, match=r"visit\.on") as fault:
        scored(on)
    assert fault.value.found == kind
    assert on not in str(fault.value)


@pytest.mark.parametrize(
    ("events", "rows", "expected"),
    [
        ([], {}, None),
        ([NOW - DAY], {}, None),
        ([NOW + DAY, NOW + 2 * DAY], {}, NOW + DAY),
        ([NOW - DAY], {"within_days": 3}, NOW + 2 * DAY),
        ([NOW - DAY, NOW - 2 * DAY], {"within_days": 3}, NOW + DAY),
        ([NOW - 3 * DAY], {"within_days": 3}, None),
        ([NOW + DAY], {"within_days": 3}, NOW + DAY),
        ([NOW - 15 * DAY], {"half_life_days": 30}, NOW + 6 * DAY),
        ([NOW - 14 * DAY], {"half_life_days": 30}, NOW + 7 * DAY),
        ([NOW - 15 * DAY], {"half_life_days": 30, "within_days": 17}, NOW + 2 * DAY),
        ([NOW - DAY], {"count": "none", "within_days": 3}, NOW + 2 * DAY),
    ],
)
def test_valid_until_is_the_first_instant_at_which_time_alone_may_change_the_score(
    events: list[datetime], rows: dict[str, object], expected: datetime | None
) -> None:
    assert scored(*events, **rows).valid_until == expected  # type: ignore[arg-type]  # passed on by name


def test_an_event_at_the_end_of_time_never_leaves() -> None:
    assert scored("9999-12-31T23:59:59Z", within_days=28).valid_until == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(ValueError, match="in the years 1900 to 9800"):
        scored("9999-12-31T23:59:59Z", within_days=28, at=datetime.max.replace(tzinfo=UTC))


def by_both_ways(lead: dict[str, object], rows: list[dict[str, object]]) -> int | None:
    interactions = {"table": "visit", "lead": "lead", "contact": "person", "at": "on", "where": WANTED}
    model = {"model": "M", "groups": [{"name": "V", "points": 1, "interactions": interactions}]}
    return compile_model(parse_model(model)).score(Facts(lead, {"visit": rows}), NOW).total


WANTED = {"column": "kind", "op": "eq", "value": "price"}
ON = {"on": "2026-05-01T00:00:00Z", "kind": "Price"}


def test_an_event_reaches_the_lead_by_its_id_or_its_contact_and_counts_once() -> None:
    assert by_both_ways(LEAD, [{**ON, "_lead_value": str(LEAD["leadid"]).upper(), "_person_value": "c-1"}]) == 1
    assert by_both_ways(LEAD, [{**ON, "_lead_value": None, "_person_value": "c-1"}]) == 1
    assert by_both_ways(LEAD, [{**ON, "_lead_value": LEAD["leadid"]}]) == 1


def test_an_activity_may_be_regarding_the_lead_or_its_contact_by_one_lookup() -> None:
    rows = {"table": "email", "lead": "regardingobjectid", "contact": "regardingobjectid", "at": "on"}
    scorer = compile_model(parse_model({"model": "M", "groups": [{"name": "V", "points": 1, "interactions": rows}]}))
    emails = [{**ON, "_regardingobjectid_value": about} for about in (LEAD["leadid"], "c-1", "C-1", "somebody", None)]
    assert scorer.score(Facts(LEAD, {"email": emails}), NOW).total == 3
    own = assign_interactions([LEAD], {"email": emails}, scorer.needs.interactions)
    assert own[LEAD["leadid"]] == {"email": emails[:3]}


def test_an_event_of_a_contact_counts_for_every_lead_of_the_page_that_has_it_as_parent() -> None:
    interactions = {"table": "visit", "lead": "lead", "contact": "person", "at": "on"}
    model = {"model": "M", "groups": [{"name": "V", "points": 1, "interactions": interactions}]}
    leads = [
        {"leadid": "L1", "_parentcontactid_value": "c-1"},
        {"leadid": "l2", "_parentcontactid_value": "C-1"},
        {"leadid": "L3", "_parentcontactid_value": None},
    ]
    rows = [{**ON, "_lead_value": "l1", "_person_value": "C-1"}, {**ON, "_lead_value": "L3"}, {**ON}]
    page = compile_model(parse_model(model)).score_page(leads, {"visit": rows}, NOW)
    assert [score.total for score in page] == [1, 1, 1]


def test_an_event_of_somebody_else_or_of_nobody_does_not_count() -> None:
    assert by_both_ways(LEAD, [{**ON, "_lead_value": "other", "_person_value": "c-2"}, {**ON}]) == 0
    orphan = {"leadid": "L", "_parentcontactid_value": None}
    assert by_both_ways(orphan, [{**ON, "_lead_value": None, "_person_value": None}]) == 0


def test_an_event_that_does_not_meet_the_condition_does_not_count() -> None:
    assert by_both_ways(LEAD, [{**ON, "kind": "blog", "_lead_value": LEAD["leadid"]}]) == 0


def test_interactions_of_a_lead_without_an_id_are_a_fault() -> None:
    with pytest.raises(FactError, match="leadid"):
        by_both_ways({}, [{**ON, "_lead_value": "x"}])


BOTH = InteractionNeed("visit", "lead", "person", "on", frozenset())
MAIL = InteractionNeed("email", None, "to", "on", frozenset())


def test_rows_are_dealt_out_to_every_lead_they_concern_each_once() -> None:
    leads = [
        {"leadid": "L1", "_parentcontactid_value": "C1"},
        {"leadid": "l2", "_parentcontactid_value": "c1"},
        {"leadid": "L3", "_parentcontactid_value": None},
    ]
    twice = {"_lead_value": "l1", "_person_value": "C1"}
    third = {"_lead_value": "L3"}
    stranger = {"_lead_value": "L9", "_person_value": None}
    mail = {"_to_value": "c1"}
    assert assign_interactions(leads, {"visit": [twice, third, stranger], "email": [mail]}, [BOTH, MAIL]) == {
        "L1": {"visit": [twice], "email": [mail]},
        "l2": {"visit": [twice], "email": [mail]},
        "L3": {"visit": [third], "email": []},
    }


def test_two_ways_into_one_table_give_one_list() -> None:
    other = InteractionNeed("visit", "owner", None, "on", frozenset())
    row = {"_lead_value": "L1", "_owner_value": "L1"}
    only = {"_owner_value": "L1"}
    assert assign_interactions([{"leadid": "L1"}], {"visit": [row, only]}, [BOTH, other]) == {
        "L1": {"visit": [row, only]}
    }


def test_a_group_counts_only_the_rows_of_its_own_lookup() -> None:
    rows = [{"_lead_value": LEAD["leadid"], "on": "2026-05-01"}, {"_owner_value": LEAD["leadid"], "on": "2026-05-01"}]
    groups = [
        {"name": lookup, "points": 1, "interactions": {"table": "visit", "lead": lookup, "at": "on"}}
        for lookup in ("lead", "owner")
    ]
    scorer = compile_model(parse_model({"model": "M", "groups": groups}))
    assert [line.events for line in scorer.score(Facts(LEAD, {"visit": rows}), NOW).lines] == [1, 1]
