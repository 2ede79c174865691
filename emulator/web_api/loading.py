"""Rows by the hundred thousand: what a create stores, without requests, checks of other rows, or events."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.derived import computed, new_row
from emulator.web_api.environment import Environment
from emulator.web_api.errors import PayloadError
from emulator.web_api.metadata import Table
from emulator.web_api.rows import Row, sql_columns
from emulator.web_api.values import GUID, stored

_CHUNK = 5_000
_DERIVED_FROM = frozenset({"ownerid", "overriddencreatedon", "statuscode"})
# What a load may set although a create may not: the past has other dates, states and links.
_KEPT = frozenset({"createdon", "modifiedon", "statecode", "statuscode"})


def load_rows(environment: Environment, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert the rows, each under a version of its own; returns how many."""
    names = sql_columns(table)
    quoted = ", ".join(f'"{name}"' for name in names)
    sql = f'INSERT INTO "{table.logical_name}" ({quoted}) VALUES ({", ".join("?" * len(names))})'
    # What a create of nothing stores is the same for every row, and costs most of one.
    empty = new_row(environment, table, uuid4(), {})
    prepared = (_prepared(environment, table, names, empty, row) for row in rows)
    version_at = names.index("versionnumber")
    count = 0
    while chunk := list(islice(prepared, _CHUNK)):
        first = environment.database.next_values("versionnumber", len(chunk))
        for version, values in enumerate(chunk, first):
            values[version_at] = version
        environment.database.execute_many(sql, chunk)
        count += len(chunk)
    return count


def _prepared(
    environment: Environment, table: Table, names: list[str], empty: Row, row: Mapping[str, Any]
) -> list[SqlValue]:
    submitted = dict(_submitted(table, row))
    row_id = str(submitted.pop(table.primary_id, None) or uuid4())
    if submitted.keys() & _DERIVED_FROM:
        whole = new_row(environment, table, UUID(row_id), submitted)
    else:
        whole = {**empty, **submitted, table.primary_id: row_id}
        whole |= computed(environment, table, whole, submitted)
    whole |= {name: value for name, value in submitted.items() if name in _KEPT and value is not None}
    return [whole.get(name) for name in names]


def _submitted(table: Table, row: Mapping[str, Any]) -> Iterator[tuple[str, SqlValue]]:
    for name, value in row.items():
        column = table.properties.get(name)
        if column is None:
            raise PayloadError(table.entity_set, f"The property '{name}' does not exist on type '{table.type_name}'")
        if not column.is_lookup:
            yield column.logical_name, stored(table, column, value)
        elif value is not None:
            if not isinstance(value, str) or not GUID.fullmatch(value):
                raise PayloadError(table.entity_set, f"'{name}' is not a Guid")
            yield column.logical_name, value.lower()
            if len(column.targets) > 1:
                yield target_column(column.logical_name), column.targets[0]
