"""A model as one Python function, made once: facts and an instant -> what is found of each group, and until when.

The one module that may call `compile`: on a tree of `ast` nodes that `syntax` and `row_code` make of the model's own.
No source text is made, no text of a model becomes part of the code (constants are bound by name), and nothing is
executed to get at the functions: their code objects are taken out of the compiled module.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import CodeType, FunctionType
from typing import Any

from scoring import syntax
from scoring.asking import Relative, question
from scoring.belonging import owning_unit
from scoring.conditions import Condition
from scoring.counting import at_reader
from scoring.definition import LEAD, Interactions, ScoringModel
from scoring.event_code import AT, FRAME, ROW, TALLY, EventGroup, count_event, judge_events, span_of
from scoring.events import sooner
from scoring.facts import Row
from scoring.needs import comparisons
from scoring.row_code import RowCode
from scoring.syntax import Constants
from scoring.turning import Frame, Frames, frames
from scoring.values import Dialect
from scoring.verdict import Findings

Tally = list[Any]
"""What was counted of a lead's events (scoring.event_code); a lead without any has `CompiledModel.nothing`."""
Find = Callable[[Row, Tally, datetime, Frame], tuple[Findings | None, datetime | None]]
"""What is found of each group (None: the lead is not in the audience), and when time alone first changes any of it."""

TalliesOf = Callable[[Row], Iterable[Tally]]

_LEAD, _ROWS, _CHANGE, _KNOWN, _TALLIES = "lead", "rows", "change", "known", "tallies"


@dataclass(frozen=True, slots=True)
class EventCount:
    """Counts rows of a table: into the tally of the lead that a lookup names, and those that the contact brings."""

    table: str
    lead: str | None
    contact: str | None
    count: Callable[[Iterable[Row], Mapping[object, Sequence[Tally]], TalliesOf, datetime, Frame], None]


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """First the events of all leads are counted, then each lead is looked at; both need the frame of the instant."""

    events: tuple[EventCount, ...]
    nothing: Tally
    find: Find
    frame: Callable[[datetime], Frame]


def compiled(model: ScoringModel, dialect: Dialect) -> CompiledModel:
    """The model as a function."""
    counted = [group.interactions for group in model.groups if group.interactions is not None]
    spans = [span for rows in counted if (span := span_of(rows)) is not None]
    made = frames(_relative_dates(model, dialect), spans, dialect.zone)
    return _ModelCode(model, dialect, made).compiled()


def _relative_dates(model: ScoringModel, dialect: Dialect) -> Iterable[Relative]:
    for placed in comparisons(model):
        asked = placed.comparison
        test = question(asked, model.column_type(placed.table, asked.column), dialect).test
        if isinstance(test, Relative):
            yield test


class _ModelCode:
    """Writes the function of a model, statement by statement."""

    def __init__(self, model: ScoringModel, dialect: Dialect, made: Frames) -> None:
        self._model, self._dialect, self._frames = model, dialect, made
        self._constants = Constants()
        self._lead = self._row_code(_LEAD, None)
        counted = [group for group in model.groups if group.interactions is not None]
        self._groups = {
            group.name: EventGroup(f"events_{place}", place, group.points, group.interactions)
            for place, group in enumerate(counted, 1)
            if group.interactions is not None
        }

    def compiled(self) -> CompiledModel:
        counts = [self._count(groups) for groups in self._alike()]
        kept = [judge_events(self._row_code(ROW, group.rows.table), group) for group in self._groups.values()]
        nothing: Tally = [None, *(0 if judged is None else None for judged in kept)]
        return CompiledModel(tuple(counts), nothing, self._find(kept), self._frames.at)

    def _find(self, kept: Sequence[ast.expr | None]) -> Find:
        trees = [self._model.entry, *(group.when for group in self._model.groups)]
        self._lead.foresee(tree for tree in trees if tree is not None)
        body = [syntax.assign(_CHANGE, syntax.none()), *self._audience()]
        if self._groups:
            body.append(self._sooner(syntax.item(syntax.load(TALLY), 0)))
        parts = []
        for number, group in enumerate(self._model.groups):
            if group.when is not None:
                statements, part = self._condition(group.when, f"group_{number}")
            else:
                statements, part = self._counted(self._groups[group.name], kept)
            body += statements
            parts.append(part)
        body.append(syntax.give(syntax.row_of([syntax.row_of(parts), syntax.load(_CHANGE)])))
        return self._function("find", [_LEAD, TALLY, AT, FRAME], body)

    def _audience(self) -> list[ast.stmt]:
        """Gives up on leads of other business units, and on those that do not meet the entry condition."""
        outside = syntax.give(syntax.row_of([syntax.none(), syntax.load(_CHANGE)]))
        statements: list[ast.stmt] = []
        if self._model.business_units:
            units = self._constants.bind(frozenset(self._model.business_units))
            unit = syntax.call(self._constants.bind(owning_unit), syntax.load(_LEAD))
            statements.append(syntax.when(syntax.compare(unit, (ast.NotIn, units)), [outside]))
        if self._model.entry is not None:
            reads, holds = self._condition(self._model.entry, "entry")
            statements += [*reads, syntax.when(syntax.negation(holds), [outside])]
        return statements

    def _condition(self, tree: Condition, name: str) -> tuple[list[ast.stmt], ast.expr]:
        """The statements that a condition on the lead takes, and the expression that says whether it holds."""
        statements = self._lead.reads(tree)
        if not self._lead.is_relative(tree):
            return statements, self._lead.holds(tree)
        turning = self._lead.turning(tree, f"{name}_holds")
        values = [syntax.load(value) for value in self._lead.values(tree)]
        holds = syntax.call(self._constants.bind(turning.holds), syntax.load(FRAME), *values)
        turn = syntax.call(self._constants.bind(turning.next_turn), syntax.load(AT), syntax.load(name), *values)
        may_turn = self._lead.may_turn(self._lead.relative_dates(tree))
        statements += [syntax.assign(name, holds), syntax.when(may_turn, [self._sooner(turn)])]
        return statements, syntax.load(name)

    def _counted(self, group: EventGroup, kept: Sequence[ast.expr | None]) -> tuple[list[ast.stmt], ast.expr]:
        """What the tally says of a group, judged if it holds events."""
        entry, judge = syntax.item(syntax.load(TALLY), group.place), kept[group.place - 1]
        if judge is None:
            return [], entry
        nothing = self._constants.bind(0 if group.rows.half_life_days is None else (0, 0))
        turn = f"{group.name}_turn"
        found = syntax.call(judge, entry, syntax.load(AT), syntax.load(FRAME))
        counted = [syntax.unpack([group.name, turn], found), self._sooner(syntax.load(turn))]
        unknown = syntax.when(syntax.is_none(entry), [syntax.assign(group.name, nothing)], counted)
        return [unknown], syntax.load(group.name)

    def _alike(self) -> Iterable[list[EventGroup]]:
        """Groups over the same rows go over them together."""
        alike: dict[tuple[str, str | None, str | None, str], list[EventGroup]] = {}
        for group in self._groups.values():
            key = (group.rows.table, group.rows.lead, group.rows.contact, group.rows.at)
            alike.setdefault(key, []).append(group)
        return alike.values()

    def _count(self, groups: Sequence[EventGroup]) -> EventCount:
        rows = groups[0].rows
        code = self._row_code(ROW, rows.table)
        code.foresee(group.rows.where for group in groups if group.rows.where is not None)
        read_at = at_reader(rows, self._model.column_type(rows.table, rows.at), self._dialect)
        body = count_event(code, self._constants.bind(read_at), self._constants.bind(rows.at), groups)
        of_row = self._tallies(rows)
        loop = syntax.for_each(ROW, syntax.load(_ROWS), [syntax.for_each(TALLY, of_row, body)])
        count = self._function(f"count_{groups[0].name}", [_ROWS, _KNOWN, _TALLIES, AT, FRAME], [loop])
        return EventCount(rows.table, rows.lead, rows.contact, count)

    def _tallies(self, rows: Interactions) -> ast.expr:
        """The tallies that a row counts for: mostly that of the lead whose id it spells as the lead does."""
        every = syntax.call(syntax.load(_TALLIES), syntax.load(ROW))
        if rows.lead is None or rows.contact is not None:
            return every
        spelled = syntax.method(syntax.load(ROW), "get", self._constants.bind(f"_{rows.lead}_value"))
        return syntax.either([syntax.method(syntax.load(_KNOWN), "get", spelled), every])

    def _sooner(self, turn: ast.expr) -> ast.stmt:
        both = syntax.call(self._constants.bind(sooner), syntax.load(_CHANGE), turn)
        return syntax.assign(_CHANGE, both)

    def _row_code(self, row: str, table: str | None) -> RowCode:
        types = self._model.types_of(table or LEAD)
        return RowCode(row, table or "", types, self._dialect, self._constants, self._frames, self._function)

    def _function(self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> FunctionType:
        module = ast.Module([syntax.function(name, parameters, body)], [])
        code = compile(ast.fix_missing_locations(module), "<model>", "exec")
        inner = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
        return FunctionType(inner, self._constants.by_name, name)
