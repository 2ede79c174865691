"""Groups compiled, once, to closures: facts and an instant -> the group's line, and when time alone may change it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from scoring.belonging import comparable_id, contact_id, lead_id
from scoring.definition import Group, Interactions
from scoring.errors import FactError
from scoring.events import Window
from scoring.facts import Facts, Row, column_reader, lookup_value
from scoring.matching import Dialect, RowTest, row_test
from scoring.moments import instant, moment
from scoring.score import Line
from scoring.values import Reading

GroupScorer = Callable[[Facts, datetime], tuple[Line, datetime | None]]


def group_scorer(group: Group, dialect: Dialect) -> GroupScorer:
    """The group as a function of facts and an instant."""
    if group.when is not None:
        return _attribute_scorer(group, row_test(group.when, dialect))
    if group.interactions is not None:
        return _interaction_scorer(group, group.interactions, dialect)
    raise TypeError(group)


def _attribute_scorer(group: Group, holds: RowTest) -> GroupScorer:
    matched = Line(
        group.name, matched=True, events=None, points=group.points, points_applied=_capped(group.points, group.cap)
    )
    missed = Line(group.name, matched=False, events=None, points=0, points_applied=0)
    return lambda facts, _at: (matched if holds(facts.lead) else missed, None)


def _interaction_scorer(group: Group, rows: Interactions, dialect: Dialect) -> GroupScorer:
    events_of = _event_reader(rows, dialect)
    window = Window(timedelta(days=rows.within_days) if rows.within_days else None, rows.half_life_days)

    def score(facts: Facts, at: datetime) -> tuple[Line, datetime | None]:
        events = list(events_of(facts))
        counted = window.counted(events, at)
        if rows.count == "each":
            matched, points, worth = bool(counted), group.points * len(counted), window.worth(counted, at, group.points)
        else:
            matched = not counted if rows.count == "none" else len(counted) >= (rows.n or 1)
            points = worth = group.points if matched else 0
        line = Line(group.name, matched, len(counted), points, _capped(worth, group.cap))
        return line, window.next_change(events, at)

    return score


def _event_reader(rows: Interactions, dialect: Dialect) -> Callable[[Facts], Iterator[datetime]]:
    """The instants of the lead's own events that meet the condition, those to come included."""
    read_at = column_reader(rows.at)
    reading = Reading(f"{rows.table}.{rows.at}", dialect.zone, dialect.accent_sensitive)
    wanted = row_test(rows.where, dialect, rows.table) if rows.where is not None else None

    def events_of(facts: Facts) -> Iterator[datetime]:
        found = facts.interactions.get(rows.table, ())
        if not found:
            return
        lead, contact = lead_id(facts.lead), contact_id(facts.lead)
        for row in found:
            if _belongs(row, rows, lead, contact) and (wanted is None or wanted(row)):
                at = read_at(row)
                if at is not None and at != "":
                    yield _instant(at, reading)

    return events_of


def _belongs(row: Row, rows: Interactions, lead: str, contact: str | None) -> bool:
    if rows.lead is not None and comparable_id(lookup_value(row, rows.lead)) == lead:
        return True
    return (
        rows.contact is not None and contact is not None and comparable_id(lookup_value(row, rows.contact)) == contact
    )


def _instant(value: object, reading: Reading) -> datetime:
    named = moment(reading.text(value))
    if named is None:
        raise FactError(reading.column, "a date", "other text")
    return instant(named, reading.zone)


def _capped(points: int, cap: int | None) -> int:
    return points if cap is None else max(-cap, min(points, cap))
