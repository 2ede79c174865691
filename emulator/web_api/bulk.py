"""CreateMultiple, UpdateMultiple and UpsertMultiple: rows written one by one in one transaction, all or none.

Each row raises the event that writing it alone would raise. There is no ETag per row, and no deep insert.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from emulator.web_api.arguments import require_only, type_of
from emulator.web_api.conditional import Conditions
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, PayloadError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer
from emulator.web_api.row_keys import RowKey, locate_reference
from emulator.web_api.submission import read_submission
from emulator.web_api.values import GUID
from emulator.web_api.writes import insert_row, update_row, upsert_row

_ID = "@odata.id"
_ANY_OR_NONE = Conditions(None, None)

_Target = Mapping[str, Any]


def create_multiple(environment: Environment, call: Call, table: Table) -> Response:
    """CreateMultiple: the ids of the new rows, in the order of the targets."""
    targets = _targets(environment, call, table, "CreateMultiple")
    ids = [str(insert_row(environment, call, table, target)) for target in targets]
    context = call.url("$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    return answer(200, {"@odata.context": context, "Ids": ids})


def update_multiple(environment: Environment, call: Call, table: Table) -> Response:
    """UpdateMultiple: every row has to exist."""
    for target in _targets(environment, call, table, "UpdateMultiple"):
        key = _key(environment, call, table, target)
        before = environment.rows.find(table, str(key.row_id)) if key and key.row_id else None
        if key is None:
            message = f"A target of UpdateMultiple names no row: {table.primary_id} is missing."
            raise BadRequestError(message)
        if before is None:
            raise key.missing()
        update_row(environment, call, table, before, read_submission(environment, call, table, target, creating=False))
    return answer(204)


def upsert_multiple(environment: Environment, call: Call, table: Table) -> Response:
    """UpsertMultiple: by primary id or `@odata.id` (id or alternate key); the answer does not say what was created."""
    for target in _targets(environment, call, table, "UpsertMultiple"):
        key = _key(environment, call, table, target)
        if key is None:
            insert_row(environment, call, table, target)
        else:
            upsert_row(environment, call, key, target, _ANY_OR_NONE)
    return answer(204)


def _targets(environment: Environment, call: Call, table: Table, action: str) -> list[_Target]:
    call.address.refuse_options_but()
    body = read_json(call.request, action)
    require_only(action, body, frozenset({"Targets"}))
    targets = body.get("Targets")
    if not isinstance(targets, list) or not targets:
        raise PayloadError(action, "'Targets' is a collection of at least one row")
    for target in targets:
        if type_of(environment, action, target) is not table:
            raise PayloadError(action, f"A target is not of type '{table.type_name}'")
    return targets


def _key(environment: Environment, call: Call, table: Table, target: _Target) -> RowKey | None:
    url, row_id = target.get(_ID), target.get(table.primary_id)
    if isinstance(url, str):
        key = locate_reference(environment, call.created, url)
        if key.table is not table:
            raise PayloadError(table.entity_set, f"'{url[:200]}' is not a row of {table.entity_set}")
        return key
    if row_id is None:
        return None
    if not isinstance(row_id, str) or not GUID.fullmatch(row_id):
        raise PayloadError(table.entity_set, f"{table.primary_id} is not a Guid")
    return RowKey(table, UUID(row_id))


BULK_ACTIONS: Mapping[str, Callable[[Environment, Call, Table], Response]] = {
    "CreateMultiple": create_multiple,
    "UpdateMultiple": update_multiple,
    "UpsertMultiple": upsert_multiple,
}
