"""Events in time: which count at an instant, what they are worth by then, and when that changes by itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from scoring.moments import later

_WEEK = timedelta(days=7)
_DIGITS = 28


@dataclass(frozen=True, slots=True)
class Window:
    """An event counts from its instant until `within` has passed; with a half-life it loses worth once a week."""

    within: timedelta | None
    half_life_days: int | None

    def holds(self, event: datetime, at: datetime) -> bool:
        """Whether at - within < event <= at."""
        if event > at:
            return False
        leaves = None if self.within is None else later(event, self.within)
        return leaves is None or at < leaves

    def turns(self, event: datetime, at: datetime) -> datetime | None:
        """The first instant after `at` at which the event enters or leaves."""
        if event > at:
            return event
        leaves = None if self.within is None else later(event, self.within)
        return leaves if leaves is not None and leaves > at else None

    def fades(self, event: datetime, at: datetime) -> datetime | None:
        """The first instant after `at` at which an event that counts then loses worth."""
        return None if self.half_life_days is None else later(event, ((at - event) // _WEEK + 1) * _WEEK)

    def worth(self, counted: Sequence[datetime], at: datetime, points: int) -> int:
        """`points` for each event, decayed: summed first, then rounded half away from zero."""
        if self.half_life_days is None:
            return points * len(counted)
        # By week and in order: a sum at 28 digits must not depend on the order in which rows were read.
        return _worth(tuple(sorted((at - event) // _WEEK for event in counted)), self.half_life_days, points)


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two instants, of which either may be never."""
    if one is None or other is None:
        return one or other
    return min(one, other)


@lru_cache(maxsize=16_384)
def _worth(weeks: tuple[int, ...], half_life_days: int, points: int) -> int:
    context = Context(prec=_DIGITS, rounding=ROUND_HALF_UP)
    total = Decimal(0)
    for age, events in Counter(weeks).items():
        total = context.add(total, context.multiply(events, _decay(age, half_life_days)))
    return int(context.multiply(points, total).to_integral_value(ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def _decay(weeks: int, half_life_days: int) -> Decimal:
    context = Context(prec=_DIGITS, rounding=ROUND_HALF_UP)
    return context.power(2, context.divide(-7 * weeks, half_life_days))
