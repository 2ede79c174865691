"""Code that reads a value in a form: what is common is inline, all else is called for.

A call takes as long as five of these tests, and a page of leads has a hundred thousand values.
"""

import ast
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf

from scoring import syntax
from scoring.moments import FIRST_YEAR
from scoring.readings import Form
from scoring.syntax import Constants

_FIRST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)

Tested = tuple[ast.expr, ast.expr]
"""The expression that says whether a value is a common one, and the expression of what it is in the form."""


def read_value(
    form: Form, name: str, raw: ast.expr, full: ast.expr, constants: Constants, *, may_be_a_row: bool
) -> list[ast.stmt]:
    """The statements that assign `raw` in the form to a variable; null stays null.

    `full` reads any value there is. Where the column may be a lookup, the value may be the related row.
    """
    in_full = syntax.assign(name, full)
    statements = [syntax.assign(name, raw)]
    filled = syntax.is_filled(raw)
    match form:
        case Form.TEXT:
            common, folded = _plain_text(raw, constants)
            read = syntax.choice(common, folded, full)
            return [*statements, syntax.when(filled, [syntax.assign(name, read)])]
        case Form.INSTANT:
            return [*statements, syntax.when(filled, [read_instant(name, raw, in_full, constants)])]
        case Form.RAW:
            rare = [syntax.negation(raw), *([_is_of(raw, dict, constants)] if may_be_a_row else [])]
            return [*statements, syntax.when(syntax.every([filled, syntax.either(rare)]), [in_full])]
    if form in _RARE:
        filled = syntax.every([filled, _RARE[form](raw, constants)])
    return [*statements, syntax.when(filled, [in_full])]


def read_instant(name: str, raw: ast.expr, in_full: ast.stmt, constants: Constants) -> ast.stmt:
    """The statement that reads what the Web API writes, and anything else in full."""
    value, errors = syntax.load(name), constants.bind((TypeError, ValueError))
    parsed = syntax.assign(name, syntax.call(constants.bind(datetime.fromisoformat), raw))
    is_elsewhere = syntax.compare(syntax.attribute(value, "tzinfo"), (ast.IsNot, constants.bind(UTC)))
    is_early = syntax.compare(value, (ast.Lt, constants.bind(_FIRST)))
    return syntax.attempt(parsed, errors, [in_full], [syntax.when(syntax.either([is_elsewhere, is_early]), [in_full])])


def _is_of(value: ast.expr, kind: type, constants: Constants) -> ast.expr:
    return syntax.compare(syntax.attribute(value, "__class__"), (ast.Is, constants.bind(kind)))


def _is_not(value: ast.expr, kind: type, constants: Constants) -> ast.expr:
    return syntax.compare(syntax.attribute(value, "__class__"), (ast.IsNot, constants.bind(kind)))


def _plain_text(raw: ast.expr, constants: Constants) -> Tested:
    """Text of ASCII, which is folded by two methods."""
    common = syntax.every([_is_of(raw, str, constants), raw, syntax.method(raw, "isascii")])
    return common, syntax.method(syntax.method(raw, "lower"), "rstrip", constants.bind(" "))


def _is_rare_number(raw: ast.expr, constants: Constants) -> ast.expr:
    """Neither whole, nor a float that is finite."""
    infinite = constants.bind(inf)
    finite = syntax.compare(constants.bind(-inf), (ast.Lt, raw), (ast.Lt, infinite))
    rare_float = syntax.either([_is_not(raw, float, constants), syntax.negation(finite)])
    return syntax.every([_is_not(raw, int, constants), rare_float])


_RARE: Mapping[Form, Callable[[ast.expr, Constants], ast.expr]] = {
    Form.NUMBER: _is_rare_number,
    Form.DECIMAL: lambda raw, constants: _is_not(raw, int, constants),
    Form.BOOLEAN: lambda raw, constants: _is_not(raw, bool, constants),
}
