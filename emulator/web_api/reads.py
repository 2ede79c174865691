"""GET of rows: one by id, or a page of a query, with the N:1 rows they point at."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from emulator.web_api.catalogue import target_column
from emulator.web_api.conditional import parse_conditions
from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import RowNotFoundError, UnsupportedError
from emulator.web_api.filter_sql import Where
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.paging import after, order_by, read_skip_token, skip_token
from emulator.web_api.query import PAGE_MAX, Expansion, Query, parse_query
from emulator.web_api.representation import answer, etag, row_json
from emulator.web_api.rows import Row

_CHUNK = 500


def read_one(environment: Environment, call: Call, table: Table, row_id: UUID) -> Response:
    """GET set(id): the row, or 304 when If-None-Match names its version and nothing is expanded."""
    call.address.refuse_options_but("$select", "$expand")
    query = parse_query(call.address, table, environment.metadata)
    row = environment.rows.find(table, str(row_id))
    if row is None:
        raise RowNotFoundError(table.logical_name, row_id)
    conditions = parse_conditions(call.request.headers)
    if conditions.match is not None:
        raise UnsupportedError("If-Match on GET")
    if not query.expansions and conditions.is_unchanged(row):
        return answer(304, headers={"ETag": etag(row)})
    body = {
        "@odata.context": context(call, table, query.selected, single=True),
        **represent(environment, query, [row])[0],
    }
    return answer(200, body, {"ETag": etag(row)})


def read_page(environment: Environment, call: Call, table: Table) -> Response:
    """GET set: one page, its `@odata.nextLink` when there is more, and the count (at most 5,000) when asked."""
    query = parse_query(call.address, table, environment.metadata)
    where = Where(environment.metadata, table)
    conditions = [where.condition(query.where)] if query.where else []
    body: dict[str, Any] = {"@odata.context": context(call, table, query.selected)}
    if query.with_count:
        body["@odata.count"] = _count(environment, where, conditions)
    rows, next_link = _page(environment, call, query, where, conditions)
    body["value"] = represent(environment, query, rows)
    if next_link:
        body["@odata.nextLink"] = next_link
    return answer(200, body)


def represent(environment: Environment, query: Query, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON, with what the query expands."""
    shown_rows = [row_json(query.columns, row) for row in rows]
    for expansion in query.expansions:
        related = _related(environment, expansion, rows)
        for row, shown_row in zip(rows, shown_rows, strict=True):
            found = (
                related.get(str(row[expansion.relationship.column]))
                if _points_there(query.table, row, expansion)
                else None
            )
            shown_row[expansion.relationship.navigation] = found
    return shown_rows


def context(call: Call, table: Table, selected: str, *, single: bool = False) -> str:
    """The `@odata.context` of rows of a table."""
    columns = f"({selected})" if selected else ""
    return call.url(f"$metadata#{table.entity_set}{columns}{'/$entity' if single else ''}")


def _page(
    environment: Environment, call: Call, query: Query, where: Where, conditions: list[str]
) -> tuple[list[Row], str | None]:
    # A page size makes the service ignore $top, as its documentation warns.
    limited = query.top is not None and call.preferences.page_size is None
    size = query.top if limited and query.top else call.preferences.page_size or PAGE_MAX
    order = [(f't0."{column.logical_name}"', descending) for column, descending in query.order]
    order.append((f't0."{query.table.primary_id}"', False))
    page_number, parameters = 1, list(where.parameters)
    if token := call.address.option("$skiptoken"):
        page_number, last = read_skip_token(token)
        condition, extra = after(order, last)
        conditions, parameters = [*conditions, condition], [*parameters, *extra]
    names = _needed(query)
    columns = ", ".join(f't0."{name}"' for name in names)
    sql = f"SELECT {columns} {_from(where, conditions)} ORDER BY {order_by(order)} LIMIT {size + 1}"
    rows = [dict(zip(names, values, strict=True)) for values in environment.database.execute(sql, parameters)]
    if len(rows) <= size or limited:
        return rows[:size], None
    position = [rows[size - 1][column.logical_name] for column, _ in query.order]
    position.append(rows[size - 1][query.table.primary_id])
    return rows[:size], _next_link(call, query.table, skip_token(page_number + 1, position))


def _count(environment: Environment, where: Where, conditions: list[str]) -> int:
    sql = f"SELECT COUNT(*) FROM (SELECT 1 {_from(where, conditions)} LIMIT {PAGE_MAX})"
    return int(str(environment.database.execute(sql, where.parameters)[0][0]))


def _from(where: Where, conditions: list[str]) -> str:
    joins = " ".join(where.joins.values())
    filtered = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f'FROM "{where.table.logical_name}" t0 {joins} {filtered}'


def _needed(query: Query) -> list[str]:
    names = {column.logical_name: None for column in query.columns}
    for expansion in query.expansions:
        lookup = expansion.relationship.column
        names[lookup] = None
        if len(query.table.columns[lookup].targets) > 1:
            names[target_column(lookup)] = None
    names |= {column.logical_name: None for column, _ in query.order} | {"versionnumber": None}
    return list(names)


def _related(environment: Environment, expansion: Expansion, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    table = expansion.table
    ids: list[SqlValue] = list({row[expansion.relationship.column]: None for row in rows})
    names = list(
        dict.fromkeys([column.logical_name for column in expansion.columns] + [table.primary_id, "versionnumber"])
    )
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        where = f'"{table.primary_id}" IN ({", ".join("?" * len(chunk))})'
        for row in environment.rows.select(table, names, where, chunk):
            found[str(row[table.primary_id])] = row_json(expansion.columns, row)
    return found


def _points_there(table: Table, row: Row, expansion: Expansion) -> bool:
    lookup = expansion.relationship.column
    return len(table.columns[lookup].targets) == 1 or row[target_column(lookup)] == expansion.table.logical_name


def _next_link(call: Call, table: Table, token: str) -> str:
    options = {name: value for name, value in call.address.options.items() if name != "$skiptoken"}
    query = urlencode(options, quote_via=quote, safe="$',()=")
    return call.url(
        f"{table.entity_set}?{query}&$skiptoken={token}" if query else f"{table.entity_set}?$skiptoken={token}"
    )
