"""The platform's query functions on dates and on lists of values, as conditions; what is not named here is refused.

Relative dates are reckoned in the time zone of the calling user. Functions on fiscal periods, users and hierarchies
are not built here. Source: the Web API page "Query functions".
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from dataverse.errors import InvalidRequestError
from dataverse.odata import Filter, crm_function, literal, text_list

Moment: TypeAlias = Literal[
    "Today", "Yesterday", "Tomorrow",
    "ThisWeek", "ThisMonth", "ThisYear",
    "LastWeek", "LastMonth", "LastYear", "Last7Days",
    "NextWeek", "NextMonth", "NextYear", "Next7Days",
]  # fmt: skip
Counted: TypeAlias = Literal[
    "LastXHours", "LastXDays", "LastXWeeks", "LastXMonths", "LastXYears",
    "NextXHours", "NextXDays", "NextXWeeks", "NextXMonths", "NextXYears",
    "OlderThanXMinutes", "OlderThanXHours", "OlderThanXDays", "OlderThanXWeeks", "OlderThanXMonths", "OlderThanXYears",
]  # fmt: skip
Day: TypeAlias = Literal["On", "OnOrAfter", "OnOrBefore"]
Listed: TypeAlias = Literal["In", "NotIn", "ContainValues", "DoesNotContainValues"]
Ranged: TypeAlias = Literal["Between", "NotBetween"]


def moment(function: Moment, column: str) -> Filter:
    """A date column lies in a span that the function alone names: `moment("Today", "createdon")`."""
    return crm_function(_known(function, Moment), column)


def counted(function: Counted, column: str, count: int) -> Filter:
    """A date column lies in a span of so many hours, days and so on: `counted("LastXDays", "createdon", 28)`."""
    if isinstance(count, bool) or not 1 <= count < 2**31:
        raise InvalidRequestError("a count of a query function is no whole number from 1 on")
    return crm_function(_known(function, Counted), column, PropertyValue=str(count))


def day(function: Day, column: str, value: date) -> Filter:
    """A date column lies on, from or up to a day: `day("OnOrAfter", "createdon", date(2026, 8, 1))`."""
    text = date(value.year, value.month, value.day).isoformat()
    return crm_function(_known(function, Day), column, PropertyValue=literal(text))


def listed(function: Listed, column: str, values: Iterable[str | int | UUID]) -> Filter:
    """A column is one of the values, a choice has one of them, or not: `listed("NotIn", "statuscode", [1, 2])`."""
    return crm_function(_known(function, Listed), column, PropertyValues=text_list(values))


def ranged(function: Ranged, column: str, low: str | int | date, high: str | int | date) -> Filter:
    """A column lies between two values, both included, or not: `ranged("Between", "revenue", 1, 10)`."""
    texts = [literal(value) if isinstance(value, date) else value for value in (low, high)]
    return crm_function(_known(function, Ranged), column, PropertyValues=text_list(texts))


def _known(function: str, names: object) -> str:
    if function not in get_args(names):
        raise InvalidRequestError("the query function is none of those that take these values")
    return function
