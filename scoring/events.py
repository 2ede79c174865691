"""Events in time: which count at an instant, what they are worth by then, and when that changes by itself."""

from collections import Counter
from collections.abc import Iterable, Sequence
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

    def counted(self, events: Iterable[datetime], at: datetime) -> list[datetime]:
        """The events for which at - within < event <= at."""
        return [event for event in events if event <= at and not self._has_left(event, at)]

    def next_change(self, events: Iterable[datetime], at: datetime) -> datetime | None:
        """The first instant after `at` when an event enters, leaves or loses worth; None when time changes nothing."""
        return min((change for event in events if (change := self._next_change(event, at)) is not None), default=None)

    def worth(self, counted: Sequence[datetime], at: datetime, points: int) -> int:
        """`points` for each event, decayed: summed first, then rounded half away from zero."""
        if self.half_life_days is None:
            return points * len(counted)
        context = Context(prec=_DIGITS, rounding=ROUND_HALF_UP)
        total = Decimal(0)
        # By week and in order: a sum at 28 digits must not depend on the order in which rows were read.
        for weeks, events in sorted(Counter((at - event) // _WEEK for event in counted).items()):
            total = context.add(total, context.multiply(events, _decay(weeks, self.half_life_days)))
        return int(context.multiply(points, total).to_integral_value(ROUND_HALF_UP))

    def _has_left(self, event: datetime, at: datetime) -> bool:
        leaves = None if self.within is None else later(event, self.within)
        return leaves is not None and leaves <= at

    def _next_change(self, event: datetime, at: datetime) -> datetime | None:
        if event > at:
            return event
        if self._has_left(event, at):
            return None
        leaves = None if self.within is None else later(event, self.within)
        fades = None if self.half_life_days is None else later(event, ((at - event) // _WEEK + 1) * _WEEK)
        return min((change for change in (leaves, fades) if change is not None), default=None)


@lru_cache(maxsize=4096)
def _decay(weeks: int, half_life_days: int) -> Decimal:
    context = Context(prec=_DIGITS, rounding=ROUND_HALF_UP)
    return context.power(2, context.divide(-7 * weeks, half_life_days))
