"""`$ref`: links between rows made and undone without writing the rows themselves."""

from emulator.web_api.address import Segment
from emulator.web_api.catalogue import target_column
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import (
    BadRequestError,
    MethodNotAllowedError,
    RowNotFoundError,
    SecuredColumnError,
    SegmentNotFoundError,
)
from emulator.web_api.http import Response
from emulator.web_api.metadata import Relationship, Table
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer
from emulator.web_api.row_keys import RowKey, locate, locate_reference
from emulator.web_api.rows import Row
from emulator.web_api.writes import update_row


def change_reference(environment: Environment, call: Call, key: RowKey, navigation: Segment) -> Response:
    """PUT and DELETE set(id)/lookup/$ref; POST and DELETE set(id)/collection/$ref (of one row: by key or `$id`)."""
    call.address.refuse_options_but("$id")
    row = environment.rows.find(key.table, str(key.row_id)) if key.row_id else None
    if row is None:
        raise key.missing()
    method = call.request.method
    relationship = key.table.navigations.get(navigation.name)
    if relationship is not None:
        if method not in {"PUT", "DELETE"} or navigation.key is not None:
            raise MethodNotAllowedError(method)
        target = _target(environment, call, relationship.referenced) if method == "PUT" else None
        _point(environment, call, key.table, row, relationship, target)
        return answer(204)
    collection = environment.metadata.collection(key.table.logical_name, navigation.name)
    if collection is None:
        raise SegmentNotFoundError(navigation.name)
    if method not in {"POST", "DELETE"}:
        raise MethodNotAllowedError(method)
    child_table = environment.metadata.table(collection.referencing)
    child = _child(environment, call, child_table, navigation)
    _point(environment, call, child_table, child, collection, key if method == "POST" else None)
    return answer(204)


def _target(environment: Environment, call: Call, table_name: str) -> RowKey:
    url = read_json(call.request, "$ref").get("@odata.id")
    if not isinstance(url, str):
        raise BadRequestError("The body of $ref names a row by @odata.id.", "0x80060888")
    target = locate_reference(environment, call.created, url)
    if target.table.logical_name != table_name:
        message = f"The row of @odata.id is not one of {table_name}."
        raise BadRequestError(message, "0x80060888")
    if target.row_id is None or not environment.rows.exists(target.table, str(target.row_id)):
        raise target.missing()
    return target


def _child(environment: Environment, call: Call, table: Table, navigation: Segment) -> Row:
    if call.request.method == "POST":
        child = _target(environment, call, table.logical_name)
    elif navigation.key is not None:
        child = locate(environment, table, navigation)
    else:
        child = locate_reference(environment, call.created, call.address.option("$id") or "")
    row = environment.rows.find(table, str(child.row_id)) if child.table is table else None
    if row is None:
        raise RowNotFoundError(table.logical_name, str(child.row_id))
    return row


def _point(
    environment: Environment, call: Call, table: Table, row: Row, relationship: Relationship, target: RowKey | None
) -> None:
    column = table.columns[relationship.column]
    if not column.valid_for_update:
        message = f"The lookup {relationship.column} cannot be changed."
        raise BadRequestError(message)
    if column.is_secured:
        raise SecuredColumnError("0x8004f507", "update")
    changes: Row = {relationship.column: str(target.row_id) if target else None}
    if len(column.targets) > 1:
        changes[target_column(relationship.column)] = target.table.logical_name if target else None
    update_row(environment, call, table, row, changes)
