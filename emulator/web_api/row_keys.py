"""Which row an address means: `set(id)`, `set(alternate key)`, or `$1` in a changeset."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from emulator.web_api.address import Segment, bound_row, referenced_row
from emulator.web_api.environment import Environment
from emulator.web_api.errors import (
    QUERY_NOT_SUPPORTED,
    BadRequestError,
    KeyNotDefinedError,
    KeyRowNotFoundError,
    QuerySyntaxError,
    RowNotFoundError,
    SegmentNotFoundError,
    UnknownPropertyError,
    WebApiError,
)
from emulator.web_api.metadata import AlternateKey, Column, Table
from emulator.web_api.query import split_top_level
from emulator.web_api.rows import Row
from emulator.web_api.values import GUID, edm_type, stored

_FORBIDDEN = set("/<>*%&:\\?+")
_INDEX_PENDING = timedelta(seconds=1)
_INDEX_BUILT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class RowKey:
    """An addressed row: its id (None when no row has the alternate key's values) and those values, as stored."""

    table: Table
    row_id: UUID | None
    values: Row = field(default_factory=dict)

    def missing(self) -> WebApiError:
        """What is answered when the row has to be there and is not."""
        if self.values:
            return KeyRowNotFoundError(self.table.logical_name)
        return RowNotFoundError(self.table.logical_name, str(self.row_id))


def index_status(key: AlternateKey, now: datetime) -> str:
    """The EntityKeyIndexStatus: an index takes two seconds to be built, unless rows with equal values forbid it."""
    age = now - key.created
    if age < _INDEX_PENDING:
        return "Pending"
    if age < _INDEX_BUILT:
        return "InProgress"
    return "Failed" if key.failed else "Active"


def locate(environment: Environment, table: Table, segment: Segment) -> RowKey:
    """The row that `set(...)` means; KeyNotDefinedError unless the columns are those of an active key."""
    text = (segment.key or "").strip()
    name, equals, value = text.partition("=")
    if equals and name.strip() == table.primary_id:
        text = value.strip()
    elif equals:
        return _by_alternate_key(environment, table, text)
    if not GUID.fullmatch(text):
        message = f"'{text}' is not an id."
        raise QuerySyntaxError(message)
    return RowKey(table, UUID(text))


def locate_reference(environment: Environment, created: Mapping[str, str], url: str) -> RowKey:
    """The row that a URL, a path or `$1` refers to; it need not exist."""
    if url.startswith("$"):
        url = referenced_row(created, url)
    found = bound_row(url)
    if found is None:
        message = f"The URL '{url[:200]}' is not a reference to a row."
        raise BadRequestError(message, QUERY_NOT_SUPPORTED)
    table = environment.metadata.by_entity_set(found.name)
    if table is None:
        raise SegmentNotFoundError(found.name)
    return locate(environment, table, found)


def find_by_key(environment: Environment, table: Table, values: Mapping[str, Any]) -> str | None:
    """The id of the row with these stored values."""
    condition = " AND ".join(f'"{name}" = ?' for name in values)
    found = environment.rows.select(table, [table.primary_id], condition, list(values.values()))
    return str(found[0][table.primary_id]) if found else None


def _by_alternate_key(environment: Environment, table: Table, text: str) -> RowKey:
    values: Row = {}
    for pair in split_top_level(text, ","):
        name, _, literal = pair.strip().partition("=")
        column = table.properties.get(name.strip())
        if column is None:
            raise UnknownPropertyError(name, table.type_name)
        values[column.logical_name] = _value(table, column, literal.strip())
    now = environment.clock()
    if not any(values.keys() == set(key.columns) and index_status(key, now) == "Active" for key in table.keys):
        raise KeyNotDefinedError(table.logical_name)
    row_id = find_by_key(environment, table, values)
    return RowKey(table, UUID(row_id) if row_id else None, values)


def _value(table: Table, column: Column, literal: str) -> Any:
    quoted = re.fullmatch(r"'((?:''|[^'])*)'", literal)
    if quoted:
        text = quoted[1].replace("''", "'")
        if _FORBIDDEN & set(text):
            message = f"A key value must not contain any of {' '.join(sorted(_FORBIDDEN))}."
            raise BadRequestError(message, QUERY_NOT_SUPPORTED)
        return stored(table, column, text)
    if column.is_lookup and GUID.fullmatch(literal):
        return literal.lower()
    if edm_type(column) in {"Edm.Int32", "Edm.Int64", "Edm.Decimal"} and re.fullmatch(
        r"-?\d{1,18}(\.\d{1,10})?", literal
    ):
        return stored(table, column, float(literal) if "." in literal else int(literal))
    if column.type == "DateTime":
        return stored(table, column, literal)
    message = f"'{literal[:100]}' is not a value of '{edm_type(column)}'."
    raise QuerySyntaxError(message)
