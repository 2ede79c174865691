"""Calendar days in a time zone: when they begin, and which one it is."""

import calendar
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from scoring.moments import instant

NEVER = datetime.max.replace(tzinfo=UTC)
_FIRST, _LAST = date(2, 1, 1).toordinal(), date.max.toordinal()


@lru_cache(maxsize=65_536)
def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which the day begins, in UTC; where the clocks skip midnight or repeat it, the first such instant.

    Never later than the midnight of a later day, whatever the clocks do.
    """
    return instant(day, zone)


def day_of(at: datetime, zone: tzinfo) -> date:
    """The last day that has begun at that instant."""
    try:
        day = at.astimezone(zone).date()
    except OverflowError:  # the last hours of 9999, east of Greenwich
        return date.max
    # Clocks that are set back over midnight show the day before once more.
    following = plus(day, 1)
    return following if day < following and midnight(following, zone) <= at else day


def plus(day: date, days: int) -> date:
    """So many days later, within the calendar."""
    return date.fromordinal(min(max(day.toordinal() + days, _FIRST), _LAST))


def week(day: date) -> date:
    """The first day of its week, a Sunday: Dataverse documents last-week as Sunday through Saturday."""
    return plus(day, -((day.weekday() + 1) % 7))


def month(day: date, months: int = 0) -> date:
    """The first day of the month so many months later, within the calendar."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(min(max(year, 2), date.max.year), index + 1, 1)


def year(day: date, years: int = 0) -> date:
    """The first day of the year so many years later, within the calendar."""
    return month(day.replace(month=1, day=1), 12 * years)


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier, or that month's last."""
    first = month(day, -months)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))
