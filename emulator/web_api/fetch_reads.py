"""GET set?fetchXml=..: pages with their cookie, encoded as Dataverse encodes it, and aggregates."""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from emulator.web_api.annotations import MORE_RECORDS, PAGING_COOKIE
from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import AggregateLimitError, BadRequestError
from emulator.web_api.fetchxml import Fetch, parse_fetch
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.paging import after, order_by
from emulator.web_api.query import PAGE_MAX
from emulator.web_api.reads import applied
from emulator.web_api.representation import answer
from emulator.web_api.select import AGGREGATED_ROWS_MAX, Output, Select, Source, grouping, output_sql, source
from emulator.web_api.values import shown

_UNPAGED_MAX = 50_000


def read_fetch(environment: Environment, call: Call, table: Table) -> Response:
    """The rows of a fetch; whether there are more, and the cookie of the next page, when annotations are asked for."""
    call.address.refuse_options_but("fetchxml")
    fetch = parse_fetch(call.address.option("fetchxml") or "", table, environment.metadata)
    body: dict[str, Any] = {"@odata.context": call.url(f"$metadata#{table.entity_set}")}
    if fetch.select.grouped:
        rows = aggregate(environment, fetch.select, fetch.top or fetch.count)
        return answer(200, {**body, "value": rows}, applied(call))
    rows, more, position = _page(environment, fetch)
    if call.preferences.annotates(PAGING_COOKIE) and position is not None:
        body[f"@{PAGING_COOKIE}"] = _cookie(fetch.page, position)
    if call.preferences.annotates(MORE_RECORDS):
        body[f"@{MORE_RECORDS}"] = more
    return answer(200, {**body, "value": rows}, applied(call))


def aggregate(environment: Environment, select: Select, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """The groups of an aggregating query; AggregateLimitError over 50,000 rows."""
    found = source(select, environment.clock())
    counted = f"SELECT COUNT(*) FROM (SELECT 1 {found.sql} LIMIT {AGGREGATED_ROWS_MAX + 1})"
    if int(str(environment.database.execute(counted, found.parameters)[0][0])) > AGGREGATED_ROWS_MAX:
        raise AggregateLimitError
    columns = ", ".join(f'{output_sql(output)} AS "{output.name}"' for output in select.outputs)
    order = f" ORDER BY {order_by(select.order)}" if select.order else ""
    sql = f"SELECT {columns} {found.sql}{grouping(select)}{order} LIMIT {limit} OFFSET {offset}"
    rows = environment.database.execute(sql, found.parameters)
    return [_named(select.outputs, values) for values in rows]


def plain_rows(environment: Environment, select: Select, limit: int, offset: int) -> list[dict[str, Any]]:
    """The rows of a query that does not aggregate, without their ids."""
    found = source(select, environment.clock())
    columns = ", ".join(output_sql(output) for output in select.outputs)
    order = f" ORDER BY {order_by(select.order)}" if select.order else ""
    distinct = "DISTINCT " if select.distinct else ""
    sql = f"SELECT {distinct}{columns} {found.sql}{order} LIMIT {limit} OFFSET {offset}"
    return [_named(select.outputs, values) for values in environment.database.execute(sql, found.parameters)]


def _page(environment: Environment, fetch: Fetch) -> tuple[list[dict[str, Any]], bool, list[SqlValue] | None]:
    """The page's rows, whether there are more, and the position behind the last one."""
    select = fetch.select
    size = min(fetch.top or fetch.count, PAGE_MAX)
    if select.distinct:
        rows = plain_rows(environment, select, size + 1, (fetch.page - 1) * size)
        return rows[:size], len(rows) > size and fetch.top is None, None
    found = source(select, environment.clock())
    key = [f'"{select.alias}"."{name}"' for name in (select.table.primary_id, "versionnumber")]
    order = [*select.order, (key[0], False)]
    offset = _seek(fetch, found, order)
    expressions = [*(output_sql(output) for output in select.outputs), *key, *(sql for sql, _ in order)]
    sql = f"SELECT {', '.join(expressions)} {found.sql} ORDER BY {order_by(order)} LIMIT {size + 1} OFFSET {offset}"
    values = environment.database.execute(sql, found.parameters)
    shown_rows = [_shown(select, row) for row in values[:size]]
    more = len(values) > size and fetch.top is None
    return shown_rows, more, list(values[size - 1][-len(order) :]) if more else None


def _seek(fetch: Fetch, found: Source, order: Sequence[tuple[str, bool]]) -> int:
    """Add the cookie's condition to the source; without a cookie, how many rows to leave out."""
    if fetch.cookie is None:
        if fetch.page > 1 and fetch.page * fetch.count > _UNPAGED_MAX:
            message = "Paging cookie is required when trying to retrieve a set of records on any high pages."
            raise BadRequestError(message, "0x8004430A")
        return (fetch.page - 1) * fetch.count
    condition, parameters = after(order, _position(fetch.cookie, len(order)))
    found.sql += f" {'AND' if fetch.select.where else 'WHERE'} {condition}"
    found.parameters += parameters
    return 0


def _shown(select: Select, values: Sequence[SqlValue]) -> dict[str, Any]:
    count = len(select.outputs)
    row_id, version = values[count], values[count + 1]
    row = {"@odata.etag": f'W/"{version}"', **_named(select.outputs, values[:count])}
    return {**row, select.table.primary_id: row_id}


def _named(outputs: Sequence[Output], values: Sequence[SqlValue]) -> dict[str, Any]:
    return {output.name: _value(output, value) for output, value in zip(outputs, values, strict=True)}


def _value(output: Output, value: SqlValue) -> Any:
    if output.field is None or output.aggregate in {"count", "avg"}:
        return value
    return None if output.field.column.is_secured else shown(output.field.column, value)


def _cookie(page: int, position: Sequence[SqlValue]) -> str:
    last = urlsafe_b64encode(json.dumps(list(position), ensure_ascii=False).encode()).decode()
    inner = f'<cookie page="{page}"><row last="{last}" /></cookie>'
    # Twice, as the service does: clients decode twice.
    encoded = quote(quote(inner, safe=""), safe="")
    return f'<cookie pagenumber="{page + 1}" pagingcookie="{encoded}" istracking="False" />'


def _position(cookie: str, length: int) -> list[SqlValue]:
    try:
        row = ET.fromstring(cookie).find("row")  # noqa: S314 - expat refuses external entities
        position = json.loads(urlsafe_b64decode(row.get("last", ""))) if row is not None else None
    except (ET.ParseError, ValueError):
        position = None
    if not isinstance(position, list) or len(position) != length:
        raise BadRequestError("Malformed XML in the Paging Cookie", "0x8004431C")
    return position
