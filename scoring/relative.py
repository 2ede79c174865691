"""Relative dates: which values an operator means at an instant, and during which instants it means a value.

Each operator is a window that moves with time. Day by day, both its ends are functions of today that never go back:
from that alone follows when a value enters and leaves it. Days are those of the model's time zone.

Sources: the descriptions in Microsoft's ConditionOperator reference ("the value is within the last X days", last-week
"including Sunday through Saturday"), and for where the spans begin, which it leaves open,
markcarrington.dev/2020/08/25/fetchxml-date-filtering: last-x and older-than spans start at a midnight, and last-x and
next-x spans end and begin now. An hour is 60 minutes back from now: that, and no full hour, is what is documented.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from scoring.days import NEVER, day_of, midnight, month, months_before, plus, week, year
from scoring.moments import later

HOURS: Final = "last-x-hours"

_TICK = timedelta.resolution  # ends are exclusive and beginnings inclusive, everywhere
_SEARCH_DAYS = 40_000  # further than any window reaches: a century is the most
_FIRST = datetime.min.replace(tzinfo=NEVER.tzinfo)

Edge = Callable[[date, int], date]
"""From today and the operator's number to a day; never earlier on a later day."""


@dataclass(frozen=True, slots=True)
class Window:
    """The values from `low` up to and without `high`, each a midnight, or now where it is None."""

    low: Edge | None
    high: Edge | None
    has_low: bool = True

    def span(self, count: int, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """The values that it holds at that instant: from the first up to and without the second."""
        today, now = day_of(at, zone), _next_tick(at)
        low = now if self.low is None else midnight(self.low(today, count), zone)
        high = now if self.high is None else midnight(self.high(today, count), zone)
        return (low if self.has_low else _FIRST), high

    def instants(self, count: int, value: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """The instants at which it holds the value: from the first up to and without the second."""
        day = day_of(value, zone)
        begins = value if self.high is None else _passes(self.high, count, day, zone)
        if not self.has_low:
            return begins, NEVER
        return begins, value if self.low is None else _passes(self.low, count, day, zone)


def span(op: str, count: int, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The values that the operator means at that instant: from the first up to and without the second."""
    if op != HOURS:
        return RELATIVE[op].span(count, at, zone)
    now = _next_tick(at)
    return (now - timedelta(hours=count) if at.year > 1000 else _FIRST), now


@lru_cache(maxsize=16_384)
def instants(op: str, count: int, value: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants at which the operator means the value: from the first up to and without the second."""
    if op != HOURS:
        return RELATIVE[op].instants(count, value, zone)
    return value, later(value, timedelta(hours=count)) or NEVER


@lru_cache(maxsize=65_536)
def _passes(edge: Edge, count: int, day: date, zone: tzinfo) -> datetime:
    """The midnight from which on the edge lies after the day."""
    low, high = plus(day, -_SEARCH_DAYS), plus(day, _SEARCH_DAYS)
    if edge(high, count) <= day:
        return NEVER
    while low < high:
        middle = plus(low, (high - low).days // 2)
        if edge(middle, count) > day:
            high = middle
        else:
            low = plus(middle, 1)
    return midnight(low, zone)


def _next_tick(at: datetime) -> datetime:
    return later(at, _TICK) or NEVER


RELATIVE: Final[Mapping[str, Window]] = MappingProxyType(
    {
        "today": Window(lambda today, _: today, lambda today, _: plus(today, 1)),
        "yesterday": Window(lambda today, _: plus(today, -1), lambda today, _: today),
        "last-x-days": Window(lambda today, count: plus(today, -count), None),
        "last-x-weeks": Window(lambda today, count: plus(today, -7 * count), None),
        "last-x-months": Window(months_before, None),
        "last-x-years": Window(lambda today, count: months_before(today, 12 * count), None),
        "olderthan-x-days": Window(None, lambda today, count: plus(today, -count), has_low=False),
        "olderthan-x-months": Window(None, months_before, has_low=False),
        "this-week": Window(lambda today, _: week(today), lambda today, _: plus(week(today), 7)),
        "last-week": Window(lambda today, _: plus(week(today), -7), lambda today, _: week(today)),
        "this-month": Window(lambda today, _: month(today), lambda today, _: month(today, 1)),
        "last-month": Window(lambda today, _: month(today, -1), lambda today, _: month(today)),
        "this-year": Window(lambda today, _: year(today), lambda today, _: year(today, 1)),
        "last-year": Window(lambda today, _: year(today, -1), lambda today, _: year(today)),
        "next-x-days": Window(None, lambda today, count: plus(today, count + 1)),
    }
)
