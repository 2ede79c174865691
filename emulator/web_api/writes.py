"""POST, PATCH and DELETE of rows. Each leaves its events in the environment, for the commit to release."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from emulator.web_api.alternate_keys import require_unique_keys
from emulator.web_api.cascade import assign_children, release_children
from emulator.web_api.conditional import Conditions, parse_conditions
from emulator.web_api.derived import new_row, updated
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import AlreadyExistsError, BadRequestError, UnsupportedError
from emulator.web_api.events import Message, RowEvent
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.payload import read_json
from emulator.web_api.presentation import context, represent
from emulator.web_api.query import parse_query
from emulator.web_api.representation import answer
from emulator.web_api.row_keys import RowKey
from emulator.web_api.rows import Row, event_values
from emulator.web_api.state_rules import state_changes
from emulator.web_api.submission import read_submission
from emulator.web_api.table_rules import check_row, require_writable

_OPTIONS = ("$select",)
_NEVER_IN_TARGET = frozenset({"versionnumber"})


def post(environment: Environment, call: Call, table: Table) -> Response:
    """POST set: a new row, under the id in the body if it has one; 412 0x80040237 when that exists."""
    call.address.refuse_options_but(*_OPTIONS)
    if parse_conditions(call.request.headers).match is not None:
        raise BadRequestError("If-Match is not supported on POST.", "0x80060888")
    body = read_json(call.request, table.entity_set)
    row_id = insert_row(environment, call, table, body)
    return _written(environment, call, table, row_id, created=True)


def patch(environment: Environment, call: Call, table: Table, key: RowKey) -> Response:
    """PATCH set(id): an upsert, unless If-Match forbids the insert or If-None-Match: * the update."""
    call.address.refuse_options_but(*_OPTIONS)
    body = read_json(call.request, table.entity_set)
    conditions = parse_conditions(call.request.headers)
    if conditions.none_match not in {None, "*"}:
        raise BadRequestError("If-None-Match with a version is not supported on PATCH.", "0x80060888")
    row_id, created = upsert_row(environment, call, key, body, conditions)
    return _written(environment, call, table, row_id, created=created)


def delete(environment: Environment, call: Call, table: Table, key: RowKey) -> Response:
    """DELETE set(id): the row, what cascades from it, and the links of what does not."""
    call.address.refuse_options_but()
    conditions = parse_conditions(call.request.headers)
    if conditions.none_match is not None:
        raise BadRequestError("If-None-Match is not supported on DELETE.", "0x80060888")
    before = environment.rows.find(table, str(key.row_id)) if key.row_id else None
    if before is None:
        raise key.missing()
    conditions.allow_write(key, before)
    require_writable(table, "Delete")
    delete_row(environment, call, table, before)
    return answer(204)


def insert_row(environment: Environment, call: Call, table: Table, body: Mapping[str, Any]) -> UUID:
    """Create the row of a body, under the id in it if it has one; AlreadyExistsError when that exists."""
    submitted = read_submission(environment, call, table, body, creating=True)
    row_id = UUID(str(submitted.get(table.primary_id) or uuid4()))
    if environment.rows.exists(table, str(row_id)):
        raise AlreadyExistsError
    create_row(environment, call, table, row_id, submitted)
    return row_id


def upsert_row(
    environment: Environment, call: Call, key: RowKey, body: Mapping[str, Any], conditions: Conditions
) -> tuple[UUID, bool]:
    """Create or update the addressed row, as the conditions allow; its id, and whether it was created."""
    table = key.table
    before = environment.rows.find(table, str(key.row_id)) if key.row_id else None
    conditions.allow_write(key, before)
    submitted = read_submission(environment, call, table, body, creating=before is None)
    _require_same_key(key, body, submitted)
    if before is None:
        row_id = key.row_id or UUID(str(submitted.get(table.primary_id) or uuid4()))
        create_row(environment, call, table, row_id, {**submitted, **key.values})
        return row_id, True
    update_row(environment, call, table, before, submitted)
    return UUID(str(before[table.primary_id])), False


def create_row(environment: Environment, call: Call, table: Table, row_id: UUID, submitted: Row) -> None:
    """Store a new row and note the event."""
    require_writable(table, "Create")
    row = new_row(environment, table, row_id, submitted)
    check_row(environment, table, row, None)
    require_unique_keys(environment, table, row)
    environment.rows.insert(table, row)
    names = [name for name, value in row.items() if value is not None or name in submitted]
    note(environment, call, "Create", table, None, environment.rows.find(table, str(row_id)), names)


def update_row(environment: Environment, call: Call, table: Table, before: Row, submitted: Row) -> None:
    """Change a row as its state allows and note the event; nothing submitted changes nothing."""
    require_writable(table, "Update")
    if submitted:
        change_row(environment, call, table, before, state_changes(table, before, submitted))


def change_row(environment: Environment, call: Call, table: Table, before: Row, changes: Row) -> None:
    """Change a row, whatever its state, with what follows from the changes, and note the event."""
    changes = updated(environment, table, before, changes)
    check_row(environment, table, {**before, **changes}, before)
    require_unique_keys(environment, table, {**before, **changes}, changes.keys())
    row_id = str(before[table.primary_id])
    environment.rows.update(table, row_id, changes)
    if changes.get("ownerid", before.get("ownerid")) != before.get("ownerid"):
        assign_children(environment, table, row_id, changes)
    after = environment.rows.find(table, row_id)
    note(environment, call, "Update", table, before, after, [table.primary_id, *changes])


def delete_row(environment: Environment, call: Call, table: Table, before: Row) -> None:
    """Remove a row and its children; the events of the children come first."""
    row_id = str(before[table.primary_id])
    children = release_children(environment, table, row_id)
    # Before its children, so that rows which point at each other in a circle come to an end.
    environment.rows.delete(table, row_id)
    for child_table, child_id in children:
        child = environment.rows.find(child_table, child_id)
        if child is not None:
            delete_row(environment, call, child_table, child)
    note(environment, call, "Delete", table, before, None, [table.primary_id])


def note(
    environment: Environment,
    call: Call,
    message: Message,
    table: Table,
    before: Row | None,
    after: Row | None,
    names: list[str],
    subordinate_id: UUID | None = None,
) -> None:
    """Leave the event of a change for the commit to release; `names` are the columns of its target."""
    row = after or before or {}
    event = RowEvent(
        message=message,
        table=table.logical_name,
        row_id=UUID(str(row[table.primary_id])),
        user_id=environment.user_id,
        target=event_values(table, row, [name for name in names if name not in _NEVER_IN_TARGET]),
        before=event_values(table, before) if before else None,
        after=event_values(table, after) if after else None,
        tag=call.tag,
        operation_id=call.operation_id,
        correlation_id=call.correlation_id,
        at=environment.clock(),
        subordinate_id=subordinate_id,
    )
    environment.pending.append(event)


def _written(environment: Environment, call: Call, table: Table, row_id: UUID, *, created: bool) -> Response:
    if not call.preferences.representation:
        if call.address.option("$select") is not None:
            raise UnsupportedError("$select on a write without Prefer: return=representation")
        return answer(204, headers={"OData-EntityId": call.url(f"{table.entity_set}({row_id})")})
    query = parse_query(call.address, table, environment.metadata)
    row = environment.rows.find(table, str(row_id)) or {}
    shown = represent(environment, call, query, [row])[0]
    body = {"@odata.context": context(call, table, query.selected, single=True), **shown}
    return answer(201 if created else 200, body, {"Preference-Applied": "return=representation"})


def _require_same_key(key: RowKey, body: Mapping[str, Any], submitted: Row) -> None:
    given = body.get(key.table.primary_id)
    if given is not None and key.row_id is not None and str(given).lower() != str(key.row_id):
        message = f"The id of the body ({given}) is not the id of the URL ({key.row_id})."
        raise BadRequestError(message)
    if any(name in submitted and submitted[name] != value for name, value in key.values.items()):
        raise BadRequestError("The body gives other values to the columns of the key in the URL.")
