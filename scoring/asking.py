"""A comparison as a form to read its column in, and a test of what was read there."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any, Literal

from scoring import syntax
from scoring.column_types import FAMILIES, ColumnType
from scoring.comparing import Scalar, listed_operand, order_against
from scoring.conditions import Comparison
from scoring.days import midnight, plus
from scoring.moments import instant, moment
from scoring.operators import Operator, Takes
from scoring.patterns import WILDCARDS, matcher
from scoring.readings import Form
from scoring.syntax import Constants
from scoring.values import Dialect, as_decimal

Test = Callable[[ast.expr, Constants], ast.expr]
"""From the expression of a value that is not null to the expression that says whether it is what is asked."""


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative date: its operator and the operator's number."""

    op: str
    count: int


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value is one of these, or begins or ends with one: several such questions are asked as one."""

    how: Literal["in", "startswith", "endswith"]
    wanted: frozenset[Any]

    def test(self, value: ast.expr, bind: Constants) -> ast.expr:
        """The expression that says it of a value that is not null."""
        only = next(iter(self.wanted)) if len(self.wanted) == 1 else None
        if self.how == "in":
            sign: syntax.Sign = ast.In if only is None else ast.Eq
            return syntax.compare(value, (sign, bind.bind(self.wanted if only is None else only)))
        return syntax.method(value, self.how, bind.bind(tuple(sorted(self.wanted)) if only is None else only))


@dataclass(frozen=True, slots=True)
class Question:
    """What a comparison asks of the value of its column, once that is read in the form.

    A test of a relative date is made by `Relative` at the instant asked about; all others have their own `test`.
    """

    form: Form
    test: Test | OneOf | Relative


def question(asked: Comparison, column_type: ColumnType | None, dialect: Dialect) -> Question:
    """The comparison without its negation; where the type is unknown, the operand says what the column must hold."""
    operator, values = asked.operator, listed_operand(asked.value)
    match operator.takes:
        case Takes.PATTERN:
            return _pattern(operator.base, str(asked.value), dialect)
        case Takes.OPTIONS:
            wanted = frozenset(values)
            return Question(Form.OPTIONS, lambda value, bind: _disjoint(value, bind.bind(wanted)))
        case Takes.DAY:
            return _on_day(operator.base, date.fromisoformat(str(asked.value)), instant_form(column_type), dialect.zone)
    if operator.is_relative:
        return Question(instant_form(column_type), Relative(operator.base, int(values[0]) if values else 0))
    if operator.base == "not-null":
        return Question(Form.RAW, lambda _value, _bind: syntax.truth(value=True))
    return _compared(operator, values, _form(column_type, values), dialect)


def _disjoint(value: ast.expr, wanted: ast.expr) -> ast.expr:
    return syntax.negation(syntax.method(value, "isdisjoint", wanted))


def instant_form(column_type: ColumnType | None) -> Form:
    """The form in which a date column of the type is an instant."""
    forms = {"DateOnly": Form.DAY_INSTANT, "TimeZoneIndependent": Form.WALL_INSTANT}
    return forms.get(column_type or "", Form.INSTANT)


def _on_day(base: str, day: date, form: Form, zone: tzinfo) -> Question:
    begins, ends = midnight(day, zone), midnight(plus(day, 1), zone)
    return Question(form, lambda value, bind: _within_day(base, value, bind.bind(begins), bind.bind(ends)))


def _within_day(base: str, value: ast.expr, begins: ast.expr, ends: ast.expr) -> ast.expr:
    if base == "on-or-after":
        return syntax.compare(value, (ast.GtE, begins))
    if base == "on-or-before":
        return syntax.compare(value, (ast.Lt, ends))
    return syntax.compare(begins, (ast.LtE, value), (ast.Lt, ends))


def _form(column_type: ColumnType | None, values: tuple[Scalar, ...]) -> Form:
    if column_type is None:
        return _form_of_operand(values)
    match FAMILIES[column_type]:
        case "text":
            return Form.TEXT
        case "yes/no":
            return Form.BOOLEAN
        case "id":
            return Form.ID
        case "date":
            return {"DateOnly": Form.DAY, "TimeZoneIndependent": Form.WALL}.get(column_type, Form.INSTANT)
    return _form_of_operand(values)


def _form_of_operand(values: tuple[Scalar, ...]) -> Form:
    if isinstance(values[0], bool):
        return Form.BOOLEAN
    if isinstance(values[0], str):
        return Form.SPELLED if any(moment(str(value)) is not None for value in values) else Form.TEXT
    return Form.NUMBER if all(value == int(value) for value in values) else Form.DECIMAL


def _compared(operator: Operator, values: tuple[Scalar, ...], form: Form, dialect: Dialect) -> Question:
    if form is Form.SPELLED:
        return Question(form, _spelled(operator.base, [order_against(str(value), dialect) for value in values]))
    wanted = [_operand(value, form, dialect) for value in values]
    match operator.base:
        case "between":
            return Question(
                form,
                lambda value, bind: syntax.compare(
                    bind.bind(wanted[0]), (ast.LtE, value), (ast.LtE, bind.bind(wanted[1]))
                ),
            )
        case "in":
            return Question(form, OneOf("in", frozenset(wanted)))
    if form is Form.BOOLEAN:
        return Question(form, lambda value, _bind: value if wanted[0] else syntax.negation(value))
    if operator.base == "eq":
        return Question(form, OneOf("in", frozenset(wanted)))
    sign = syntax.SIGNS[operator.base]
    return Question(form, lambda value, bind: syntax.compare(value, (sign, bind.bind(wanted[0]))))


def _spelled(base: str, orders: list[Callable[[tuple[date | None, str]], int]]) -> Test:
    """Each operand has its order: -1, 0 or 1 for the value against it."""
    signs: Mapping[str, Sequence[syntax.Sign]] = {"in": [ast.Eq] * len(orders), "between": [ast.GtE, ast.LtE]}

    def test(value: ast.expr, bind: Constants) -> ast.expr:
        found = [
            syntax.compare(syntax.call(bind.bind(order), value), (sign, bind.bind(0)))
            for order, sign in zip(orders, signs.get(base) or [syntax.SIGNS[base]], strict=True)
        ]
        return syntax.either(found) if base == "in" else syntax.every(found)

    return test


def _operand(value: Scalar, form: Form, dialect: Dialect) -> object:
    match form:
        case Form.TEXT:
            return dialect.folded(str(value)).rstrip(" ")
        case Form.ID:
            return str(value).lower()
        case Form.NUMBER:
            return int(value)
        case Form.DECIMAL:
            return as_decimal(value)
        case Form.DAY | Form.WALL | Form.INSTANT:
            return _moment_operand(str(value), form, dialect.zone)
    return value


def _moment_operand(text: str, form: Form, zone: tzinfo) -> date:
    named = moment(text)
    if named is None:
        raise TypeError(text)
    if form is Form.INSTANT:
        return instant(named, zone)
    if form is Form.DAY:
        return named.date() if isinstance(named, datetime) else named
    return named.replace(tzinfo=None) if isinstance(named, datetime) else datetime.combine(named, time.min)


def _pattern(base: str, text: str, dialect: Dialect) -> Question:
    """Dataverse has wildcards in begins-with and ends-with too (learn.microsoft.com: wildcard-characters)."""
    before, after = ("%" if base == "ends-with" else ""), ("%" if base == "begins-with" else "")
    whole = (before + text + after).rstrip(" ")
    leads, trails = whole.startswith("%"), whole.endswith("%")
    core = whole[leads : len(whole) - (trails and len(whole) > leads)]
    plain = dialect.folded(core)
    if not plain or plain.endswith(" ") or not WILDCARDS.isdisjoint(core):
        matches = matcher(whole, dialect.folded)
        return Question(Form.PATTERN, lambda value, bind: syntax.call(bind.bind(matches), value))
    return Question(Form.TEXT, _plain(plain, leads=leads, trails=trails))


def _plain(core: str, *, leads: bool, trails: bool) -> Test | OneOf:
    """A pattern without wildcards but at its ends: trailing spaces make no difference to it."""
    if leads and trails:
        return lambda value, bind: syntax.compare(bind.bind(core), (ast.In, value))
    if leads or trails:
        return OneOf("endswith" if leads else "startswith", frozenset({core}))
    return OneOf("in", frozenset({core}))
