"""Query functions: each name with the values it takes, every other one refused by name."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataverse import Filter, InvalidRequestError
from dataverse.odata import contains, endswith, startswith
from dataverse.query_functions import Counted, Day, Listed, Moment, Ranged, counted, day, listed, moment, ranged

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
CRM = "Microsoft.Dynamics.CRM."


@pytest.mark.parametrize("name", get_args(Moment))
def test_a_span_that_its_name_says_takes_no_value(name: Moment) -> None:
    assert moment(name, "createdon").expression == f"{CRM}{name}(PropertyName='createdon')"


@pytest.mark.parametrize("name", get_args(Counted))
def test_a_span_of_so_many_units_takes_a_number(name: Counted) -> None:
    assert counted(name, "createdon", 28).expression == f"{CRM}{name}(PropertyName='createdon',PropertyValue=28)"


@pytest.mark.parametrize("name", get_args(Day))
@pytest.mark.parametrize("value", [date(2026, 8, 1), datetime(2026, 8, 1, 23, tzinfo=UTC)])
def test_a_day_is_a_text_without_a_time(name: Day, value: date) -> None:
    assert (
        day(name, "createdon", value).expression == f"{CRM}{name}(PropertyName='createdon',PropertyValue='2026-08-01')"
    )


@pytest.mark.parametrize("name", get_args(Listed))
@given(values=st.lists(UNICODE, min_size=1, max_size=4))
def test_values_of_a_list_come_back_as_they_went_in(name: Listed, values: list[str]) -> None:
    found = re.fullmatch(
        rf"{re.escape(CRM)}{name}\(PropertyName='statuscode',PropertyValues=(.*)\)",
        listed(name, "statuscode", values).expression,
        re.DOTALL,
    )
    assert found is not None
    assert json.loads(found.group(1)) == values


@pytest.mark.parametrize("name", get_args(Ranged))
def test_a_range_has_two_ends(name: Ranged) -> None:
    numbers = ranged(name, "revenue", 1, 10).expression
    assert numbers == f'{CRM}{name}(PropertyName=\'revenue\',PropertyValues=["1","10"])'
    days = ranged(name, "createdon", date(2026, 8, 1), datetime(2026, 8, 2, tzinfo=UTC)).expression
    assert days.endswith('PropertyValues=["2026-08-01","2026-08-02T00:00:00Z"])')


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="time zone"):
        ranged("Between", "createdon", datetime(2026, 8, 1), 1)  # noqa: DTZ001  the naive one is the case


@pytest.mark.parametrize(
    "build",
    [
        lambda: moment("LastXDays", "createdon"),  # type: ignore[arg-type]
        lambda: moment("today", "createdon"),  # type: ignore[arg-type]
        lambda: moment("Today(PropertyName='a') or x", "createdon"),  # type: ignore[arg-type]
        lambda: counted("Today", "createdon", 1),  # type: ignore[arg-type]
        lambda: day("Between", "createdon", date(2026, 1, 1)),  # type: ignore[arg-type]
        lambda: listed("On", "createdon", [1]),  # type: ignore[arg-type]
        lambda: ranged("In", "createdon", 1, 2),  # type: ignore[arg-type]
        lambda: moment("EqualUserId", "ownerid"),  # type: ignore[arg-type]
    ],
)
def test_a_name_with_other_values_or_no_name_at_all_is_refused(build: Callable[[], Filter]) -> None:
    with pytest.raises(InvalidRequestError, match="none of those"):
        build()


@pytest.mark.parametrize("count", [0, -1, 2**31, True])
def test_a_count_of_units_is_a_whole_number_from_one_on(count: int) -> None:
    with pytest.raises(InvalidRequestError, match="whole number"):
        counted("LastXDays", "createdon", count)


def test_a_column_of_another_table_or_with_an_operator_is_refused() -> None:
    for column in ("parentaccountid/name", "a' or b", "Name"):
        with pytest.raises(InvalidRequestError, match="column"):
            moment("Today", column)


@pytest.mark.parametrize("values", [[], "text"])
def test_a_list_is_a_list_and_has_values(values: list[str] | str) -> None:
    with pytest.raises(InvalidRequestError, match=r"values? of a query function|at least one"):
        listed("In", "statuscode", values)


def like(pattern: str, text: str) -> bool:
    """SQL's LIKE with its wildcards, read by itself: a bracket holds one character."""
    parts = re.findall(r"\[(.)\]|(%)|(_)|(.)", pattern, re.DOTALL)
    expression = "".join(
        re.escape(one or plain) if one or plain else (".*" if many else ".") for one, many, _, plain in parts
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


@pytest.mark.parametrize("build", [contains, startswith, endswith])
@given(text=UNICODE, other=UNICODE)
def test_no_character_of_a_text_is_a_wildcard(build: Callable[[str, str], Filter], text: str, other: str) -> None:
    found = re.fullmatch(rf"{build.__name__}\(lastname,'(.*)'\)", build("lastname", text).expression, re.DOTALL)
    assert found is not None
    pattern = found.group(1).replace("''", "'")
    assert like(pattern, text)
    assert not like(pattern, other) or other == text


@pytest.mark.parametrize(
    ("text", "pattern"), [("50%", "50[%]"), ("a_b", "a[_]b"), ("[x]", "[[]x]"), ("O'Hara", "O''Hara")]
)
def test_wildcards_are_written_as_the_service_reads_them(text: str, pattern: str) -> None:
    assert contains("a/b", text).expression == f"contains(a/b,'{pattern}')"
