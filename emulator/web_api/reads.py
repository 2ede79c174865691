"""GET of rows: one by id or key, a page of a query, or its count."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from typing import Any
from urllib.parse import quote, urlencode

from emulator.web_api.annotations import TOTAL, TOTAL_EXCEEDED
from emulator.web_api.conditional import parse_conditions
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import UnsupportedError
from emulator.web_api.filter_sql import Where
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.paging import after, order_by, read_skip_token, skip_token
from emulator.web_api.presentation import context, needed_columns, represent
from emulator.web_api.query import PAGE_MAX, Query, parse_query
from emulator.web_api.representation import answer, etag, request_ids
from emulator.web_api.row_keys import RowKey
from emulator.web_api.rows import Row


def read_one(environment: Environment, call: Call, table: Table, key: RowKey) -> Response:
    """GET set(id): the row, or 304 when If-None-Match names its version and nothing is expanded or annotated."""
    call.address.refuse_options_but("$select", "$expand")
    query = parse_query(call.address, table, environment.metadata)
    row = environment.rows.find(table, str(key.row_id)) if key.row_id else None
    if row is None:
        raise key.missing()
    conditions = parse_conditions(call.request.headers)
    if conditions.match is not None:
        raise UnsupportedError("If-Match on GET")
    plain = not query.expansions and not call.preferences.annotations
    if plain and conditions.is_unchanged(row):
        return answer(304, headers={"ETag": etag(row)})
    body = {
        "@odata.context": context(call, table, query.selected, single=True),
        **represent(environment, call, query, [row])[0],
    }
    return answer(200, body, {"ETag": etag(row), **applied(call)})


def read_page(environment: Environment, call: Call, table: Table) -> Response:
    """GET set: one page, its `@odata.nextLink` when there is more, and the count (at most 5,000) when asked."""
    call.address.refuse_options_but("$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken")
    query = parse_query(call.address, table, environment.metadata)
    where = Where(environment.metadata, table, environment.clock())
    conditions = [where.condition(query.where)] if query.where else []
    body: dict[str, Any] = {"@odata.context": context(call, table, query.selected)}
    if query.with_count:
        body |= _counted(environment, call, where, conditions)
    rows, next_link = _page(environment, call, query, where, conditions)
    body["value"] = represent(environment, call, query, rows)
    if next_link:
        body["@odata.nextLink"] = next_link
    return answer(200, body, applied(call))


def read_count(environment: Environment, call: Call, table: Table) -> Response:
    """GET set/$count: how many rows meet the filter, at most 5,000, as plain text."""
    call.address.refuse_options_but("$filter")
    query = parse_query(call.address, table, environment.metadata)
    where = Where(environment.metadata, table, environment.clock())
    conditions = [where.condition(query.where)] if query.where else []
    return plain_number(min(_count(environment, where, conditions), PAGE_MAX))


def plain_number(count: int) -> Response:
    """A count as `$count` answers it: text, not JSON."""
    return Response(200, {**request_ids(), "Content-Type": "text/plain"}, str(count).encode())


def applied(call: Call) -> dict[str, str]:
    """The Preference-Applied header of an answer with annotations."""
    if not call.preferences.annotations:
        return {}
    return {"Preference-Applied": f'odata.include-annotations="{",".join(call.preferences.annotations)}"'}


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
    names = needed_columns(query)
    columns = ", ".join(f't0."{name}"' for name in names)
    sql = f"SELECT {columns} {_from(where, conditions)} ORDER BY {order_by(order)} LIMIT {size + 1}"
    rows = [dict(zip(names, values, strict=True)) for values in environment.database.execute(sql, parameters)]
    if len(rows) <= size or limited:
        return rows[:size], None
    position = [rows[size - 1][column.logical_name] for column, _ in query.order]
    position.append(rows[size - 1][query.table.primary_id])
    return rows[:size], link(call, query.table, {"$skiptoken": skip_token(page_number + 1, position)})


def _counted(environment: Environment, call: Call, where: Where, conditions: list[str]) -> dict[str, Any]:
    count = _count(environment, where, conditions)
    body: dict[str, Any] = {"@odata.count": min(count, PAGE_MAX)}
    if call.preferences.annotates(TOTAL):
        body[f"@{TOTAL}"] = min(count, PAGE_MAX)
    if call.preferences.annotates(TOTAL_EXCEEDED):
        body[f"@{TOTAL_EXCEEDED}"] = count > PAGE_MAX
    return body


def _count(environment: Environment, where: Where, conditions: list[str]) -> int:
    sql = f"SELECT COUNT(*) FROM (SELECT 1 {_from(where, conditions)} LIMIT {PAGE_MAX + 1})"
    return int(str(environment.database.execute(sql, where.parameters)[0][0]))


def _from(where: Where, conditions: list[str]) -> str:
    joins = " ".join(where.joins.values())
    filtered = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f'FROM "{where.table.logical_name}" t0 {joins} {filtered}'


def link(call: Call, table: Table, token: dict[str, str]) -> str:
    """The address of the request with another token, which is percent-encoded already."""
    options = {name: value for name, value in call.address.options.items() if name not in {"$skiptoken", "$deltatoken"}}
    query = urlencode(options, quote_via=quote, safe="$',()=")
    tokens = "&".join(f"{name}={value}" for name, value in token.items())
    return call.url(f"{table.entity_set}?{query}&{tokens}" if query else f"{table.entity_set}?{tokens}")
