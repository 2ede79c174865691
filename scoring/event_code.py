"""Code that goes once over the rows of a table, and counts them for their leads and for every group over such rows.

What is counted of a lead is kept in a list, its tally: first the instant at which time alone changes any of it, then
one entry for each group.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from scoring import syntax
from scoring.counting import TurningCondition, faded, turned
from scoring.definition import Interactions
from scoring.events import Window
from scoring.row_code import RowCode

ROW, TALLY, AT, FRAME = "row", "tally", "at", "frame"
"""The names of what the code finds when it runs."""

_EVENT, _TURN = "event", "turn"


@dataclass(frozen=True, slots=True)
class EventGroup:
    """A group over events, and its place in a tally."""

    name: str
    place: int
    points: int
    rows: Interactions

    @property
    def within(self) -> timedelta | None:
        """How long an event counts."""
        return span_of(self.rows)

    @property
    def window(self) -> Window:
        """Which events count, and how they fade."""
        return Window(self.within, self.rows.half_life_days)


def span_of(rows: Interactions) -> timedelta | None:
    """How long an event counts; None is for ever."""
    return timedelta(days=rows.within_days) if rows.within_days else None


def count_event(code: RowCode, read_at: ast.expr, at_column: ast.expr, groups: Sequence[EventGroup]) -> list[ast.stmt]:
    """The statements that count one row for the lead of a tally; `code` is about the row."""
    event = syntax.call(read_at, syntax.method(syntax.load(ROW), "get", at_column))
    statements: list[ast.stmt] = []
    for group in groups:
        where, tests = group.rows.where, list[ast.expr]()
        if is_judged_later(code, group):
            statements += _kept(code, group, syntax.row_of([syntax.load(_EVENT), syntax.load(ROW)]))
            continue
        if where is not None:
            statements += code.reads(where)
            tests.append(code.holds(where))
        if group.rows.half_life_days is not None:
            then = _kept(code, group, syntax.load(_EVENT))
        else:
            if group.within is not None:
                start = syntax.item(syntax.load(FRAME), code.frames.before(group.within))
                tests.append(syntax.compare(start, (ast.Lt, syntax.load(_EVENT))))
            then = _counted(code, group)
        statements += [syntax.when(syntax.every(tests), then)] if tests else then
    return [syntax.assign(_EVENT, event), syntax.when(syntax.is_filled(syntax.load(_EVENT)), statements)]


def is_judged_later(code: RowCode, group: EventGroup) -> bool:
    """Whether time alone turns what the rows of the group must meet."""
    return group.rows.where is not None and code.is_relative(group.rows.where)


def judge_events(code: RowCode, group: EventGroup) -> ast.expr | None:
    """The expression of the function that counts what was kept of a group; None where counting up was enough."""
    if is_judged_later(code, group):
        return code.constants.bind(turned(group.window, group.points, _condition(code, group)))
    if group.rows.half_life_days is not None:
        return code.constants.bind(faded(group.window, group.points))
    return None


def _counted(code: RowCode, group: EventGroup) -> list[ast.stmt]:
    event, turn, tally = syntax.load(_EVENT), syntax.load(_TURN), syntax.load(TALLY)
    count: list[ast.stmt] = [syntax.count_one(tally, group.place)]
    if group.within is not None:
        leaves = syntax.add(event, code.constants.bind(group.within))
        count += [syntax.assign(_TURN, leaves), _sooner(turn)]
    return [syntax.when(syntax.compare(event, (ast.LtE, syntax.load(AT))), count, [_sooner(event)])]


def _sooner(turn: ast.expr) -> ast.stmt:
    known = syntax.item(syntax.load(TALLY), 0)
    is_first = syntax.either([syntax.is_none(known), syntax.compare(turn, (ast.Lt, known))])
    return syntax.when(is_first, [syntax.put(syntax.load(TALLY), 0, turn)])


def _kept(code: RowCode, group: EventGroup, value: ast.expr) -> list[ast.stmt]:
    kept = syntax.item(syntax.load(TALLY), group.place)
    first = syntax.put(syntax.load(TALLY), group.place, syntax.call(code.constants.bind(list)))
    return [syntax.when(syntax.is_none(kept), [first]), syntax.do(syntax.method(kept, "append", value))]


def _condition(code: RowCode, group: EventGroup) -> TurningCondition:
    where = group.rows.where
    if where is None:
        raise TypeError(group)
    code = code.anew()
    code.foresee([where])
    reads = code.reads(where)
    turning = code.turning(where, f"{group.name}_holds")
    values = [syntax.load(value) for value in code.values(where)]
    turn = syntax.call(code.constants.bind(turning.next_turn), syntax.load(AT), syntax.load("now"), *values)
    holds = code.function(f"{group.name}_where", [ROW, FRAME], [*reads, syntax.give(code.holds(where))])
    next_turn = code.function(f"{group.name}_next_turn", [ROW, AT, "now"], [*reads, syntax.give(turn)])
    return TurningCondition(holds, next_turn, code.frames.at)
