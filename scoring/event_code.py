"""Code that goes once over the rows of a table, and counts them for their leads and for every group over such rows.

What is counted of a page of leads is its tally, lists by the place of a lead in the page: the counts as one number
(scoring.findings), the instant at which time alone first changes any of them, and for each group that is judged the
events that are to be judged. Numbers in two lists: a list for each lead would be thousands of objects for the garbage
collector to go over.
"""

import ast
from collections.abc import Sequence

from scoring import syntax
from scoring.asking import instant_form
from scoring.column_code import Reading
from scoring.counting import TurningCondition, faded, turned
from scoring.definition import Interactions
from scoring.event_groups import EventGroup
from scoring.event_kinds import kinds_of, of_one_text
from scoring.findings import is_turned_by_time
from scoring.readings import Form, reader
from scoring.row_code import RowCode

ROW, PLACE, COUNTS, CHANGES, AT, FRAME = "row", "place", "counts", "changes", "at", "frame"
"""The names of what the code finds when it runs."""

_EVENT, _TURN, _KNOWN = "event", "turn", "known"


def count_event(code: RowCode, groups: Sequence[EventGroup]) -> list[ast.stmt]:
    """The statements that count one row for the lead at a place; `code` is about the row."""
    code.foresee(group.rows.where for group in groups if group.rows.where is not None)
    alike = of_one_text(code, groups)
    statements = [*_event(code, groups[0].rows), *_count_by_kind(code, alike)]
    for group in groups:
        if group not in alike:
            statements += _count_or_keep(code, group)
    return statements


def judge_events(code: RowCode, group: EventGroup) -> ast.expr:
    """The expression of the function that counts what was kept of a group."""
    if is_turned_by_time(group.rows):
        return code.constants.bind(turned(group.window, group.points, _condition(code, group)))
    return code.constants.bind(faded(group.window, group.points))


def _event(code: RowCode, rows: Interactions) -> list[ast.stmt]:
    """Reads the instant of a row, and goes on to the next row where there is none."""
    column_type = code.types.get(rows.at)
    read = reader(instant_form(column_type), f"{rows.table}.{rows.at}", code.dialect)
    raw = syntax.load("raw")
    in_full = syntax.call(code.constants.bind(read), raw)
    reads = syntax.assign(_EVENT, in_full)
    if instant_form(column_type) is Form.INSTANT:
        reads = Reading(_EVENT, raw, in_full, in_full, code.constants).instant()
    got = syntax.method(syntax.load(ROW), "get", code.constants.bind(rows.at))
    return [syntax.assign("raw", got), reads, syntax.when(syntax.is_none(syntax.load(_EVENT)), [syntax.skip()])]


def _count_by_kind(code: RowCode, groups: Sequence[EventGroup]) -> list[ast.stmt]:
    if not groups:
        return []
    column, kinds = kinds_of(code, groups)
    bound, statements = code.constants.bind(kinds), list[ast.stmt]()
    text = syntax.load(code.raw(column, statements))
    is_text = syntax.compare(syntax.attribute(text, "__class__"), (ast.Is, code.constants.bind(str)))
    known, other = syntax.at(bound, text), syntax.method(bound, "of", text, syntax.load(ROW))
    counted = syntax.choice(syntax.either([is_text, syntax.is_none(text)]), known, other)
    start, within = syntax.at(syntax.load(FRAME), syntax.load("start")), syntax.load("within")
    leaves = syntax.when(syntax.is_filled(within), _leaves(within))
    count = _counted(syntax.load("unit"), start, [leaves])
    return [*statements, syntax.for_each(["unit", "start", "within"], counted, count)]


def _count_or_keep(code: RowCode, group: EventGroup) -> list[ast.stmt]:
    where, tests = group.rows.where, list[ast.expr]()
    if is_turned_by_time(group.rows):
        return _kept(code, group, syntax.row_of([syntax.load(_EVENT), syntax.load(ROW)]))
    statements = [] if where is None else code.reads(where)
    if where is not None:
        tests.append(code.holds(where))
    then = _kept(code, group, syntax.load(_EVENT)) if group.unit is None else _count(code, group, group.unit)
    return [*statements, syntax.when(syntax.every(tests), then)] if tests else [*statements, *then]


def _count(code: RowCode, group: EventGroup, unit: int) -> list[ast.stmt]:
    if group.within is None:
        return _counted(syntax.number(unit), None, [])
    start = syntax.item(syntax.load(FRAME), code.frames.before(group.within))
    return _counted(syntax.number(unit), start, _leaves(code.constants.bind(group.within)))


def _counted(unit: ast.expr, start: ast.expr | None, leaves: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Counts an event after `start` that has happened; one that is still to come changes the count when it does."""
    event = syntax.load(_EVENT)
    then = [syntax.grow_at(syntax.load(COUNTS), syntax.load(PLACE), unit), *leaves]
    counts = then if start is None else [syntax.when(syntax.compare(start, (ast.Lt, event)), then)]
    return [syntax.when(syntax.compare(event, (ast.LtE, syntax.load(AT))), counts, _sooner(event))]


def _leaves(within: ast.expr) -> list[ast.stmt]:
    return [syntax.assign(_TURN, syntax.add(syntax.load(_EVENT), within)), *_sooner(syntax.load(_TURN))]


def _sooner(turn: ast.expr) -> list[ast.stmt]:
    known, changes, place = syntax.load(_KNOWN), syntax.load(CHANGES), syntax.load(PLACE)
    is_first = syntax.either([syntax.is_none(known), syntax.compare(turn, (ast.Lt, known))])
    return [
        syntax.assign(_KNOWN, syntax.at(changes, place)),
        syntax.when(is_first, [syntax.put(changes, place, turn)]),
    ]


def _kept(code: RowCode, group: EventGroup, value: ast.expr) -> list[ast.stmt]:
    kept, place = syntax.load(group.kept), syntax.load(PLACE)
    events = syntax.at(kept, place)
    first = syntax.put(kept, place, syntax.call(code.constants.bind(list)))
    return [syntax.when(syntax.is_none(events), [first]), syntax.do(syntax.method(events, "append", value))]


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
