"""Code that reads the columns of one row and decides conditions over them.

Every column is read once, before any condition is decided: what is at fault with a row does not depend on the order in
which conditions are written. What common values need is inline (column_code), all else is left to `readings`.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring import syntax
from scoring.asking import OneOf, Question, Relative, question
from scoring.column_code import Reading
from scoring.column_types import LOOKUPS, ColumnType, stored_column
from scoring.conditions import AllOf, AnyOf, Comparison, Condition, Not, walk
from scoring.facts import related_getter
from scoring.readings import Form, or_lookup, reader
from scoring.relative import RELATIVE
from scoring.syntax import Constants
from scoring.turning import Frames, Turning
from scoring.values import Dialect

_EQUALITY = frozenset({"eq", "in"})
_NEVER_EQUAL_TO_NULL = frozenset({Form.TEXT, Form.NUMBER, Form.DECIMAL, Form.ID, Form.DAY, Form.WALL, Form.INSTANT})


FunctionMaker = Callable[[str, Sequence[str], Sequence[ast.stmt]], Callable[..., Any]]
"""From a name, parameters and statements to the function that they are."""


@dataclass(slots=True)
class RowCode:
    """What is known while code over one row is written.

    `owner` says in errors whose columns these are. The code finds the frame of the instant under the name frame.
    """

    row: str
    owner: str
    types: Mapping[str, ColumnType]
    dialect: Dialect
    constants: Constants
    frames: Frames
    function: FunctionMaker
    forms: dict[str, set[Form]] = field(default_factory=dict)
    variables: dict[tuple[str, Form | None], str] = field(default_factory=dict)
    getters: dict[str, str] = field(default_factory=dict)

    def foresee(self, conditions: Iterable[Condition]) -> None:
        """Take note of every form in which the conditions want a column."""
        for condition in conditions:
            for _, asked in walk(condition, ()):
                self.forms.setdefault(asked.column, set()).add(self.question(asked).form)

    def reads(self, condition: Condition) -> list[ast.stmt]:
        """The statements that read what the condition asks about and no statement before them has read."""
        statements: list[ast.stmt] = []
        for _, asked in walk(condition, ()):
            self._read(asked.column, self._form(asked), statements)
        return statements

    def holds(self, condition: Condition) -> ast.expr:
        """The expression that says whether the condition holds, once its columns are read."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Not():
                return syntax.negation(self.holds(condition.condition))
            case AllOf():
                return syntax.every([self.holds(member) for member in condition.conditions])
            case AnyOf():
                return self._any(condition.conditions)

    def values(self, condition: Condition) -> list[str]:
        """The variables that the expression of the condition is made of, each once."""
        used = (self.variables[asked.column, self._form(asked)] for _, asked in walk(condition, ()))
        return list(dict.fromkeys(used))

    def anew(self) -> "RowCode":
        """The same, with nothing read yet: for a function of its own."""
        return replace(self, forms={}, variables={}, getters={})

    def is_relative(self, condition: Condition) -> bool:
        """Whether time alone can turn the condition."""
        return any(isinstance(self.question(asked).test, Relative) for _, asked in walk(condition, ()))

    def turning(self, condition: Condition, name: str) -> Turning:
        """The condition as a function of its own, to be asked at other instants too."""
        values = self.values(condition)
        holds = self.function(name, ["frame", *values], [syntax.give(self.holds(condition))])
        asked = tuple((one, values.index(value)) for one, value in self.relative_dates(condition))
        return Turning(holds, asked, self.frames)

    def relative_dates(self, condition: Condition) -> list[tuple[Relative, str]]:
        """The relative dates of the condition, and the variables that they are about."""
        found = []
        for _, asked in walk(condition, ()):
            test = self.question(asked).test
            if isinstance(test, Relative):
                found.append((test, self.variables[asked.column, self._form(asked)]))
        return list(dict.fromkeys(found))

    def may_turn(self, dates: Sequence[tuple[Relative, str]]) -> ast.expr:
        """The expression that is false when every value has left its window for good, or is null."""
        tests = []
        for one, variable in dates:
            low, high = self._edges(one)
            stays = one.op in RELATIVE and not RELATIVE[one.op].has_low
            value = syntax.load(variable)
            tests.append(
                syntax.every([syntax.is_filled(value), syntax.compare(value, (ast.GtE, high if stays else low))])
            )
        return syntax.either(tests)

    def question(self, asked: Comparison) -> Question:
        """What the comparison asks of the column."""
        return question(asked, self.types.get(asked.column), self.dialect)

    def raw(self, column: str, statements: list[ast.stmt]) -> str:
        """The variable of the column's value as the row holds it, read by more statements where it is not yet."""
        if (column, None) not in self.variables:
            name = self.variables[column, None] = f"{self.row}_raw_{len(self.variables)}"
            lookup, _, own = column.rpartition(".")
            get, column_type = self._getter(lookup, statements), self.types.get(column)
            if column_type in LOOKUPS:
                statements.append(syntax.assign(name, syntax.call(get, self._as_lookup(own))))
            else:
                stored = self.constants.bind(stored_column(own, column_type))
                statements.append(syntax.assign(name, syntax.call(get, stored)))
            if column_type is None:  # it may be a lookup
                again = syntax.assign(name, syntax.call(get, self._as_lookup(own)))
                statements.append(syntax.when(syntax.is_none(syntax.load(name)), [again]))
        return self.variables[column, None]

    def _edges(self, one: Relative) -> tuple[ast.expr, ast.expr]:
        """The first value meant at the instant of the frame, and the first one after those."""
        first, after = self.frames.edges(one)
        return syntax.item(syntax.load("frame"), first), syntax.item(syntax.load("frame"), after)

    def _form(self, asked: Comparison) -> Form:
        form = self.question(asked).form
        if form is not Form.RAW:
            return form
        # Whether a column is filled can be seen in any form of it.
        return min(self.forms.get(asked.column, {form}) - {Form.RAW}, key=lambda each: each.name, default=form)

    def _any(self, conditions: Sequence[Condition]) -> ast.expr:
        """One of the conditions: those that ask whether a value is, begins with or ends with something are one test."""
        asked: dict[tuple[str, Form, str], Comparison] = {}
        merged: dict[tuple[str, Form, str], OneOf] = {}
        rest = []
        for condition in conditions:
            test = self.question(condition).test if isinstance(condition, Comparison) else None
            if isinstance(condition, Comparison) and isinstance(test, OneOf) and not condition.operator.negated:
                key = (condition.column, self._form(condition), test.how)
                asked.setdefault(key, condition)
                merged[key] = OneOf(test.how, test.wanted | merged[key].wanted) if key in merged else test
            else:
                rest.append(self.holds(condition))
        return syntax.either([*(self._comparison(asked[key], test) for key, test in merged.items()), *rest])

    def _comparison(self, asked: Comparison, merged: OneOf | None = None) -> ast.expr:
        operator, form = asked.operator, self.question(asked).form
        value = syntax.load(self.variables[asked.column, self._form(asked)])
        if operator.base == "not-null":
            return syntax.is_none(value) if operator.negated else syntax.is_filled(value)
        test = self._test(merged or self.question(asked).test, value)
        if operator.base in _EQUALITY and form in _NEVER_EQUAL_TO_NULL:
            return syntax.negation(test) if operator.negated else test
        if operator.negated:
            return syntax.either([syntax.is_none(value), syntax.negation(test)])
        return syntax.every([syntax.is_filled(value), test])

    def _test(self, test: Callable[[ast.expr, Constants], ast.expr] | OneOf | Relative, value: ast.expr) -> ast.expr:
        match test:
            case Relative():
                low, high = self._edges(test)
                return syntax.compare(low, (ast.LtE, value), (ast.Lt, high))
            case OneOf():
                return test.test(value, self.constants)
        return test(value, self.constants)

    def _read(self, column: str, form: Form, statements: list[ast.stmt]) -> None:
        if (column, form) in self.variables:
            return
        raw = syntax.load(self.raw(column, statements))
        name = self.variables[column, form] = f"{self.row}_value_{len(self.variables)}"
        named, column_type = f"{self.owner}.{column}" if self.owner else column, self.types.get(column)
        read = reader(form, named, self.dialect)
        own = in_full = syntax.call(self.constants.bind(read), raw)
        if column_type is None:
            lookup, _, related = column.rpartition(".")
            anything = self.constants.bind(or_lookup(read, f"_{related}_value"))
            in_full = syntax.call(anything, raw, self._getter(lookup, statements))
        statements += Reading(name, raw, own, in_full, self.constants).statements(form)

    def _as_lookup(self, column: str) -> ast.expr:
        return self.constants.bind(f"_{column}_value")

    def _getter(self, lookup: str, statements: list[ast.stmt]) -> ast.expr:
        """What gets a column of the row, or of the row that a lookup of it points at."""
        row = syntax.load(self.row)
        if not lookup:
            return syntax.attribute(row, "get")
        if lookup not in self.getters:
            name = self.getters[lookup] = f"{self.row}_get_{len(self.getters)}"
            get = syntax.call(self.constants.bind(related_getter(lookup)), row)
            statements.append(syntax.assign(name, get))
        return syntax.load(self.getters[lookup])
