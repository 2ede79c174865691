"""valid_until by brute force: minute by minute over nights when clocks change, in models of everything time moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Facts, compile_model, parse_model
from scoring.moments import zone

TICK = timedelta.resolution
MINUTE = timedelta(minutes=1)
BEFORE = timedelta(hours=14)
SCANNED = 30 * 60  # minutes: the night itself, and the midnights on both sides of it
CHANGES = [
    ("Europe/Paris", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Paris", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 3, 8, 5, tzinfo=UTC)),  # midnight is skipped
    ("America/Havana", datetime(2024, 11, 3, 5, tzinfo=UTC)),  # the hour after midnight comes twice
    ("Asia/Beirut", datetime(2026, 10, 24, 21, tzinfo=UTC)),  # midnight comes twice
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # by half an hour
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_the_clocks_do_change_then(name: str, change: datetime) -> None:
    before, after = (at.astimezone(zone(name)).utcoffset() for at in (change - TICK, change))
    assert before != after


relative = st.one_of(
    st.sampled_from([{"op": op} for op in ("today", "yesterday", "this-week", "last-week", "this-month", "last-year")]),
    st.builds(
        lambda op, count: {"op": op, "value": count},
        st.sampled_from(["last-x-days", "next-x-days", "olderthan-x-days", "last-x-hours", "last-x-weeks"]),
        st.integers(1, 3),
    ),
)
asked = st.one_of(
    st.builds(lambda column, one: {"column": column, **one}, st.sampled_from(["d", "e"]), relative),
    relative.filter(lambda one: one["op"] != "last-x-hours").map(lambda one: {"column": "day", **one}),
)
trees = st.one_of(
    asked,
    st.builds(lambda one, other: {"any": [one, {"not": other}]}, asked, asked),
    st.builds(lambda one, other: {"all": [one, other]}, asked, asked),
)
counted = st.builds(
    lambda base, more: {**base, **more},
    st.fixed_dictionaries(
        {"table": st.just("visit"), "lead": st.just("lead"), "at": st.just("on")},
        optional={"within_days": st.integers(1, 8), "where": relative.map(lambda one: {"column": "d", **one})},
    ),
    st.one_of(
        st.fixed_dictionaries({}, optional={"half_life_days": st.integers(1, 9)}),
        st.just({"count": "none"}),
        st.builds(lambda n: {"count": "at-least", "n": n}, st.integers(1, 3)),
    ),
)
groups = st.lists(
    st.fixed_dictionaries({"points": st.integers(-40, 400), "when": trees})
    | st.fixed_dictionaries({"points": st.integers(-40, 400), "interactions": counted}),
    min_size=1,
    max_size=4,
).map(lambda found: [{"name": f"g{at}", **group} for at, group in enumerate(found)])
models = st.fixed_dictionaries(
    {"model": st.just("M"), "groups": groups, "columns": st.just({"lead": {"day": "DateOnly"}})},
    optional={"entry": trees, "limits": st.just({"min": 0, "max": 500}), "grades": st.just([{"name": "A", "min": 9}])},
)
# Whole days from the scanned hours, give or take an hour: what is so old turns while we look.
spans = st.builds(
    lambda days, minutes: timedelta(days=days, minutes=minutes), st.integers(-15, 4), st.integers(-14 * 60, 16 * 60)
)
events = st.lists(st.tuples(spans, spans), max_size=4)


def scan(model: dict[str, Any], zone_name: str, change: datetime, lead: Any, visits: Any) -> int:
    """Looks at every minute; how often the score changed."""
    scorer = compile_model(parse_model({**model, "time_zone": zone_name}))
    one, other, day = (change + span for span in lead)
    rows = [
        {"_lead_value": "1", "on": (change + on).isoformat(), "d": (change + value).isoformat()} for on, value in visits
    ]
    row = {"leadid": "1", "d": one.isoformat(), "e": other.isoformat(), "day": day.date().isoformat()}
    facts, start = Facts(row, {"visit": rows}), change - BEFORE
    score, changes = scorer.score(facts, start), 0
    for minutes in range(SCANNED):
        now = start + minutes * MINUTE
        while score.valid_until is not None and score.valid_until <= now:
            turn, before = score.valid_until, score
            assert scorer.score(facts, turn - TICK) == before
            score = scorer.score(facts, turn)
            assert score.valid_until is None or score.valid_until > turn
            changes += score.lines != before.lines
        assert scorer.score(facts, now) == score, now
    return changes


@settings(max_examples=30, deadline=None)
@given(models, st.sampled_from(CHANGES), st.tuples(spans, spans, spans), events)
def test_a_score_is_constant_up_to_valid_until_at_every_minute(
    model: dict[str, Any], when: tuple[str, datetime], lead: Any, visits: Any
) -> None:
    scan(model, *when, lead, visits)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(models, st.sampled_from(CHANGES), st.tuples(spans, spans, spans), events)
def test_a_score_is_constant_up_to_valid_until_at_every_minute_of_a_thousand_nights(
    model: dict[str, Any], when: tuple[str, datetime], lead: Any, visits: Any
) -> None:
    scan(model, *when, lead, visits)


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_each_of_what_time_moves_turns_while_we_look(name: str, change: datetime) -> None:
    rows = {"table": "visit", "lead": "lead", "at": "on"}
    moved = [
        {"when": {"column": "d", "op": "today"}},
        {"interactions": {**rows, "within_days": 2}},
        {"interactions": {**rows, "half_life_days": 7}},
        {"interactions": {**rows, "where": {"column": "d", "op": "last-x-days", "value": 1}}},
    ]
    hour = timedelta(hours=1)
    for group in moved:
        week_old, two_days_old, new = timedelta(days=-7), timedelta(days=-2), timedelta(days=-1)
        visits = [(week_old + hour, two_days_old), (two_days_old + hour, two_days_old)]
        model = {"model": "M", "groups": [{"name": "g", "points": 100, **group}]}
        assert scan(model, name, change, (new, new, new), visits) > 0, group
