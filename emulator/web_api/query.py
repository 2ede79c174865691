"""The query options of a read, parsed and checked against a table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator.web_api.address import Address
from emulator.web_api.errors import QuerySyntaxError, SecuredColumnError, UnknownPropertyError, UnsupportedError
from emulator.web_api.filter_tree import Filter
from emulator.web_api.filters import parse
from emulator.web_api.metadata import CHOICE_TYPES, Column, Metadata, Relationship, Table

PAGE_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Expansion:
    """Rows shown inside a row: the one its lookup points at, or (`many`) those whose lookup points at it."""

    navigation: str
    relationship: Relationship
    query: "Query"
    many: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What a read asks for; `order` holds (column, descending) and `top` the number of rows, if it was limited."""

    table: Table
    columns: tuple[Column, ...]
    selected: str
    expansions: tuple[Expansion, ...]
    where: Filter | None
    order: tuple[tuple[Column, bool], ...]
    top: int | None
    with_count: bool


def parse_query(address: Address, table: Table, metadata: Metadata) -> Query:
    """The query of an address; refusals have the service's codes, or 501 with the clause's name."""
    expansions = tuple(_expansions(address.option("$expand"), table, metadata))
    return _query(address.options, table, expansions)


def _query(options: Mapping[str, str], table: Table, expansions: tuple[Expansion, ...]) -> Query:
    where = options.get("$filter")
    return Query(
        table=table,
        columns=selected_columns(table, options.get("$select")),
        selected=options.get("$select", ""),
        expansions=expansions,
        where=parse(where) if where is not None else None,
        order=tuple(_order(options.get("$orderby"), table)),
        top=_top(options.get("$top")),
        with_count=_flag(options.get("$count")),
    )


def selected_columns(table: Table, select: str | None) -> tuple[Column, ...]:
    """The columns of a `$select`, the primary id always among them; all readable ones without it."""
    if select is None:
        return tuple(column for column in table.columns.values() if column.valid_for_read)
    names = [name.strip() for name in select.split(",")]
    chosen = {column.logical_name: column for name in names for column in _selected(table, name)}
    chosen.setdefault(table.primary_id, table.columns[table.primary_id])
    return tuple(chosen.values())


def _selected(table: Table, name: str) -> Iterator[Column]:
    column = table.properties.get(name)
    if column is not None and column.valid_for_read:
        yield column
    elif name in table.navigations:
        yield table.columns[table.navigations[name].column]
    elif name == "ownerid" and name in table.columns:
        yield table.columns[name]
    elif name == "*":
        yield from (column for column in table.columns.values() if column.valid_for_read)
    else:
        raise UnknownPropertyError(name, table.type_name)


def _expansions(expand: str | None, table: Table, metadata: Metadata) -> Iterator[Expansion]:
    for item in split_top_level(expand or "", ","):
        found = re.fullmatch(r"\s*([\w/]+)\s*(?:\((.*)\))?\s*", item, re.DOTALL)
        if found is None:
            message = f"$expand '{item}'."
            raise QuerySyntaxError(message)
        yield _expansion(found[1], found[2], table, metadata)


def _expansion(navigation: str, options: str | None, table: Table, metadata: Metadata) -> Expansion:
    relationship = table.navigations.get(navigation)
    if relationship is not None:
        target = metadata.table(relationship.referenced)
        return Expansion(navigation, relationship, _nested(options, target, ("$select",)), many=False)
    if navigation == "ownerid" and navigation in table.columns:
        raise UnsupportedError("$expand of ownerid, whose rows are of two tables: expand owninguser or owningteam")
    relationship = metadata.collection(table.logical_name, navigation)
    if relationship is None:
        raise UnknownPropertyError(navigation, table.type_name)
    child = metadata.table(relationship.referencing)
    allowed = ("$select", "$filter", "$orderby", "$top")
    return Expansion(navigation, relationship, _nested(options, child, allowed), many=True)


def _nested(options: str | None, table: Table, allowed: Sequence[str]) -> Query:
    given: dict[str, str] = {}
    for option in split_top_level(options or "", ";"):
        name, _, value = option.strip().partition("=")
        if name not in allowed:
            message = f"{name} inside $expand"
            raise UnsupportedError(message)
        given[name] = value
    return _query(given, table, ())


def split_top_level(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that stand outside parentheses and quotes; nothing for an empty text."""
    depth, start, quoted = 0, 0, False
    for position, character in enumerate(text):
        quoted ^= character == "'"
        depth += 0 if quoted else (character == "(") - (character == ")")
        if character == separator and depth == 0 and not quoted:
            yield text[start:position]
            start = position + 1
    if text:
        yield text[start:]


def _order(orderby: str | None, table: Table) -> Iterator[tuple[Column, bool]]:
    for item in filter(None, (orderby or "").split(",")):
        name, *direction = item.split()
        if "/" in name:
            raise UnsupportedError("$orderby over a navigation property")
        if direction not in ([], ["asc"], ["desc"]):
            message = f"$orderby '{item}'."
            raise QuerySyntaxError(message)
        column = table.properties.get(name)
        if column is None or not column.valid_for_read:
            raise UnknownPropertyError(name, table.type_name)
        if column.is_secured:
            raise SecuredColumnError("0x8004f504", "read")
        if column.is_lookup or column.type in CHOICE_TYPES:
            message = f"$orderby of {name}: the service sorts choices and lookups by their names"
            raise UnsupportedError(message)
        yield column, direction == ["desc"]


def _top(top: str | None) -> int | None:
    if top is None:
        return None
    if not re.fullmatch(r"\d{1,9}", top):
        message = f"Invalid value '{top}' for $top query option found."
        raise QuerySyntaxError(message)
    if not 0 < int(top) <= PAGE_MAX:
        message = f"$top outside 1 to {PAGE_MAX}"
        raise UnsupportedError(message)
    return int(top)


def _flag(count: str | None) -> bool:
    if count not in {None, "true", "false"}:
        message = f"Invalid value '{count}' for $count query option found."
        raise QuerySyntaxError(message)
    return count == "true"
