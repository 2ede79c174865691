"""Code that goes once over the events of a lead, and counts them for every group over the same rows."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from scoring import syntax
from scoring.counting import TurningCondition, faded, turned
from scoring.definition import Interactions
from scoring.events import Window, sooner
from scoring.moments import later
from scoring.row_code import RowCode

EVENT, ROW, AT, FRAME, CHANGE = "event", "row", "at", "frame", "change"
"""The names of what the code finds when it runs."""


@dataclass(frozen=True, slots=True)
class EventGroup:
    """A group over events; its part of the findings gets the variable `name`."""

    name: str
    points: int
    rows: Interactions

    @property
    def within(self) -> timedelta | None:
        """How long an event counts."""
        return span_of(self.rows)

    @property
    def nothing(self) -> object:
        """Its part where a lead has no events."""
        return 0 if self.rows.half_life_days is None else (0, 0)


def span_of(rows: Interactions) -> timedelta | None:
    """How long an event counts; None is for ever."""
    return timedelta(days=rows.within_days) if rows.within_days else None


def count_events(code: RowCode, events: str, groups: Sequence[EventGroup]) -> list[ast.stmt]:
    """The statements that count the events of a variable for groups over the same rows; `code` is about those rows."""
    code.foresee(group.rows.where for group in groups if group.rows.where is not None)
    before: list[ast.stmt] = []
    inside: list[ast.stmt] = []
    after: list[ast.stmt] = []
    for group in groups:
        how = (
            _TurningCount if _turning_where(code, group) else _FadingCount if group.rows.half_life_days else _PlainCount
        )
        how(code, events, group).write(before, inside, after)
    loop = [syntax.for_each([EVENT, ROW], syntax.load(events), inside)] if inside else []
    return [*before, *loop, *after]


def _turning_where(code: RowCode, group: EventGroup) -> bool:
    return group.rows.where is not None and code.is_relative(group.rows.where)


@dataclass(frozen=True, slots=True)
class _Count:
    """One way to count for a group: statements before the loop over the events, inside it, and after it."""

    code: RowCode
    events: str
    group: EventGroup

    def write(self, before: list[ast.stmt], inside: list[ast.stmt], after: list[ast.stmt]) -> None:
        raise NotImplementedError

    def _when_met(self, inside: list[ast.stmt], then: Sequence[ast.stmt], *tests: ast.expr) -> None:
        """Does so for the events whose row meets the condition of the group."""
        where = self.group.rows.where
        met = []
        if where is not None:
            inside += self.code.reads(where)
            met.append(self.code.holds(where))
        conditions = [*met, *tests]
        inside += [syntax.when(syntax.every(conditions), then)] if conditions else then

    def _bind(self, value: object) -> ast.expr:
        return self.code.constants.bind(value)

    def _sooner(self, turn: ast.expr) -> ast.stmt:
        return syntax.assign(CHANGE, syntax.call(self._bind(sooner), syntax.load(CHANGE), turn))

    def _counted(self, how: object, *about: str) -> list[ast.stmt]:
        """The part of the group and the next change, as a function tells them."""
        turn = f"{self.group.name}_turn"
        found = syntax.call(self._bind(how), *(syntax.load(name) for name in about))
        return [syntax.unpack([self.group.name, turn], found), self._sooner(syntax.load(turn))]


class _PlainCount(_Count):
    """Counts events between two instants; of those, the first one leaves first."""

    def write(self, before: list[ast.stmt], inside: list[ast.stmt], after: list[ast.stmt]) -> None:
        name, first, within = self.group.name, f"{self.group.name}_first", self.group.within
        event, at, change = syntax.load(EVENT), syntax.load(AT), syntax.load(CHANGE)
        before.append(syntax.assign(name, self._bind(0)))
        count, tests = [syntax.count_one(name)], []
        if within is not None:
            before.append(syntax.assign(first, syntax.none()))
            count.append(syntax.when(_is_first(syntax.load(first), event), [syntax.assign(first, event)]))
            start = syntax.item(syntax.load(FRAME), self.code.frames.before(within))
            tests.append(syntax.compare(start, (ast.Lt, event)))
            leaves = syntax.call(self._bind(later), syntax.load(first), self._bind(within))
            after.append(syntax.when(syntax.is_filled(syntax.load(first)), [self._sooner(leaves)]))
        comes = syntax.when(_is_first(change, event), [syntax.assign(CHANGE, event)])
        self._when_met(inside, [syntax.when(syntax.compare(event, (ast.LtE, at)), count, [comes])], *tests)


class _FadingCount(_Count):
    """Collects the events that meet the condition; what they are worth is not for a loop."""

    def write(self, before: list[ast.stmt], inside: list[ast.stmt], after: list[ast.stmt]) -> None:
        met = f"{self.group.name}_met"
        before.append(syntax.assign(met, syntax.call(self._bind(list))))
        self._when_met(inside, [syntax.do(syntax.method(syntax.load(met), "append", syntax.load(EVENT)))])
        window = Window(self.group.within, self.group.rows.half_life_days)
        before.append(syntax.assign(self.group.name, self._bind(self.group.nothing)))
        after.append(syntax.when(syntax.load(met), self._counted(faded(window, self.group.points), met, AT)))


class _TurningCount(_Count):
    """Leaves a condition that time turns to functions, which ask it at other instants too."""

    def write(self, before: list[ast.stmt], inside: list[ast.stmt], after: list[ast.stmt]) -> None:
        del before, inside
        where = self.group.rows.where
        if where is None:
            raise TypeError(self.group)
        window = Window(self.group.within, self.group.rows.half_life_days)
        after += self._counted(turned(window, self.group.points, self._condition()), self.events, AT, FRAME)

    def _condition(self) -> TurningCondition:
        where = self.group.rows.where
        if where is None:
            raise TypeError(self.group)
        code = self.code.anew()
        code.foresee([where])
        reads = code.reads(where)
        turning = code.turning(where, f"{self.group.name}_holds")
        values = [syntax.load(value) for value in code.values(where)]
        turn = syntax.call(self._bind(turning.next_turn), syntax.load(AT), syntax.load("now"), *values)
        holds = code.function(f"{self.group.name}_where", [ROW, FRAME], [*reads, syntax.give(code.holds(where))])
        next_turn = code.function(f"{self.group.name}_next_turn", [ROW, AT, "now"], [*reads, syntax.give(turn)])
        return TurningCondition(holds, next_turn, code.frames.at)


def _is_first(known: ast.expr, event: ast.expr) -> ast.expr:
    return syntax.either([syntax.is_none(known), syntax.compare(event, (ast.Lt, known))])
