"""Relative dates: what they mean in the model's time zone, and the exact instants at which they turn."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import Facts, Score, compile_model, parse_model
from scoring.operators import OPERATORS

TICK = timedelta.resolution
RELATIVE = sorted(name for name, operator in OPERATORS.items() if operator.is_relative)
NOW = datetime(2026, 5, 13, 13, 0, tzinfo=UTC)  # a Wednesday, 15:00 in Paris


def asks(op: str, count: int | None = None, **more: object) -> dict[str, object]:
    return {"column": "d", "op": op, **({} if count is None else {"value": count}), **more}


def scored(when: dict[str, object], value: object, at: datetime = NOW, **model: object) -> Score:
    definition = {
        "model": "M",
        "time_zone": "Europe/Paris",
        "groups": [{"name": "g", "points": 1, "when": when}],
        **model,
    }
    return compile_model(parse_model(definition)).score(Facts({"leadid": "1", "d": value}), at)


# The first value of each span and the first one after it, at 15:00 in Paris on Wednesday 13 May 2026; None: no bound.
SPANS = [
    ("today", None, "2026-05-12T22:00:00Z", "2026-05-13T22:00:00Z"),
    ("yesterday", None, "2026-05-11T22:00:00Z", "2026-05-12T22:00:00Z"),
    ("last-x-days", 4, "2026-05-08T22:00:00Z", "2026-05-13T13:00:00.000001Z"),
    ("last-x-weeks", 2, "2026-04-28T22:00:00Z", "2026-05-13T13:00:00.000001Z"),
    ("last-x-months", 3, "2026-02-12T23:00:00Z", "2026-05-13T13:00:00.000001Z"),
    ("last-x-years", 2, "2024-05-12T22:00:00Z", "2026-05-13T13:00:00.000001Z"),
    ("last-x-hours", 3, "2026-05-13T10:00:00.000001Z", "2026-05-13T13:00:00.000001Z"),
    ("olderthan-x-days", 4, None, "2026-05-08T22:00:00Z"),
    ("olderthan-x-months", 3, None, "2026-02-12T23:00:00Z"),
    ("this-week", None, "2026-05-09T22:00:00Z", "2026-05-16T22:00:00Z"),
    ("last-week", None, "2026-05-02T22:00:00Z", "2026-05-09T22:00:00Z"),
    ("this-month", None, "2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z"),
    ("last-month", None, "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"),
    ("this-year", None, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
    ("last-year", None, "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z"),
    ("next-x-days", 2, "2026-05-13T13:00:00.000001Z", "2026-05-15T22:00:00Z"),
]


@pytest.mark.parametrize(("op", "count", "first", "after"), SPANS, ids=[span[0] for span in SPANS])
def test_a_relative_date_means_one_span_of_instants(op: str, count: int | None, first: str | None, after: str) -> None:
    end = datetime.fromisoformat(after)
    assert scored(asks(op, count), (end - TICK).isoformat()).total == 1
    assert scored(asks(op, count), end.isoformat()).total == 0
    if first is None:
        assert scored(asks(op, count), "1753-01-01T00:00:00Z").total == 1
    else:
        start = datetime.fromisoformat(first)
        assert scored(asks(op, count), start.isoformat()).total == 1
        assert scored(asks(op, count), (start - TICK).isoformat()).total == 0


def test_no_relative_date_is_left_out() -> None:
    assert [span[0] for span in sorted(SPANS)] == RELATIVE


@pytest.mark.parametrize("op", RELATIVE)
def test_null_meets_no_relative_date(op: str) -> None:
    count = 1 if "-x-" in op else None
    assert scored(asks(op, count), None) == scored(asks(op, count), "")
    assert (scored(asks(op, count), None).total, scored(asks(op, count), None).valid_until) == (0, None)


@pytest.mark.parametrize(
    ("op", "count", "day", "holds"),
    [
        ("today", None, "2026-05-13", True),
        ("today", None, "2026-05-14", False),
        ("last-x-days", 4, "2026-05-09", True),
        ("last-x-days", 4, "2026-05-08", False),
        ("last-x-days", 4, "2026-05-13", True),
        ("last-x-days", 4, "2026-05-14", False),
        ("next-x-days", 2, "2026-05-13", False),
        ("next-x-days", 2, "2026-05-15", True),
        ("next-x-days", 2, "2026-05-16", False),
        ("olderthan-x-days", 4, "2026-05-09", False),
        ("olderthan-x-days", 4, "2026-05-08", True),
    ],
)
def test_a_column_of_days_is_not_converted(op: str, count: int | None, day: str, holds: bool) -> None:
    for zone in ("Europe/Paris", "Pacific/Kiritimati", "America/Los_Angeles"):
        at = NOW.replace(hour=13) if zone != "Pacific/Kiritimati" else NOW - timedelta(hours=10)
        typed = {"time_zone": zone, "columns": {"lead": {"d": "DateOnly"}}}
        assert (scored(asks(op, count), day, at, **typed).total == 1) is holds, zone


def test_a_time_without_a_zone_is_what_the_clocks_of_the_model_show() -> None:
    typed = {"columns": {"lead": {"d": "TimeZoneIndependent"}}}
    assert scored(asks("today"), "2026-05-13T23:59:59Z", **typed).total == 1
    assert scored(asks("today"), "2026-05-12T23:00:00Z", **typed).total == 0
    assert scored(asks("last-x-hours", 1), "2026-05-13T15:00:00Z", **typed).total == 1  # 15:00 in Paris is now
    assert scored(asks("last-x-hours", 1), "2026-05-13T15:00:01Z", **typed).total == 0
    assert scored(asks("on", 0) | {"value": "2026-05-13"}, "2026-05-13T00:00:00Z", **typed).total == 1
    assert scored(asks("ge", 0) | {"value": "2026-05-13T10:00"}, "2026-05-13T10:00:00Z", **typed).total == 1


@pytest.mark.parametrize(
    ("op", "day", "first", "after"),
    [
        ("on", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # a day of 23 hours
        ("on", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),  # a day of 25
        ("on-or-after", "2026-03-29", "2026-03-28T23:00:00Z", None),
        ("on-or-before", "2026-10-25", None, "2026-10-25T23:00:00Z"),
    ],
)
def test_on_means_a_day_of_the_model_from_midnight_to_midnight(
    op: str, day: str, first: str | None, after: str | None
) -> None:
    condition = {"column": "d", "op": op, "value": day}
    if first is not None:
        start = datetime.fromisoformat(first)
        assert scored(condition, start.isoformat()).total == 1
        assert scored(condition, (start - TICK).isoformat()).total == 0
    if after is not None:
        end = datetime.fromisoformat(after)
        assert scored(condition, (end - TICK).isoformat()).total == 1
        assert scored(condition, end.isoformat()).total == 0


@pytest.mark.parametrize(
    ("op", "count", "value", "at", "until"),
    [
        # What happened an hour before the clocks go forward is "today" until the midnight that comes an hour early.
        ("today", None, "2026-03-29T00:30:00Z", "2026-03-29T00:45:00Z", "2026-03-29T22:00:00Z"),
        ("today", None, "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z", "2026-10-25T23:00:00Z"),
        ("yesterday", None, "2026-05-13T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-13T22:00:00Z"),
        ("last-x-days", 2, "2026-05-13T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-15T22:00:00Z"),
        ("last-x-days", 2, "2026-05-14T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-14T08:00:00Z"),
        ("last-x-hours", 2, "2026-05-13T12:30:00Z", "2026-05-13T13:00:00Z", "2026-05-13T14:30:00Z"),
        ("last-x-months", 3, "2026-02-28T12:00:00Z", "2026-05-28T13:00:00Z", "2026-05-31T22:00:00Z"),
        ("last-x-years", 1, "2024-02-29T12:00:00Z", "2025-02-28T13:00:00Z", "2025-02-28T23:00:00Z"),
        ("olderthan-x-days", 4, "2026-05-13T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-17T22:00:00Z"),
        ("olderthan-x-days", 4, "2026-05-01T08:00:00Z", "2026-05-13T13:00:00Z", None),
        ("this-week", None, "2026-05-13T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-16T22:00:00Z"),
        ("next-x-days", 2, "2026-05-14T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-14T08:00:00Z"),
        ("next-x-days", 2, "2026-05-20T08:00:00Z", "2026-05-13T13:00:00Z", "2026-05-17T22:00:00Z"),
        ("last-year", None, "2020-05-14T08:00:00Z", "2026-05-13T13:00:00Z", None),
        ("today", None, "9999-12-31T23:00:00Z", "2026-05-13T13:00:00Z", None),  # no day ends it
        ("last-x-days", 9, "9999-12-31T23:00:00Z", "2026-05-13T13:00:00Z", "9999-12-31T23:00:00Z"),
    ],
)
def test_a_relative_date_turns_at_the_midnight_or_the_instant_that_it_depends_on(
    op: str, count: int | None, value: str, at: str, until: str | None
) -> None:
    found = scored(asks(op, count), value, datetime.fromisoformat(at)).valid_until
    assert found == (None if until is None else datetime.fromisoformat(until))


def test_only_what_changes_the_answer_counts() -> None:
    recent, titled = asks("last-x-days", 5), {"column": "t", "op": "not-null"}
    value = "2026-05-12T08:00:00Z"
    assert scored({"all": [recent, titled]}, value).valid_until is None
    assert scored({"any": [recent, {"not": titled}]}, value).valid_until is None
    assert scored({"any": [recent, titled]}, value).valid_until == datetime(2026, 5, 17, 22, tzinfo=UTC)
    either = {"any": [asks("today"), asks("yesterday")]}
    assert scored(either, "2026-05-13T08:00:00Z").valid_until == datetime(2026, 5, 14, 22, tzinfo=UTC)


def test_a_lead_that_time_alone_brings_into_the_audience_says_when() -> None:
    groups = [{"name": "g", "points": 1, "when": {"column": "t", "op": "null"}}]
    outside = scored({}, "2026-05-20T08:00:00Z", entry=asks("last-x-days", 5), groups=groups)
    assert (outside.total, outside.valid_until) == (None, datetime(2026, 5, 20, 8, tzinfo=UTC))
    inside = scored({}, "2026-05-12T08:00:00Z", entry=asks("last-x-days", 5), groups=groups)
    assert (inside.total, inside.valid_until) == (1, datetime(2026, 5, 17, 22, tzinfo=UTC))
    gone = scored({}, "2026-05-01T08:00:00Z", entry=asks("last-x-days", 5), groups=groups)
    assert (gone.total, gone.valid_until) == (None, None)
    never = {"all": [asks("last-x-days", 5), {"column": "t", "op": "not-null"}]}
    assert scored({}, "2026-05-20T08:00:00Z", entry=never, groups=groups).valid_until is None


ZONES = ["Europe/Paris", "America/St_Johns", "Africa/Cairo", "Atlantic/Azores", "Pacific/Apia", "Asia/Kathmandu"]
START = datetime(2026, 3, 27, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
minutes = st.integers(-24 * 60 * 9, 24 * 60 * 9)
values = minutes.map(lambda far: (START + far * MINUTE).isoformat())
dates = st.one_of(
    st.sampled_from([op for op in RELATIVE if "-x-" not in op]).map(asks),
    st.builds(asks, st.sampled_from(["last-x-days", "next-x-days", "olderthan-x-days"]), st.integers(1, 4)),
    st.builds(asks, st.just("last-x-hours"), st.integers(1, 60)),
    st.builds(asks, st.sampled_from(["last-x-weeks", "last-x-months", "olderthan-x-months"]), st.just(1)),
)
others = st.sampled_from([{"column": "t", "op": "null"}, {"column": "t", "op": "not-null"}])
trees = st.recursive(
    dates | others | dates.map(lambda one: one | {"column": "e"}),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=4,
)
rows = st.lists(st.fixed_dictionaries({"_lead_value": st.just("1"), "on": values, "d": values}), max_size=3)
counted = st.fixed_dictionaries(
    {"table": st.just("visit"), "lead": st.just("lead"), "at": st.just("on")},
    optional={
        "where": dates | st.fixed_dictionaries({"not": dates}),
        "within_days": st.integers(1, 5),
        "half_life_days": st.integers(1, 9),
    },
)
groups = st.one_of(
    st.fixed_dictionaries({"name": st.just("g"), "points": st.just(7), "when": trees}),
    st.fixed_dictionaries({"name": st.just("g"), "points": st.just(7), "interactions": counted}),
)
MANY = [MINUTE * far for far in range(1, 60 * 24 * 8, 7)]


@settings(max_examples=60, deadline=None)
@given(groups, st.none() | trees, st.sampled_from(ZONES), values, values, rows, minutes)
def test_a_score_holds_until_valid_until_and_changes_there(
    group: dict[str, object],
    entry: dict[str, object] | None,
    zone: str,
    one: str,
    other: str,
    visits: list[dict[str, object]],
    far: int,
) -> None:
    scorer = compile_model(parse_model({"model": "M", "time_zone": zone, "entry": entry, "groups": [group]}))
    facts, at = Facts({"leadid": "1", "d": one, "e": other}, {"visit": visits}), START + far * MINUTE
    score = scorer.score(facts, at)
    until = score.valid_until
    if until is not None:
        before = scorer.score(facts, until - TICK)
        assert (before, before.valid_until) == (score, until)
        after = scorer.score(facts, until)
        assert after.lines != score.lines or has_faded_or_swapped(group, after, score)
    for span in MANY:
        if until is not None and at + span >= until:
            break
        assert scorer.score(facts, at + span) == score


def has_faded_or_swapped(group: dict[str, object], after: Score, score: Score) -> bool:
    """Worth fades by less than a point, or one event leaves as another comes: it *may* change then."""
    return "interactions" in group and after.lines == score.lines
