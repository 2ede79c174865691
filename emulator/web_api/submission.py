"""What a create or update submits: the body's properties as stored values, checked one by one."""

from collections.abc import Mapping
from typing import Any

from emulator.web_api.catalogue import target_column
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import (
    QUERY_NOT_SUPPORTED,
    BadRequestError,
    PayloadError,
    SecuredColumnError,
    UnsupportedError,
)
from emulator.web_api.metadata import Column, Table
from emulator.web_api.payload import without_annotations
from emulator.web_api.row_keys import locate_reference
from emulator.web_api.rows import Row
from emulator.web_api.values import stored

_BIND = "@odata.bind"
_OWNERS = {"systemusers": "systemuser", "teams": "team"}


def read_submission(
    environment: Environment, call: Call, table: Table, body: Mapping[str, Any], *, creating: bool
) -> Row:
    """The submitted columns as SQL values; columns the service does not let callers set are dropped, as it does."""
    submitted: Row = {}
    for name, value in without_annotations(body).items():
        if name.endswith(_BIND):
            submitted |= _bound(environment, call, table, name.removesuffix(_BIND), value)
        else:
            submitted |= _plain(table, name, value)
    settable = {name: value for name, value in submitted.items() if _settable(table, name, creating=creating)}
    if any(name in table.columns and table.columns[name].is_secured for name in settable):
        raise SecuredColumnError("0x8004f502", "create") if creating else SecuredColumnError("0x8004f507", "update")
    return settable


def _plain(table: Table, name: str, value: Any) -> Row:
    column = table.properties.get(name)
    if column is None:
        return _navigation(table, name, value)
    if column.is_lookup:
        message = "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
        raise BadRequestError(message, QUERY_NOT_SUPPORTED)
    return {name: stored(table, column, value)}


def _navigation(table: Table, name: str, value: Any) -> Row:
    lookup = _lookup(table, name)
    if lookup is None:
        detail = (
            f"The property '{name}' does not exist on type '{table.type_name}'. "
            "Make sure to only use property names that are defined by the type"
        )
        raise PayloadError(table.entity_set, detail)
    if value is None:
        return _cleared(lookup)
    if isinstance(value, dict):
        message = f"deep insert ({name})"
        raise UnsupportedError(message)
    detail = (
        "A 'PrimitiveValue' node with non-null value was found when trying to read the value of a navigation property"
    )
    raise PayloadError(table.entity_set, detail)


def _bound(environment: Environment, call: Call, table: Table, name: str, value: Any) -> Row:
    lookup = _lookup(table, name)
    if lookup is None:
        detail = (
            f"An undeclared property '{name}' which only has property annotations in the payload but no property value "
            "was found in the payload. In OData, only declared navigation properties and declared named streams can be "
            "represented as properties without values"
        )
        raise PayloadError(table.entity_set, detail)
    if value is None:
        return _cleared(lookup)
    if not isinstance(value, str):
        raise PayloadError(table.entity_set, f"The value of '{name}{_BIND}' is not a URL")
    key = locate_reference(environment, call.created, value)
    target = key.table
    relationship = table.navigations.get(name)
    allowed = {relationship.referenced} if relationship else set(_OWNERS.values())
    if target.logical_name not in allowed:
        detail = f"The URL '{value}' of '{name}' does not lead to one of {', '.join(sorted(allowed))}"
        raise PayloadError(table.entity_set, detail)
    if key.row_id is None or not environment.rows.exists(target, str(key.row_id)):
        raise key.missing()
    kind = {target_column(lookup.logical_name): target.logical_name} if len(lookup.targets) > 1 else {}
    return {lookup.logical_name: str(key.row_id), **kind}


def _lookup(table: Table, navigation: str) -> Column | None:
    if navigation == "ownerid":
        return table.columns.get("ownerid")
    relationship = table.navigations.get(navigation)
    return table.columns[relationship.column] if relationship else None


def _cleared(lookup: Column) -> Row:
    if lookup.type == "Owner":
        raise BadRequestError("The owner ID is invalid or missing.", "0x80040229")
    kind: Row = {target_column(lookup.logical_name): None} if len(lookup.targets) > 1 else {}
    return {lookup.logical_name: None, **kind}


def _settable(table: Table, name: str, *, creating: bool) -> bool:
    column = table.columns.get(name.partition(":")[0])
    return column is not None and (column.valid_for_create if creating else column.valid_for_update)
