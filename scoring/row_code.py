"""Code that reads the columns of one row and decides conditions over them.

Every column is read once, before any condition is decided: what is at fault with a row does not depend on the order in
which conditions are written. What common values need is inline, and all else is left to the functions of `readings`.
"""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from scoring import syntax
from scoring.asking import Question, Relative, question
from scoring.column_types import LOOKUPS, ColumnType, stored_column
from scoring.conditions import AllOf, AnyOf, Comparison, Condition, Not, walk
from scoring.facts import related_getter
from scoring.readings import Form, reader
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
                self.forms.setdefault(asked.column, set()).add(self._question(asked).form)

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
                return syntax.either([self.holds(member) for member in condition.conditions])

    def values(self, condition: Condition) -> list[str]:
        """The variables that the expression of the condition is made of, each once."""
        used = (self.variables[asked.column, self._form(asked)] for _, asked in walk(condition, ()))
        return list(dict.fromkeys(used))

    def anew(self) -> "RowCode":
        """The same, with nothing read yet: for a function of its own."""
        return replace(self, forms={}, variables={}, getters={})

    def is_relative(self, condition: Condition) -> bool:
        """Whether time alone can turn the condition."""
        return any(isinstance(self._question(asked).test, Relative) for _, asked in walk(condition, ()))

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
            test = self._question(asked).test
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

    def _edges(self, one: Relative) -> tuple[ast.expr, ast.expr]:
        """The first value meant at the instant of the frame, and the first one after those."""
        first, after = self.frames.edges(one)
        return syntax.item(syntax.load("frame"), first), syntax.item(syntax.load("frame"), after)

    def _question(self, asked: Comparison) -> Question:
        return question(asked, self.types.get(asked.column), self.dialect)

    def _form(self, asked: Comparison) -> Form:
        form = self._question(asked).form
        if form is not Form.RAW:
            return form
        # Whether a column is filled can be seen in any form of it.
        return min(self.forms.get(asked.column, {form}) - {Form.RAW}, key=lambda each: each.name, default=form)

    def _comparison(self, asked: Comparison) -> ast.expr:
        operator, found = asked.operator, self._question(asked)
        value = syntax.load(self.variables[asked.column, self._form(asked)])
        if operator.base == "not-null":
            return syntax.is_none(value) if operator.negated else syntax.is_filled(value)
        if isinstance(found.test, Relative):
            low, high = self._edges(found.test)
            test = syntax.compare(low, (ast.LtE, value), (ast.Lt, high))
        else:
            test = found.test(value, self.constants)
        if operator.base in _EQUALITY and found.form in _NEVER_EQUAL_TO_NULL:
            return syntax.negation(test) if operator.negated else test
        if operator.negated:
            return syntax.either([syntax.is_none(value), syntax.negation(test)])
        return syntax.every([syntax.is_filled(value), test])

    def _read(self, column: str, form: Form, statements: list[ast.stmt]) -> None:
        if (column, form) in self.variables:
            return
        raw = self._raw(column, statements)
        name = self.variables[column, form] = f"{self.row}_value_{len(self.variables)}"
        named = f"{self.owner}.{column}" if self.owner else column
        read = self.constants.bind(reader(form, named, self.dialect))
        value = syntax.load(raw)
        quick = _QUICK.get(form)
        full = syntax.call(read, value)
        if quick is not None:
            full = quick(value, self.constants, full)
        statements.append(syntax.assign(name, syntax.choice(syntax.is_none(value), syntax.none(), full)))

    def _raw(self, column: str, statements: list[ast.stmt]) -> str:
        """The variable of the column's value as the row holds it."""
        if (column, None) in self.variables:
            return self.variables[column, None]
        lookup, _, related = column.rpartition(".")
        get = syntax.load(self._getter(lookup, statements))
        name = self.variables[column, None] = f"{self.row}_raw_{len(self.variables)}"
        statements.append(syntax.assign(name, self._got(get, related, self.types.get(column), name)))
        return name

    def _got(self, get: ast.expr, column: str, column_type: ColumnType | None, name: str) -> ast.expr:
        as_lookup = self.constants.bind(f"_{column}_value")
        if column_type in LOOKUPS:
            return syntax.call(get, as_lookup)
        plain = syntax.call(get, self.constants.bind(stored_column(column, column_type)))
        if column_type is not None:
            return plain
        # The lookup where it may be one: its plain name is absent, or holds the related row that was expanded.
        raw = syntax.load(name)
        is_own = syntax.compare(syntax.attribute(raw, "__class__"), (ast.IsNot, self.constants.bind(dict)))
        return syntax.choice(
            syntax.every([syntax.is_filled(syntax.named(name, plain)), is_own]),
            raw,
            syntax.call(get, as_lookup, raw),
        )

    def _getter(self, lookup: str, statements: list[ast.stmt]) -> str:
        """The variable of the function that gets a column of the row, or of the row that a lookup of it points at."""
        if lookup not in self.getters:
            name = self.getters[lookup] = f"{self.row}_get_{len(self.getters)}"
            row = syntax.load(self.row)
            if lookup:
                get = syntax.call(self.constants.bind(related_getter(lookup)), row)
            else:
                get = syntax.attribute(row, "get")
            statements.append(syntax.assign(name, get))
        return self.getters[lookup]


def _quick_text(value: ast.expr, constants: Constants, full: ast.expr) -> ast.expr:
    is_text = syntax.compare(syntax.attribute(value, "__class__"), (ast.Is, constants.bind(str)))
    folded = syntax.method(syntax.method(value, "lower"), "rstrip", constants.bind(" "))
    return syntax.choice(syntax.every([is_text, value, syntax.method(value, "isascii")]), folded, full)


def _quick_raw(value: ast.expr, _constants: Constants, full: ast.expr) -> ast.expr:
    return syntax.choice(value, value, full)


def _quick_number(value: ast.expr, constants: Constants, full: ast.expr) -> ast.expr:
    """Whole, or a float that is finite."""
    kind, infinite = syntax.attribute(value, "__class__"), constants.bind(inf)
    is_float = syntax.compare(kind, (ast.Is, constants.bind(float)))
    is_finite = syntax.compare(constants.bind(-inf), (ast.Lt, value), (ast.Lt, infinite))
    is_whole = syntax.compare(kind, (ast.Is, constants.bind(int)))
    return syntax.choice(syntax.either([is_whole, syntax.every([is_float, is_finite])]), value, full)


def _quick_decimal(value: ast.expr, constants: Constants, full: ast.expr) -> ast.expr:
    is_whole = syntax.compare(syntax.attribute(value, "__class__"), (ast.Is, constants.bind(int)))
    return syntax.choice(is_whole, value, full)


def _quick_boolean(value: ast.expr, constants: Constants, full: ast.expr) -> ast.expr:
    is_boolean = syntax.compare(syntax.attribute(value, "__class__"), (ast.Is, constants.bind(bool)))
    return syntax.choice(is_boolean, value, full)


_QUICK: Mapping[Form, Callable[[ast.expr, Constants, ast.expr], ast.expr]] = {
    Form.RAW: _quick_raw,
    Form.TEXT: _quick_text,
    Form.NUMBER: _quick_number,
    Form.DECIMAL: _quick_decimal,
    Form.BOOLEAN: _quick_boolean,
}
