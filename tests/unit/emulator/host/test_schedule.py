from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.host.errors import ScheduleError
from emulator.host.schedule import parse

SATURDAY = datetime(2026, 8, 1, 12, 34, 56, 789, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * *", "2026-08-01T12:34:57"),
        ("0 */5 * * * *", "2026-08-01T12:35:00"),
        ("30 */15 * * * *", "2026-08-01T12:45:30"),
        ("0 0 * * * *", "2026-08-01T13:00:00"),
        ("0 30 2 * * *", "2026-08-02T02:30:00"),
        ("0 0 9-17 * * 1-5", "2026-08-03T09:00:00"),
        ("0 0 9 * * MON", "2026-08-03T09:00:00"),
        ("0 0 0 * * 0", "2026-08-02T00:00:00"),
        ("0 0 0 1 JAN *", "2027-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 1,15 * *", "2026-08-15T00:00:00"),
        ("0 5/20 12 * * *", "2026-08-01T12:45:00"),
        ("0 0 8-20/4 * * *", "2026-08-01T16:00:00"),
        ("0 0 0 13 * 5", "2026-11-13T00:00:00"),
    ],
)
def test_the_next_occurrence_is_the_documented_one(expression: str, expected: str) -> None:
    assert parse(expression).next_after(SATURDAY) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "* * * * *", "00:05:00", "60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7"),
        *("*/0 * * * * *", "a * * * * *", "5-1 * * * * *", "*-3 * * * * *", "1,,2 * * * * *", "-1 * * * * *"),
        *("? * * * * *", "1/ * * * * *", "1- * * * * *", "MON * * * * *", "\u0661 * * * * *"),
    ],
)
def test_what_is_not_ncrontab_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError, match="NCRONTAB"):
        parse(expression)


def test_a_day_that_never_comes_is_an_error() -> None:
    with pytest.raises(ScheduleError, match="never"):
        parse("0 0 0 31 2 *").next_after(SATURDAY)


@given(
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - the zone is put on below
    step=st.sampled_from([1, 2, 5, 10, 15, 30]),
)
def test_occurrences_of_a_step_are_its_multiples_and_none_is_left_out(at: datetime, step: int) -> None:
    at = at.replace(tzinfo=UTC)
    found = parse(f"0 */{step} * * * *").next_after(at)
    assert found.second == 0
    assert found.minute % step == 0
    assert 0 < (found - at).total_seconds() <= step * 60
