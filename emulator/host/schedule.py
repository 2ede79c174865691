"""NCRONTAB, the schedules of timer triggers: second minute hour day month weekday, in UTC."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from emulator.host.errors import ScheduleError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _WEEKDAYS),
)
_PART = re.compile(r"(?P<first>\*|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?", re.ASCII)
# 29 February on a given weekday comes back within 40 years, over a century that has no leap day.
_MAX_DAYS = 41 * 366


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule; `next_after` is its only question."""

    expression: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, at: datetime) -> datetime:
        """The first occurrence strictly after `at`; day and weekday must both match, as in NCrontab."""
        begin = at.replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(_MAX_DAYS):
            day = begin.date() + timedelta(days=ahead)
            if self._runs_on(day):
                found = self._first_time(begin.time() if ahead == 0 else time.min)
                if found is not None:
                    return datetime.combine(day, found, tzinfo=at.tzinfo)
        raise ScheduleError(self.expression, "it never occurs")

    def _runs_on(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays

    def _first_time(self, earliest: time) -> time | None:
        times = (
            time(hour, minute, second)
            for hour in self.hours
            if hour >= earliest.hour
            for minute in self.minutes
            for second in self.seconds
        )
        return next((one for one in times if one >= earliest), None)


def parse(expression: str) -> Schedule:
    """Six fields of `*`, `a`, `a-b`, each with `/n`, in comma lists; months and weekdays also by three letters."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(expression, f"it has {len(fields)} fields, not the six from second to weekday")
    values = [
        sorted({value for part in field.split(",") for value in _values(expression, part, *bounds)})
        for field, bounds in zip(fields, _FIELDS, strict=True)
    ]
    seconds, minutes, hours, days, months, weekdays = values
    return Schedule(
        expression,
        tuple(seconds),
        tuple(minutes),
        tuple(hours),
        frozenset(days),
        frozenset(months),
        frozenset(weekdays),
    )


def _values(expression: str, part: str, name: str, low: int, high: int, names: tuple[str, ...]) -> range:
    match = _PART.fullmatch(part)
    if match is None or (match["first"] == "*" and match["last"]):
        raise ScheduleError(expression, f"{part!r} is not a {name}")
    step = int(match["step"] or 1)
    if match["first"] == "*":
        first, last = low, high
    else:
        first = _number(expression, match["first"], name, low, names)
        # A single value with a step runs on to the end of the field: 5/15 is 5, 20, 35, 50.
        end = high if match["step"] else first
        last = _number(expression, match["last"], name, low, names) if match["last"] else end
    if step < 1 or not low <= first <= last <= high:
        raise ScheduleError(expression, f"{part!r} is not a {name} from {low} to {high}")
    return range(first, last + 1, step)


def _number(expression: str, text: str, name: str, low: int, names: tuple[str, ...]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not text.isdecimal():
        raise ScheduleError(expression, f"{text!r} is not a {name}")
    return int(text)
