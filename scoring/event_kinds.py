"""Kinds of rows: which groups count a row, where that is asked of one text column alone, as types of events are.

Such a column has few spellings. Each is looked at once and then known, so that a row of eight groups takes one look
into a dict in place of eight comparisons.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from scoring import syntax
from scoring.conditions import Condition, walk
from scoring.event_groups import EventGroup
from scoring.facts import Row
from scoring.readings import Form
from scoring.row_code import RowCode

Count = tuple[int, int, timedelta | None]
"""What one event adds to the findings, where in the frame its window begins, and how long it counts."""

_KEPT, _LONGEST = 1024, 100
_OF_TEXT = frozenset({Form.TEXT, Form.PATTERN, Form.RAW})
_NO_ROW: Row = {}


class Kinds(dict[str | None, tuple[Count, ...]]):
    """By the text of the column, how the groups that a row of it meets count the event."""

    def __init__(self, meets: Callable[[object, Row], Sequence[bool]], counts: Sequence[Count]) -> None:
        super().__init__()
        self._meets, self._counts = meets, counts

    def __missing__(self, text: str | None) -> tuple[Count, ...]:
        """How a text counts that is new: kept, unless it is so long that others like it are unlikely."""
        found = self.of(text, _NO_ROW)
        if text is None or len(text) <= _LONGEST:
            if len(self) >= _KEPT:
                self.clear()
            self[text] = found
        return found

    def of(self, value: object, row: Row) -> tuple[Count, ...]:
        """How any value of a row counts; FactError where it is no text."""
        return tuple([count for count, met in zip(self._counts, self._meets(value, row), strict=True) if met])


def of_one_text(code: RowCode, groups: Sequence[EventGroup]) -> list[EventGroup]:
    """The groups that ask of one text column alone, the same for all; none where they are too few to be worth it."""
    by_column: dict[str, list[EventGroup]] = {}
    for group in groups:
        where = group.rows.where
        if group.unit is not None and where is not None and (column := _text_column(code, where)) is not None:
            by_column.setdefault(column, []).append(group)
    most = max(by_column.values(), key=len, default=[])
    return most if len(most) > 1 else []


def kinds_of(code: RowCode, groups: Sequence[EventGroup]) -> tuple[str, Kinds]:
    """The column that these groups ask of, and the kinds that it tells apart; `code` is about the row."""
    wheres = [group.rows.where for group in groups if group.rows.where is not None]
    column = next(asked.column for _, asked in walk(wheres[0], ()))
    code = code.anew()
    code.foresee(wheres)
    code.variables[column, None] = "text"
    reads = [statement for where in wheres for statement in code.reads(where)]
    met = syntax.row_of([code.holds(where) for where in wheres])
    meets = code.function("meets", ["text", code.row], [*reads, syntax.give(met)])
    return column, Kinds(meets, [_count(code, group) for group in groups])


def _text_column(code: RowCode, where: Condition) -> str | None:
    asked = [one for _, one in walk(where, ())]
    columns = {one.column for one in asked}
    return columns.pop() if len(columns) == 1 and all(code.question(one).form in _OF_TEXT for one in asked) else None


def _count(code: RowCode, group: EventGroup) -> Count:
    if group.unit is None:
        raise TypeError(group)
    return group.unit, code.frames.before(group.within), group.within
