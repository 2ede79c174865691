"""The Microsoft.Dynamics.CRM functions of `$filter` but In and NotIn: relative dates, ranges, members of multi-choices.

Days, weeks, months and years are those of UTC: the caller's user settings name no other zone. A week begins on Sunday,
as in an organisation that was never asked. "Last x" spans end now and begin with a day; hours count back from now.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError, QuerySyntaxError, UnsupportedError
from emulator.web_api.filter_tree import QueryFunction
from emulator.web_api.metadata import MULTIPLE, Column
from emulator.web_api.values import moment, stored_date, stored_moment

Span = tuple[datetime | None, datetime | None]
Condition = tuple[str, list[SqlValue]]

_COUNT_MAX = 1_000_000


def function_condition(function: QueryFunction, sql: str, column: Column, now: datetime) -> Condition:
    """The condition on a column's SQL, with its parameters; UnsupportedError for a function that is not done."""
    now = now.astimezone(UTC)
    name, values = function.name, function.values
    if name in {"Between", "NotBetween"}:
        return _between(function, sql, column)
    if name in {"ContainValues", "DoesNotContainValues"}:
        return _containing(function, sql, column)
    if name in {"On", "OnOrAfter", "OnOrBefore"}:
        return _within(_on(name, _moment(function)), sql, column)
    if name in _FIXED:
        _require_values(function, 0)
        return _within(_FIXED[name](now), sql, column)
    if name in _COUNTED:
        _require_values(function, 1)
        if not values[0].isdecimal() or not 0 < int(values[0]) <= _COUNT_MAX:
            raise _invalid(function)
        try:
            span = _COUNTED[name](now, int(values[0]))
        except (ValueError, OverflowError):
            raise _invalid(function) from None
        return _within(span, sql, column)
    message = f"Microsoft.Dynamics.CRM.{name} in $filter"
    raise UnsupportedError(message)


def _within(span: Span, sql: str, column: Column) -> Condition:
    if column.type != "DateTime":
        message = f"The column {column.logical_name} is not a date."
        raise BadRequestError(message, "0x80060888")
    start, end = span
    bounds = [(">=", start), ("<", end)]
    conditions = [f"{sql} {sign} ?" for sign, bound in bounds if bound is not None]
    return "(" + " AND ".join(conditions) + ")", [_stored(bound, column) for _, bound in bounds if bound is not None]


def _stored(bound: datetime, column: Column) -> str:
    return moment(bound)[:10] if column.date_only else moment(bound)


def _between(function: QueryFunction, sql: str, column: Column) -> Condition:
    _require_values(function, 2)
    try:
        if column.type == "DateTime":
            reader: Callable[[str], SqlValue] = stored_date if column.date_only else stored_moment
        else:
            reader = str if column.is_text else float
        low, high = (reader(value) for value in function.values)
    except ValueError:
        raise _invalid(function) from None
    condition = f"({sql} BETWEEN ? AND ?)"
    return (f"{condition} IS NOT TRUE" if function.name == "NotBetween" else condition), [low, high]


def _containing(function: QueryFunction, sql: str, column: Column) -> Condition:
    if column.type != MULTIPLE or not function.values or not all(value.isdecimal() for value in function.values):
        raise _invalid(function)
    condition = "(" + " OR ".join([f"instr({sql}, ?) > 0"] * len(function.values)) + ")"
    parameters: list[SqlValue] = [f",{value}," for value in function.values]
    return (f"{condition} IS NOT TRUE" if function.name == "DoesNotContainValues" else condition), parameters


def _moment(function: QueryFunction) -> datetime:
    _require_values(function, 1)
    text = function.values[0]
    try:
        day = stored_date(text) if len(text) == 10 else stored_moment(text)
    except ValueError:
        raise _invalid(function) from None
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _on(name: str, at: datetime) -> Span:
    start = _day(at)
    end = start + timedelta(days=1)
    return (None if name == "OnOrBefore" else start), (None if name == "OnOrAfter" else end)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _week(at: datetime) -> datetime:
    return _day(at) - timedelta(days=(at.weekday() + 1) % 7)


def _month(at: datetime, offset: int = 0) -> datetime:
    months = at.year * 12 + at.month - 1 + offset
    return _day(at).replace(year=months // 12, month=months % 12 + 1, day=1)


def _months_ago(at: datetime, count: int) -> datetime:
    first = _month(at, -count)
    last_day = (_month(first, 1) - timedelta(days=1)).day
    return first.replace(day=min(at.day, last_day), hour=at.hour, minute=at.minute, second=at.second)


def _year(at: datetime, offset: int = 0) -> datetime:
    return _month(at.replace(month=1, day=1), 12 * offset)


def _days(start: datetime, first: int, last: int) -> Span:
    return start + timedelta(days=first), start + timedelta(days=last)


_FIXED: Mapping[str, Callable[[datetime], Span]] = {
    "Today": lambda now: _days(_day(now), 0, 1),
    "Yesterday": lambda now: _days(_day(now), -1, 0),
    "Tomorrow": lambda now: _days(_day(now), 1, 2),
    "Last7Days": lambda now: (_day(now) - timedelta(days=7), now),
    "Next7Days": lambda now: (now, _day(now) + timedelta(days=8)),
    "ThisWeek": lambda now: _days(_week(now), 0, 7),
    "LastWeek": lambda now: _days(_week(now), -7, 0),
    "NextWeek": lambda now: _days(_week(now), 7, 14),
    "ThisMonth": lambda now: (_month(now), _month(now, 1)),
    "LastMonth": lambda now: (_month(now, -1), _month(now)),
    "NextMonth": lambda now: (_month(now, 1), _month(now, 2)),
    "ThisYear": lambda now: (_year(now), _year(now, 1)),
    "LastYear": lambda now: (_year(now, -1), _year(now)),
    "NextYear": lambda now: (_year(now, 1), _year(now, 2)),
}
_COUNTED: Mapping[str, Callable[[datetime, int], Span]] = {
    "LastXHours": lambda now, count: (now - timedelta(hours=count), now),
    "LastXDays": lambda now, count: (_day(now) - timedelta(days=count), now),
    "LastXWeeks": lambda now, count: (_day(now) - timedelta(weeks=count), now),
    "LastXMonths": lambda now, count: (_day(_months_ago(now, count)), now),
    "LastXYears": lambda now, count: (_day(_months_ago(now, 12 * count)), now),
    "NextXHours": lambda now, count: (now, now + timedelta(hours=count)),
    "NextXDays": lambda now, count: (now, _day(now) + timedelta(days=count + 1)),
    "OlderThanXMinutes": lambda now, count: (None, now - timedelta(minutes=count)),
    "OlderThanXHours": lambda now, count: (None, now - timedelta(hours=count)),
    "OlderThanXDays": lambda now, count: (None, now - timedelta(days=count)),
    "OlderThanXWeeks": lambda now, count: (None, now - timedelta(weeks=count)),
    "OlderThanXMonths": lambda now, count: (None, _months_ago(now, count)),
    "OlderThanXYears": lambda now, count: (None, _months_ago(now, 12 * count)),
}


def _require_values(function: QueryFunction, count: int) -> None:
    if len(function.values) != count:
        raise _invalid(function)


def _invalid(function: QueryFunction) -> QuerySyntaxError:
    shown = ", ".join(value[:50] for value in function.values)
    return QuerySyntaxError(f"The values ({shown}) are not valid for {function.name}.")
