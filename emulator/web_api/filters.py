"""`$filter`, parsed: text in, a frozen tree out, or a refusal that names what is wrong or not done."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from emulator.web_api.errors import BadRequestError, QuerySyntaxError, UnsupportedError, WebApiError

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
TextFunction = Literal["contains", "startswith", "endswith"]

_TEXT_FUNCTIONS = frozenset({"contains", "startswith", "endswith"})
_MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_CONDITIONS_MAX = 500
_OTHER_FUNCTIONS = re.compile(
    r"\b(length|indexof|substring|tolower|toupper|trim|concat|year|month|day|hour|minute|second|date|time|now|round|floor"
    r"|ceiling|cast|isof)\s*\("
)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal; `kind` is guid, moment, date, number, string, enum, boolean or null."""

    kind: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Property:
    """A property, or a property of the row that a navigation property leads to."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A property beside a literal or another property."""

    left: Property
    operator: Operator
    right: Property | Value


@dataclass(frozen=True, slots=True)
class TextMatch:
    """contains, startswith or endswith."""

    function: TextFunction
    path: Property
    text: str


@dataclass(frozen=True, slots=True)
class Membership:
    """Microsoft.Dynamics.CRM.In and NotIn; the column is named by its logical name."""

    column: str
    values: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Not:
    """True where the operand is not: a comparison with null, which is false, becomes true."""

    operand: "Filter"


@dataclass(frozen=True, slots=True)
class Every:
    """All operands hold."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one operand holds."""

    operands: "tuple[Filter, ...]"


Filter = Comparison | TextMatch | Membership | Not | Every | Either


@lru_cache(maxsize=512)
def parse(text: str) -> Filter:
    """The tree of a `$filter`; QuerySyntaxError if it is none, UnsupportedError if it is beyond the emulator."""
    try:
        tree = cast("Filter", _parser().parse(text))
    except VisitError as failure:
        if isinstance(failure.orig_exc, WebApiError):
            raise failure.orig_exc from None
        raise
    except LarkError as failure:
        raise _explanation(text, failure) from None
    if _conditions(tree) > _CONDITIONS_MAX:
        raise BadRequestError("Number of conditions in query exceeded maximum limit.", "0x8004430C")
    return tree


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("filter.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_Builder())


def _explanation(text: str, failure: LarkError) -> WebApiError:
    outside_texts = re.sub(r"'(?:''|[^'])*'", "''", text)
    for pattern, clause in (
        (r"/\s*(any|all)\s*\(", "lambda expressions"),
        (r"\b(has|in)\s", "the operators has and in"),
    ):
        if re.search(pattern, outside_texts):
            return UnsupportedError(f"{clause} in $filter")
    if arithmetic := re.search(r"\s(add|sub|mul|div|mod)\s", outside_texts):
        return UnsupportedError(f"the operator {arithmetic[1]} in $filter")
    if function := _OTHER_FUNCTIONS.search(outside_texts):
        return UnsupportedError(f"the function {function[1]} in $filter")
    position = getattr(failure, "pos_in_stream", None)
    where = f"Syntax error at position {position} in '{text[:200]}'." if position is not None else "Syntax error."
    return QuerySyntaxError(where)


def _conditions(tree: Filter) -> int:
    if isinstance(tree, Every | Either):
        return sum(_conditions(operand) for operand in tree.operands)
    return _conditions(tree.operand) if isinstance(tree, Not) else 1


class _Builder(Transformer[Token, Any]):
    """Makes the tree while the parser runs, so nothing recurses over a parse tree."""

    def start(self, parts: list[Any]) -> Filter:
        return cast("Filter", parts[0])

    def disjunction(self, parts: list[Any]) -> Filter:
        return Either(tuple(parts[::2]))

    def conjunction(self, parts: list[Any]) -> Filter:
        return Every(tuple(parts[::2]))

    def negated(self, parts: list[Any]) -> Filter:
        operand = parts[1]
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def comparison(self, parts: list[Any]) -> Comparison:
        left, operator, right = parts
        if isinstance(left, Property):
            return Comparison(left, cast("Operator", str(operator)), right)
        if isinstance(right, Property):
            return Comparison(right, cast("Operator", _MIRRORED[operator]), left)
        raise UnsupportedError("a comparison of two literals in $filter")

    def function(self, parts: list[Any]) -> TextMatch:
        name, *operands = parts
        if name not in _TEXT_FUNCTIONS:
            message = f"the function {name} in $filter"
            raise UnsupportedError(message)
        match operands:
            case [Property() as path, Value(kind="string", value=str(text))]:
                return TextMatch(cast("TextFunction", str(name)), path, text)
        message = f"No function signature for the function with name '{name}' matches the specified arguments."
        raise QuerySyntaxError(message)

    def query_function(self, parts: list[Any]) -> Membership:
        name, *arguments = parts
        short = str(name).rpartition(".")[2]
        if short not in {"In", "NotIn"}:
            message = f"{name} in $filter"
            raise UnsupportedError(message)
        named = dict(arguments) if None not in arguments else {}
        match named:
            case {"PropertyName": Value(kind="string", value=str(column)), "PropertyValues": [*values]} if (
                len(named) == 2
            ):
                return Membership(column, tuple(values), negated=short == "NotIn")
        message = f"{short} takes PropertyName and PropertyValues."
        raise QuerySyntaxError(message)

    def argument(self, parts: list[Any]) -> tuple[str, Any]:
        return str(parts[0]), parts[1]

    def texts(self, parts: list[Token]) -> Sequence[str]:
        try:
            values = json.loads(parts[0])
        except ValueError:
            raise QuerySyntaxError("PropertyValues is not a JSON array.") from None
        if not values or not all(isinstance(value, str) for value in values):
            raise QuerySyntaxError("PropertyValues is an array of at least one string.")
        return cast("Sequence[str]", values)

    def path(self, parts: list[Token]) -> Property:
        if len(parts) > 2:
            raise UnsupportedError("paths over more than one navigation property in $filter")
        return Property(tuple(str(part) for part in parts))

    def guid(self, parts: list[Token]) -> Value:
        return Value("guid", parts[0].lower())

    def moment(self, parts: list[Token]) -> Value:
        return Value("moment", str(parts[0]))

    def date(self, parts: list[Token]) -> Value:
        return Value("date", str(parts[0]))

    def number(self, parts: list[Token]) -> Value:
        text = str(parts[0])
        return Value("number", int(text) if re.fullmatch(r"-?\d{1,18}", text) else float(text))

    def string(self, parts: list[Token]) -> Value:
        return Value("string", parts[0][1:-1].replace("''", "'"))

    def enum(self, parts: list[Token]) -> Value:
        return Value("enum", parts[0].partition("'")[2][:-1])

    def null(self, _parts: list[Token]) -> Value:
        return Value("null", None)

    def true(self, _parts: list[Token]) -> Value:
        return Value("boolean", value=True)

    def false(self, _parts: list[Token]) -> Value:
        return Value("boolean", value=False)
