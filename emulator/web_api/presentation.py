"""Stored rows as an answer shows them: selected columns, annotations, and the rows that are expanded."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from collections.abc import Sequence
from typing import Any

from emulator.web_api.annotations import annotate
from emulator.web_api.catalogue import target_column
from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import UnsupportedError
from emulator.web_api.filter_sql import Where
from emulator.web_api.metadata import Table
from emulator.web_api.paging import order_by
from emulator.web_api.query import PAGE_MAX, Expansion, Query
from emulator.web_api.representation import row_json
from emulator.web_api.rows import Row

_CHUNK = 500
_Shown = dict[str, Any]


def represent(environment: Environment, call: Call, query: Query, rows: Sequence[Row]) -> list[_Shown]:
    """The rows as JSON, with what the query expands and the annotations that are asked for."""
    shown_rows = [row_json(query.columns, row) for row in rows]
    annotate(environment, call.preferences, query, rows, shown_rows)
    for expansion in query.expansions:
        if expansion.many:
            _show_children(environment, call, query.table, expansion, rows, shown_rows)
        else:
            _show_parents(environment, call, query.table, expansion, rows, shown_rows)
    return shown_rows


def needed_columns(query: Query) -> list[str]:
    """The SQL columns that showing the query's rows takes."""
    names = {query.table.primary_id: None} | {column.logical_name: None for column in query.columns}
    lookups = [column.logical_name for column in query.columns if column.is_lookup]
    lookups += [expansion.relationship.column for expansion in query.expansions if not expansion.many]
    for lookup in lookups:
        names[lookup] = None
        if len(query.table.columns[lookup].targets) > 1:
            names[target_column(lookup)] = None
    names |= {column.logical_name: None for column, _ in query.order} | {"versionnumber": None}
    return list(names)


def context(call: Call, table: Table, selected: str, *, single: bool = False) -> str:
    """The `@odata.context` of rows of a table."""
    columns = f"({selected})" if selected else ""
    return call.url(f"$metadata#{table.entity_set}{columns}{'/$entity' if single else ''}")


def _show_parents(
    environment: Environment,
    call: Call,
    table: Table,
    expansion: Expansion,
    rows: Sequence[Row],
    shown_rows: Sequence[_Shown],
) -> None:
    lookup = expansion.relationship.column
    several = len(table.columns[lookup].targets) > 1
    parent = expansion.query.table
    pointing = [row for row in rows if not several or row[target_column(lookup)] == parent.logical_name]
    ids = list({row[lookup]: None for row in pointing if row[lookup] is not None})
    found: dict[SqlValue, _Shown] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        where = f'"{parent.primary_id}" IN ({", ".join("?" * len(chunk))})'
        parents = environment.rows.select(parent, needed_columns(expansion.query), where, chunk)
        shown = represent(environment, call, expansion.query, parents)
        found |= {row[parent.primary_id]: one for row, one in zip(parents, shown, strict=True)}
    points_there = {id(row) for row in pointing}
    for row, shown_row in zip(rows, shown_rows, strict=True):
        shown_row[expansion.navigation] = found.get(row[lookup]) if id(row) in points_there else None


def _show_children(
    environment: Environment,
    call: Call,
    table: Table,
    expansion: Expansion,
    rows: Sequence[Row],
    shown_rows: Sequence[_Shown],
) -> None:
    children = _children(environment, expansion, table, [row[table.primary_id] for row in rows])
    for row, shown_row in zip(rows, shown_rows, strict=True):
        found = children.get(row[table.primary_id], [])[: expansion.query.top]
        if len(found) > PAGE_MAX:
            message = f"$expand of more than {PAGE_MAX} rows of {expansion.navigation}"
            raise UnsupportedError(message)
        shown_row[expansion.navigation] = represent(environment, call, expansion.query, found)


def _children(
    environment: Environment, expansion: Expansion, table: Table, ids: Sequence[SqlValue]
) -> dict[SqlValue, list[Row]]:
    query, lookup = expansion.query, expansion.relationship.column
    names = list(dict.fromkeys([*needed_columns(query), lookup]))
    order = [(f't0."{column.logical_name}"', descending) for column, descending in query.order]
    order.append((f't0."{query.table.primary_id}"', False))
    found: dict[SqlValue, list[Row]] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        where = Where(environment.metadata, query.table, environment.clock())
        condition = where.condition(query.where) if query.where else "TRUE"
        there = f't0."{lookup}" IN ({", ".join("?" * len(chunk))})'
        if len(query.table.columns[lookup].targets) > 1:
            there += f""" AND t0."{target_column(lookup)}" = '{table.logical_name}'"""
        columns = ", ".join(f't0."{name}"' for name in names)
        source = f'"{query.table.logical_name}" t0 {" ".join(where.joins.values())}'
        sql = f"SELECT {columns} FROM {source} WHERE {condition} AND {there} ORDER BY {order_by(order)}"
        for values in environment.database.execute(sql, [*where.parameters, *chunk]):
            row = dict(zip(names, values, strict=True))
            found.setdefault(row[lookup], []).append(row)
    return found
