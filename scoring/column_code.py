"""Code that reads a value in a form: what is common is inline, all else is called for.

A call takes as long as five of these tests, and a page of leads has a hundred thousand values.
"""

import ast
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from scoring import syntax
from scoring.moments import FIRST_YEAR
from scoring.readings import Form
from scoring.syntax import Constants

_FIRST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value to be read into the variable `name`, and the expressions that do so in full.

    `raw` is the value as the row holds it. `own` reads what is no related row, `in_full` reads anything; they are the
    same but for a column that may be a lookup.
    """

    name: str
    raw: ast.expr
    own: ast.expr
    in_full: ast.expr
    constants: Constants

    def statements(self, form: Form) -> list[ast.stmt]:
        """The statements that read it in the form; null stays null."""
        filled, rest = syntax.is_filled(self.raw), [self._assign(self.in_full)]
        match form:
            case Form.TEXT:
                rest = [self._text()]
            case Form.INSTANT:
                rest = [self.instant()]
            case Form.RAW:
                filled = syntax.every([filled, self._rare_raw()])
            case Form.NUMBER:
                filled = syntax.every([filled, self._rare_number()])
            case Form.DECIMAL:
                filled = syntax.every([filled, syntax.negation(self._is_of(int))])
            case Form.BOOLEAN:
                filled = syntax.every([filled, syntax.negation(self._is_of(bool))])
        return [self._assign(self.raw), syntax.when(filled, rest)]

    def instant(self) -> ast.stmt:
        """The statement that reads an instant as the Web API writes it, and anything else in full."""
        bind, value, in_full = self.constants.bind, syntax.load(self.name), [self._assign(self.in_full)]
        parsed = self._assign(syntax.call(bind(datetime.fromisoformat), self.raw))
        is_elsewhere = syntax.compare(syntax.attribute(value, "tzinfo"), (ast.IsNot, bind(UTC)))
        is_early = syntax.compare(value, (ast.Lt, bind(_FIRST)))
        otherwise = [syntax.when(syntax.either([is_elsewhere, is_early]), in_full)]
        return syntax.attempt(parsed, bind((TypeError, ValueError)), in_full, otherwise)

    def _text(self) -> ast.stmt:
        """Text of ASCII is folded by two methods."""
        is_plain = syntax.every([syntax.method(self.raw, "isascii"), self.raw])
        folded = syntax.method(syntax.method(self.raw, "lower"), "rstrip", self.constants.bind(" "))
        text = self._assign(syntax.choice(is_plain, folded, self.own))
        return syntax.when(self._is_of(str), [text], [self._assign(self.in_full)])

    def _rare_raw(self) -> ast.expr:
        """Empty text, or a related row."""
        return syntax.either([syntax.negation(self.raw), self._is_of(dict)])

    def _rare_number(self) -> ast.expr:
        """Neither whole, nor a float that is finite."""
        infinite = self.constants.bind(inf)
        finite = syntax.compare(self.constants.bind(-inf), (ast.Lt, self.raw), (ast.Lt, infinite))
        return syntax.negation(syntax.either([self._is_of(int), syntax.every([self._is_of(float), finite])]))

    def _is_of(self, kind: type) -> ast.expr:
        return syntax.compare(syntax.attribute(self.raw, "__class__"), (ast.Is, self.constants.bind(kind)))

    def _assign(self, value: ast.expr) -> ast.stmt:
        return syntax.assign(self.name, value)
