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

from scoring import syntax
from scoring.asking import Relative, question
from scoring.belonging import owning_unit
from scoring.conditions import Condition
from scoring.counting import event_reader
from scoring.definition import LEAD, Interactions, ScoringModel
from scoring.event_code import AT, CHANGE, FRAME, ROW, EventGroup, count_events, span_of
from scoring.events import sooner
from scoring.facts import Row
from scoring.needs import comparisons
from scoring.row_code import RowCode
from scoring.syntax import Constants
from scoring.turning import Frame, Frames, frames
from scoring.values import Dialect
from scoring.verdict import Findings

Find = Callable[[Row, Mapping[str, Sequence[Row]], datetime, Frame], tuple[Findings | None, datetime | None]]
"""What is found of each group (None: the lead is not in the audience), and when time alone first changes any of it."""

_LEAD, _ROWS = "lead", "interactions"


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """The function, and what makes the frame of an instant for it."""

    find: Find
    frame: Callable[[datetime], Frame]


def compiled(model: ScoringModel, dialect: Dialect) -> CompiledModel:
    """The model as a function."""
    counted = [group.interactions for group in model.groups if group.interactions is not None]
    spans = [span for rows in counted if (span := span_of(rows)) is not None]
    made = frames(_relative_dates(model, dialect), spans, dialect.zone)
    return CompiledModel(_ModelCode(model, dialect, made).find(), made.at)


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

    def find(self) -> Find:
        trees = [self._model.entry, *(group.when for group in self._model.groups)]
        self._lead.foresee(tree for tree in trees if tree is not None)
        body = [syntax.assign(CHANGE, syntax.none()), *self._audience()]
        parts = []
        for number, group in enumerate(self._model.groups):
            part: ast.expr = syntax.load(_name(number))
            if group.when is not None:
                statements, part = self._condition(group.when, _name(number))
                body += statements
            parts.append(part)
        body += self._events()
        body.append(syntax.give(syntax.row_of([syntax.row_of(parts), syntax.load(CHANGE)])))
        return self._function("find", [_LEAD, _ROWS, AT, FRAME], body)

    def _audience(self) -> list[ast.stmt]:
        """Gives up on leads of other business units, and on those that do not meet the entry condition."""
        outside = syntax.give(syntax.row_of([syntax.none(), syntax.load(CHANGE)]))
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
        change = syntax.call(self._constants.bind(sooner), syntax.load(CHANGE), turn)
        may_turn = self._lead.may_turn(self._lead.relative_dates(tree))
        statements += [syntax.assign(name, holds), syntax.when(may_turn, [syntax.assign(CHANGE, change)])]
        return statements, syntax.load(name)

    def _events(self) -> list[ast.stmt]:
        """What all groups over the same rows have in common is found out once."""
        alike: dict[tuple[str, str | None, str | None, str], list[EventGroup]] = {}
        for number, group in enumerate(self._model.groups):
            if (rows := group.interactions) is not None:
                key = (rows.table, rows.lead, rows.contact, rows.at)
                alike.setdefault(key, []).append(EventGroup(_name(number), group.points, rows))
        statements = []
        for number, groups in enumerate(alike.values()):
            events = f"events_{number}"
            rows = groups[0].rows
            found = syntax.method(syntax.load(_ROWS), "get", self._constants.bind(rows.table))
            own = syntax.assign(events, syntax.call(self._own_events(rows), syntax.load(_LEAD), syntax.load(events)))
            count = count_events(self._row_code(ROW, rows.table), events, groups)
            nothing = [syntax.assign(group.name, self._constants.bind(group.nothing)) for group in groups]
            statements += [
                syntax.assign(events, found),
                syntax.when(syntax.load(events), [own, *count], nothing),
            ]
        return statements

    def _own_events(self, rows: Interactions) -> ast.expr:
        at_type = self._model.column_type(rows.table, rows.at)
        return self._constants.bind(event_reader(rows, at_type, self._dialect))

    def _row_code(self, row: str, table: str | None) -> RowCode:
        types = self._model.types_of(table or LEAD)
        return RowCode(row, table or "", types, self._dialect, self._constants, self._frames, self._function)

    def _function(self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> FunctionType:
        module = ast.Module([syntax.function(name, parameters, body)], [])
        code = compile(ast.fix_missing_locations(module), "<model>", "exec")
        inner = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
        return FunctionType(inner, self._constants.by_name, name)


def _name(number: int) -> str:
    return f"group_{number}"
