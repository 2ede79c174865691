"""Code that looks at the leads of a page, one after the other, and gives their scores.

The loop is part of the code: a call for each lead, with its arguments and what it returns, takes as long as reading
three columns.
"""

import ast
from collections.abc import Mapping

from scoring import syntax
from scoring.belonging import owning_unit
from scoring.conditions import Condition
from scoring.definition import ScoringModel
from scoring.event_code import AT, FRAME
from scoring.event_groups import EventGroup
from scoring.events import sooner
from scoring.findings import Layout
from scoring.row_code import RowCode
from scoring.score import OUTSIDE, Score
from scoring.verdict import Verdicts

LEADS = "leads"
"""The name under which the code finds the leads; those of a tally are in event_code."""

_CHANGE, _TURN, _FOUND, _LINES, _SCORES, _ADD = "change", "turn", "found", "lines", "scores", "add"

Judged = Mapping[int, tuple[EventGroup, ast.expr]]
"""By their places in the model the groups that are judged, each with the function that does it."""


class LeadCode:
    """Writes the loop over the leads of a page; `code` is about the lead."""

    def __init__(self, model: ScoringModel, layout: Layout, code: RowCode, judged: Judged) -> None:
        self._model, self._layout, self._code, self._judged = model, layout, code, judged
        self._bind = code.constants.bind
        self._entry_turns = model.entry is not None and code.is_relative(model.entry)

    def scores(self, counts: str, changes: str) -> list[ast.stmt]:
        """The statements that return the scores of the leads, in their order."""
        trees = [self._model.entry, *(group.when for group in self._model.groups)]
        self._code.foresee(tree for tree in trees if tree is not None)
        kept = [group.kept for group, _ in self._judged.values()]
        names = [self._code.row, _FOUND, _TURN if self._entry_turns else _CHANGE, *(f"{name}_here" for name in kept)]
        lists = [syntax.load(name) for name in (LEADS, counts, changes, *kept)]
        return [
            syntax.assign(_SCORES, syntax.call(self._bind(list))),
            syntax.assign(_ADD, syntax.attribute(syntax.load(_SCORES), "append")),
            syntax.for_each(names, syntax.call(self._bind(zip), *lists), [*self._audience(), *self._look()]),
            syntax.give(syntax.load(_SCORES)),
        ]

    def _audience(self) -> list[ast.stmt]:
        """Gives up on leads of other business units, and on those that do not meet the entry condition."""
        add_outside = syntax.call(syntax.load(_ADD), self._bind(OUTSIDE))
        outside = [syntax.do(add_outside), syntax.skip()]
        statements: list[ast.stmt] = []
        if self._model.business_units:
            units = self._bind(frozenset(self._model.business_units))
            unit = syntax.call(self._bind(owning_unit), syntax.load(self._code.row))
            statements.append(syntax.when(syntax.compare(unit, (ast.NotIn, units)), outside))
        if self._entry_turns:
            statements.append(syntax.assign(_CHANGE, syntax.none()))
        if self._model.entry is not None:
            reads, holds = self._condition(self._model.entry, "entry")
            if self._entry_turns:
                outside = [self._add(self._bind(OUTSIDE.lines)), syntax.skip()]
            statements += [*reads, syntax.when(syntax.negation(holds), outside)]
        if self._entry_turns:
            statements.append(self._sooner(syntax.load(_TURN)))
        return statements

    def _look(self) -> list[ast.stmt]:
        """Finds what is found of each group, and what is known of such findings."""
        statements: list[ast.stmt] = []
        for place in self._layout.met:
            when = self._model.groups[place].when
            if when is None:
                raise TypeError(place)
            reads, holds = self._condition(when, f"group_{place}")
            adds = syntax.grow(_FOUND, syntax.number(self._layout.bit(place)))
            statements += [*reads, syntax.when(holds, [adds])]
        found = syntax.load(_FOUND)
        if self._judged:
            found = syntax.row_of([found, *(syntax.load(group.name) for group, _ in self._judged.values())])
            statements += [self._judge(group, judge) for group, judge in self._judged.values()]
        known = syntax.at(self._bind(Verdicts(self._model)), found)
        return [*statements, self._add(known)]

    def _condition(self, tree: Condition, name: str) -> tuple[list[ast.stmt], ast.expr]:
        """The statements that a condition on the lead takes, and the expression that says whether it holds."""
        statements = self._code.reads(tree)
        if not self._code.is_relative(tree):
            return statements, self._code.holds(tree)
        turning = self._code.turning(tree, f"{name}_holds")
        values = [syntax.load(value) for value in self._code.values(tree)]
        holds = syntax.call(self._bind(turning.holds), syntax.load(FRAME), *values)
        turn = syntax.call(self._bind(turning.next_turn), syntax.load(AT), syntax.load(name), *values)
        may_turn = self._code.may_turn(self._code.relative_dates(tree))
        statements += [syntax.assign(name, holds), syntax.when(may_turn, [self._sooner(turn)])]
        return statements, syntax.load(name)

    def _judge(self, group: EventGroup, judge: ast.expr) -> ast.stmt:
        """What is found of a group whose events were kept, where there are any."""
        events = syntax.load(f"{group.kept}_here")
        nothing = self._bind(0 if group.rows.half_life_days is None else (0, 0))
        found = syntax.call(judge, events, syntax.load(AT), syntax.load(FRAME))
        judged = [syntax.unpack([group.name, f"{group.name}_turn"], found)]
        change = self._sooner(syntax.load(f"{group.name}_turn"))
        return syntax.when(syntax.is_none(events), [syntax.assign(group.name, nothing)], [*judged, change])

    def _sooner(self, turn: ast.expr) -> ast.stmt:
        return syntax.assign(_CHANGE, syntax.call(self._bind(sooner), syntax.load(_CHANGE), turn))

    def _add(self, lines: ast.expr) -> ast.stmt:
        """Adds the score of these lines, valid until the change."""
        lines, change = syntax.named(_LINES, lines), syntax.load(_CHANGE)
        known = syntax.load(_LINES)
        parts = [syntax.attribute(lines, "total"), syntax.attribute(known, "grade"), known, change]
        # What Score(...) comes to as well, by way of a function that takes as long again.
        score = syntax.call(self._bind(tuple.__new__), self._bind(Score), syntax.row_of(parts))
        return syntax.do(syntax.call(syntax.load(_ADD), score))
