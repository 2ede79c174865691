"""GET set?sql=..: the rows of a SELECT, in pages of 5,000."""

from typing import Any

from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError
from emulator.web_api.fetch_reads import aggregate, plain_rows
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.paging import read_skip_token, skip_token
from emulator.web_api.query import PAGE_MAX
from emulator.web_api.reads import link
from emulator.web_api.representation import answer
from emulator.web_api.sql_text import parse_sql


def read_sql(environment: Environment, call: Call, table: Table) -> Response:
    """The rows that the SELECT names, and an `@odata.nextLink` when it asks for more than a page holds."""
    call.address.refuse_options_but("sql", "$skiptoken")
    query = parse_sql(call.address.option("sql") or "", table, environment.metadata)
    page, done = _position(call)
    left = PAGE_MAX if query.limit is None else min(PAGE_MAX, query.limit - done)
    run = aggregate if query.select.grouped else plain_rows
    rows = run(environment, query.select, max(left, 0) + 1, query.offset + done)
    body: dict[str, Any] = {"@odata.context": call.url(f"$metadata#{table.entity_set}"), "value": rows[:left]}
    if len(rows) > left and left == PAGE_MAX and (query.limit is None or query.limit > done + left):
        body["@odata.nextLink"] = link(call, table, {"$skiptoken": skip_token(page + 1, [done + left])})
    return answer(200, body)


def _position(call: Call) -> tuple[int, int]:
    token = call.address.option("$skiptoken")
    if token is None:
        return 1, 0
    page, position = read_skip_token(token)
    if len(position) != 1 or type(position[0]) is not int or position[0] < 0:
        raise BadRequestError("Invalid paging token.", "0x80060888")
    return page, position[0]
