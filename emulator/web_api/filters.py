"""`$filter`, parsed: text in, a frozen tree out, or a refusal that names what is wrong or not done."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from emulator.web_api.errors import BadRequestError, QuerySyntaxError, UnsupportedError, WebApiError
from emulator.web_api.filter_tree import (
    Comparison,
    Either,
    Every,
    Filter,
    Lambda,
    Membership,
    Not,
    Operator,
    Property,
    QueryFunction,
    TextFunction,
    TextMatch,
    Value,
)

_TEXT_FUNCTIONS = frozenset({"contains", "startswith", "endswith"})
_MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_CONDITIONS_MAX = 500
_OTHER_FUNCTIONS = re.compile(
    r"\b(length|indexof|substring|tolower|toupper|trim|concat|year|month|day|hour|minute|second|date|time|now|round|floor"
    r"|ceiling|cast|isof)\s*\("
)


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
    if re.search(r"\b(has|in)\s", outside_texts):
        return UnsupportedError("the operators has and in in $filter")
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
    if isinstance(tree, Lambda) and tree.condition is not None:
        return 1 + _conditions(tree.condition)
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

    def query_function(self, parts: list[Any]) -> Membership | QueryFunction:
        name, *arguments = parts
        short = str(name).rpartition(".")[2]
        named = dict(arguments) if None not in arguments else {}
        listing = short in {"In", "NotIn"}
        match named:
            case {"PropertyName": Value(kind="string", value=str(column)), "PropertyValues": [*values]} if (
                len(named) == 2
            ):
                if listing:
                    return Membership(column, tuple(values), negated=short == "NotIn")
                return QueryFunction(short, column, tuple(values))
            case {"PropertyName": Value(kind="string", value=str(column)), "PropertyValue": Value(value=value)} if (
                len(named) == 2 and not listing
            ):
                return QueryFunction(short, column, (str(value),))
            case {"PropertyName": Value(kind="string", value=str(column))} if len(named) == 1 and not listing:
                return QueryFunction(short, column, ())
        message = f"{short} takes PropertyName and, if any, PropertyValue or PropertyValues."
        raise QuerySyntaxError(message)

    def lambda_(self, parts: list[Any]) -> Lambda:
        path, word, variable, condition = parts
        every = "all" in word
        if len(path.names) > 1:
            raise UnsupportedError("a lambda expression below a navigation property in $filter")
        if every and condition is None:
            raise QuerySyntaxError("all() needs a condition.")
        return Lambda(path.names[0], every, str(variable or ""), condition)

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
