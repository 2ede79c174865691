"""A SELECT, parsed: text in, a frozen statement out whose names are not looked up yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, VisitError

from emulator.web_api.errors import UnsupportedError, WebApiError

_OPERATORS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

SqlPath = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one column, by FetchXML's operator."""

    path: SqlPath
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tests:
    """All parts hold, or any."""

    any: bool
    parts: "tuple[Test | Tests, ...]"


@dataclass(frozen=True, slots=True)
class Item:
    """An output: a path, or an aggregate of one (of all rows without it)."""

    path: SqlPath | None
    aggregate: str | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement before its names are looked up; joins hold (outer, name, alias, one side, other side)."""

    distinct: bool
    top: int | None
    outputs: Sequence[tuple[Item, str | None]]
    table: tuple[str, str]
    joins: Sequence[tuple[bool, tuple[str, str], SqlPath, SqlPath]]
    where: Test | Tests | None
    groups: Sequence[SqlPath]
    orders: Sequence[tuple[SqlPath, bool]]
    offset: tuple[int, int | None] | None


def parse_statement(text: str) -> Statement:
    """The statement of a text; UnsupportedError for what is not in the grammar."""
    try:
        return cast("Statement", _parser().parse(text))
    except VisitError as failure:
        if isinstance(failure.orig_exc, WebApiError):
            raise failure.orig_exc from None
        raise
    except LarkError as failure:
        position = getattr(failure, "pos_in_stream", None)
        message = f"this SQL (at position {position}); it does SELECT with JOIN, WHERE, GROUP BY and ORDER BY"
        raise UnsupportedError(message) from None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("sql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=_Builder(), maybe_placeholders=True)


class _Builder(Transformer[Token, Any]):
    """Makes the statement while the parser runs."""

    def start(self, parts: list[Any]) -> Statement:
        distinct, top, outputs, table, *joins, where, groups, orders, offset = parts
        return Statement(
            bool(distinct), int(top) if top else None, outputs, table, joins, where, groups or (), orders or (), offset
        )

    def outputs(self, parts: list[Any]) -> Any:
        return tuple(parts)

    groups = orders = outputs

    def output(self, parts: list[Any]) -> tuple[Item, str | None]:
        value, name = parts
        item = value if isinstance(value, Item) else Item(value)
        return item, str(name) if name else None

    def aggregate(self, parts: list[Any]) -> Item:
        name, distinct, path = parts
        return Item(path if isinstance(path, tuple) else None, str(name).lower(), bool(distinct))

    def table(self, parts: list[Any]) -> tuple[str, str]:
        name, alias = parts
        return str(name), str(alias or name)

    def join(self, parts: list[Any]) -> tuple[bool, tuple[str, str], SqlPath, SqlPath]:
        kind, table, left, operator, right = parts
        if operator != "=":
            raise UnsupportedError("a JOIN that is not on equality")
        return str(kind or "").lower().startswith("left"), table, left, right

    def order(self, parts: list[Any]) -> tuple[SqlPath, bool]:
        path, direction = parts
        return path, str(direction or "").lower() == "desc"

    def offset(self, parts: list[Any]) -> tuple[int, int | None]:
        first, count = parts
        return int(first), int(count) if count else None

    def path(self, parts: list[Any]) -> SqlPath:
        first, second = parts
        return (str(first), str(second)) if second else (None, str(first))

    def literal(self, parts: list[Token]) -> str:
        text = str(parts[0])
        return text.removeprefix("N")[1:-1].replace("''", "'") if text.endswith("'") else text

    def disjunction(self, parts: list[Any]) -> Tests:
        return Tests(any=True, parts=tuple(parts))

    def conjunction(self, parts: list[Any]) -> Tests:
        return Tests(any=False, parts=tuple(parts))

    def comparison(self, parts: list[Any]) -> Test:
        path, operator, value = parts
        return Test(path, _OPERATORS[str(operator)], (value,))

    def like(self, parts: list[Any]) -> Test:
        path, negated, _like, value = parts
        return Test(path, "not-like" if negated else "like", (value,))

    def membership(self, parts: list[Any]) -> Test:
        path, negated, *values = parts
        return Test(path, "not-in" if negated else "in", tuple(values))

    def between(self, parts: list[Any]) -> Test:
        path, negated, low, high = parts
        return Test(path, "not-between" if negated else "between", (low, high))

    def null(self, parts: list[Any]) -> Test:
        path, negated = parts
        return Test(path, "not-null" if negated else "null", ())
