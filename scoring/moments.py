"""Calendar days, instants and time zones, from ISO 8601 text and the pinned tzdata package."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?P<time>[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?", re.ASCII
)
FIRST_YEAR = 1753  # what a date column of Dataverse can hold begins here
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Moment = date | datetime
"""A calendar day (a plain date) or a point in time (a datetime, without zone when the text names none)."""


def moment(text: str) -> Moment | None:
    """The calendar day or point in time that ISO 8601 text names; None when it names neither."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    try:
        named: Moment = datetime.fromisoformat(text.upper()) if match["time"] else date.fromisoformat(text)
    except ValueError:
        return None
    return named if named.year >= FIRST_YEAR else None


def instant(named: Moment, zone: tzinfo) -> datetime:
    """The moment as an instant in UTC: a day is its midnight in `zone`, and a time without an offset is local there."""
    if not isinstance(named, datetime):
        named = datetime.combine(named, time.min)
    if named.tzinfo is None:
        named = named.replace(tzinfo=zone)
    try:
        return named.astimezone(UTC)
    except OverflowError:  # 9999-12-31 west of Greenwich
        return _END_OF_TIME


def comparable(one: Moment, other: Moment, zone: tzinfo) -> tuple[Moment, Moment]:
    """Two days as days, anything else as instants."""
    if isinstance(one, datetime) or isinstance(other, datetime):
        return instant(one, zone), instant(other, zone)
    return one, other


def later(start: datetime, span: timedelta) -> datetime | None:
    """`start` + `span`, or None when that is past the end of the calendar, which is never."""
    try:
        return start + span
    except OverflowError:
        return None


@cache
def zone_names() -> frozenset[str]:
    """The IANA names that the tzdata package knows."""
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split())


@cache
def zone(name: str) -> tzinfo:
    """The zone of that name (one of `zone_names`), from tzdata and not from the machine, so that a replay is exact."""
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
