"""The events of a lead, and the counts that need more than a look at each: those that fade, those that time turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.events import Window, sooner
from scoring.facts import Row
from scoring.turning import Frame

Event = tuple[datetime, Row]
Part = int | tuple[int, int]
"""A group's part in a score: how many events count; with a half-life, what they are worth by now as well."""
Counted = tuple[Part, datetime | None]
"""The part, and the first instant at which time alone may change it."""


def faded(window: Window, points: int) -> Callable[[Sequence[datetime], datetime, Frame], Counted]:
    """Counts events that lose worth with age, of those that meet a group's condition."""

    def count(events: Sequence[datetime], at: datetime, _frame: Frame) -> Counted:
        counted = [event for event in events if window.holds(event, at)]
        change = None
        for event in events:
            change = sooner(change, window.turns(event, at))
        for event in counted:
            change = sooner(change, window.fades(event, at))
        return (len(counted), window.worth(counted, at, points)), change

    return count


@dataclass(frozen=True, slots=True)
class TurningCondition:
    """A condition on rows over relative dates: whether a row meets it in a frame, and when that turns by time alone."""

    holds: Callable[[Row, Frame], bool]
    next_turn: Callable[[Row, datetime, bool], datetime | None]
    frame: Callable[[datetime], Frame]


def turned(
    window: Window, points: int, where: TurningCondition
) -> Callable[[Sequence[Event], datetime, Frame], Counted]:
    """Counts the events whose row meets a condition that time turns."""

    def count(events: Sequence[Event], at: datetime, frame: Frame) -> Counted:
        counted, change = [], None
        for event, row in events:
            if where.holds(row, frame) and window.holds(event, at):
                counted.append(event)
            change = sooner(change, _next_turn(window, where, event, row, at))
        part = len(counted)
        return part if window.half_life_days is None else (part, window.worth(counted, at, points)), change

    return count


def _next_turn(window: Window, where: TurningCondition, event: datetime, row: Row, at: datetime) -> datetime | None:
    """The first instant after `at` at which it is otherwise whether the event counts, or at which it loses worth."""
    meets, turn = where.holds(row, where.frame(at)), at
    counts = meets and window.holds(event, at)
    fades = window.fades(event, at) if counts else None
    while True:
        # Either may turn without the other: the event counts while both hold.
        found = sooner(window.turns(event, turn), where.next_turn(row, turn, meets))
        if found is None or (fades is not None and fades <= found):
            return fades
        turn, meets = found, where.holds(row, where.frame(found))
        if (meets and window.holds(event, turn)) is not counts:
            return turn
