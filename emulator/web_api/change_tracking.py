"""Change tracking: an initial sync, and deltas of what was created, updated and deleted since a token.

Rows come in the order of their versions, so a row that changes while pages are read leaves the later pages and is in
the next delta. Every update makes a row reappear, whatever columns are selected. A row that was created and deleted
in between is shown as deleted; deletes come last.
"""
# ruff: noqa: S608 - names in these statements come from the metadata, which checked them; values are parameters

from dataclasses import replace
from typing import Any

from emulator.web_api.delta_tokens import (
    Progress,
    delta_token,
    page_token,
    read_delta_token,
    read_page_token,
    require_fresh,
)
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.presentation import context, needed_columns, represent
from emulator.web_api.query import PAGE_MAX, Query, parse_query
from emulator.web_api.reads import applied, link, plain_number
from emulator.web_api.representation import answer
from emulator.web_api.rows import Row

_REFUSED = ("$filter", "$orderby", "$expand", "$top")
_KEPT_DAYS = 7


def is_tracked(call: Call) -> bool:
    """Whether a GET of a set is one of change tracking: by preference, or by a link of an earlier answer."""
    token = call.address.option("$skiptoken")
    linked = token is not None and read_page_token(token) is not None
    return call.preferences.track_changes or linked or call.address.option("$deltatoken") is not None


def read_changes(environment: Environment, call: Call, table: Table) -> Response:
    """One page of an initial sync or a delta; the last page has the `@odata.deltaLink`, the others a nextLink."""
    _require_supported(call, table)
    call.address.refuse_options_but("$select", "$skiptoken", "$deltatoken")
    progress = _progress(environment, call)
    query = parse_query(call.address, table, environment.metadata)
    size = call.preferences.page_size or PAGE_MAX
    rows, left = ([], size) if progress.deletes else _changed(environment, query, progress, size)
    shown: list[dict[str, Any]] = represent(environment, call, query, rows)
    if rows:
        progress = replace(progress, after=int(rows[-1]["versionnumber"] or 0))
    more = left == 0 and bool(_changed(environment, query, progress, 0)[0])
    if not more and progress.since is not None:
        progress = progress if progress.deletes else replace(progress, deletes=True, after=progress.since)
        deleted = _deleted(environment, table, progress, left + 1)
        more = len(deleted) > left
        shown += [_deleted_entry(call, table, row_id) for _, row_id in deleted[:left]]
        progress = replace(progress, after=deleted[left - 1][0]) if more and left else progress
    return _answer(call, query, progress, shown, more=more)


def count_changes(environment: Environment, call: Call, table: Table) -> Response:
    """GET set/$count?$deltatoken=..: how many rows a delta would show, deletes included."""
    _require_supported(call, table)
    call.address.refuse_options_but("$deltatoken")
    progress = _progress(environment, call)
    window = (progress.since, progress.until)
    changed = f'SELECT COUNT(*) FROM "{table.logical_name}" WHERE "versionnumber" > ? AND "versionnumber" <= ?'
    gone = f"SELECT COUNT(*) FROM _deleted d WHERE {_gone(table)}"
    counts = environment.database.execute(changed, window) + environment.database.execute(
        gone, (table.logical_name, *window)
    )
    return plain_number(sum(int(str(count)) for (count,) in counts))


def _require_supported(call: Call, table: Table) -> None:
    if not table.tracks_changes:
        message = f"Entity {table.logical_name} isn't enabled for change tracking."
        raise BadRequestError(message, "0x80072491")
    for name in _REFUSED:
        if call.address.option(name) is not None:
            message = f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
            raise BadRequestError(message, "0x80060888")


def _progress(environment: Environment, call: Call) -> Progress:
    now, until = environment.clock(), environment.database.last_value("versionnumber")
    organization = environment.rows.find(environment.metadata.table("organization"), str(environment.organization_id))
    kept = (organization or {}).get("expirechangetrackingindays")
    kept_days = _KEPT_DAYS if kept is None else int(kept)
    if token := call.address.option("$skiptoken"):
        progress = read_page_token(token)
        if progress is None:
            raise BadRequestError("Invalid paging token.", "0x80060888")
        require_fresh(progress.begun, now, kept_days)
        return progress
    if token := call.address.option("$deltatoken"):
        since, _ = read_delta_token(token, now, kept_days)
        return Progress(since, until, since, deletes=False, begun=now)
    return Progress(None, until, 0, deletes=False, begun=now)


def _changed(environment: Environment, query: Query, progress: Progress, size: int) -> tuple[list[Row], int]:
    """Up to `size` changed rows and how much room they leave; with size 0, one row if there is one more."""
    names = needed_columns(query)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = (
        f'SELECT {columns} FROM "{query.table.logical_name}" WHERE "versionnumber" > ? AND "versionnumber" <= ? '
        f'ORDER BY "versionnumber" LIMIT ?'
    )
    found = environment.database.execute(sql, (progress.after, progress.until, max(size, 1)))
    rows = [dict(zip(names, values, strict=True)) for values in found]
    return rows, size - len(rows)


def _gone(table: Table) -> str:
    # A row that was deleted and made again under its id has changed, and is not deleted.
    exists = f'SELECT 1 FROM "{table.logical_name}" t WHERE t."{table.primary_id}" = d.row_id'
    return f"d.table_name = ? AND d.versionnumber > ? AND d.versionnumber <= ? AND NOT EXISTS ({exists})"


def _deleted(environment: Environment, table: Table, progress: Progress, limit: int) -> list[tuple[int, str]]:
    sql = f"SELECT d.versionnumber, d.row_id FROM _deleted d WHERE {_gone(table)} ORDER BY d.versionnumber LIMIT ?"
    window = (table.logical_name, progress.after, progress.until, limit)
    return [(int(str(version)), str(row_id)) for version, row_id in environment.database.execute(sql, window)]


def _deleted_entry(call: Call, table: Table, row_id: str) -> dict[str, Any]:
    where = call.url(f"$metadata#{table.entity_set}/$deletedEntity")
    return {"@odata.context": where, "id": row_id, "reason": "deleted"}


def _answer(call: Call, query: Query, progress: Progress, shown: list[dict[str, Any]], *, more: bool) -> Response:
    where = context(call, query.table, query.selected)
    body: dict[str, Any] = {"@odata.context": where if progress.since is None else f"{where}/$delta"}
    if more:
        token = page_token(replace(progress, page_number=progress.page_number + 1))
        body["@odata.nextLink"] = link(call, query.table, {"$skiptoken": token})
    else:
        token = delta_token(progress.until, progress.begun)
        body["@odata.deltaLink"] = link(call, query.table, {"$deltatoken": token})
    preferred = {"Preference-Applied": "odata.track-changes"} if call.preferences.track_changes else {}
    return answer(200, {**body, "value": shown}, {**applied(call), **preferred})
