"""PUT and DELETE of definitions: labels and settings of tables and columns, and what is custom taken away."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.web_api.address import Segment, named_key
from emulator.web_api.definitions import Definition, merged_label
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, DefinitionNotFoundError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Column, Relationship, Table
from emulator.web_api.metadata_reads import find_table
from emulator.web_api.metadata_writes import replace_column, without_columns
from emulator.web_api.payload import read_json
from emulator.web_api.posted import object_in
from emulator.web_api.posted_columns import changed_column
from emulator.web_api.representation import answer

_LABELS = ("DisplayName", "DisplayCollectionName", "Description")
_SETTINGS = ("ChangeTrackingEnabled", "HasNotes", "HasActivities", "IsOptimisticConcurrencyEnabled")
_WHOLE = ("SchemaName", "LogicalName", "OwnershipType", *_LABELS[:2])


def put_table(environment: Environment, call: Call, segment: Segment) -> Response:
    """PUT EntityDefinitions(..): the whole definition; change tracking can be enabled and never disabled."""
    table = find_table(environment, segment)
    body = read_json(call.request, "EntityDefinitions")
    _require_whole(table, body)
    keep = _keeps_labels(call)
    changed: Definition = dict(table.definition)
    for name in _LABELS:
        if name in body:
            changed[name] = merged_label(changed[name], object_in(body, name), environment.language, keep=keep)
    changed |= {name: bool(body[name]) for name in _SETTINGS if name in body}
    if "IsAuditEnabled" in body:
        changed["IsAuditEnabled"] = object_in(body, "IsAuditEnabled")
    if table.tracks_changes and not changed["ChangeTrackingEnabled"]:
        message = f"Change tracking of {table.logical_name} is enabled and cannot be disabled."
        raise BadRequestError(message)
    updated = replace(table, definition=changed)
    environment.catalogue.replace_table(updated)
    environment.metadata = environment.metadata.replacing(updated)
    return answer(204)


def put_column(environment: Environment, call: Call, table: Table, segment: Segment) -> Response:
    """PUT EntityDefinitions(..)/Attributes(..): the whole definition, of the type it has."""
    column = _column(table, segment)
    if column.logical_name == table.primary_id:
        raise BadRequestError("The primary id cannot be changed.")
    body = read_json(call.request, "Attributes")
    changed = changed_column(environment, column, body, keep_labels=_keeps_labels(call))
    replace_column(environment, table, changed)
    return answer(204)


def delete_table(environment: Environment, table: Table) -> Response:
    """DELETE EntityDefinitions(..): a custom table with its rows, unless another one's lookup needs it."""
    _require_custom(table.definition, "IsCustomEntity", table.logical_name)
    children = environment.metadata.children(table.logical_name)
    _require_independent(table.logical_name, [one for one in children if one.referencing != table.logical_name])
    environment.catalogue.remove_table(table)
    environment.metadata = environment.metadata.without(table.logical_name)
    sql = "DELETE FROM sdkmessagefilter WHERE primaryobjecttypecode = ?"
    environment.database.execute(sql, (table.logical_name,))
    return answer(204)


def delete_column(environment: Environment, table: Table, segment: Segment) -> Response:
    """DELETE EntityDefinitions(..)/Attributes(..): a custom column with its values, unless a key needs it."""
    column = _column(table, segment)
    _require_custom(column.definition, "IsCustomAttribute", column.logical_name)
    if column.definition["IsPrimaryName"]:
        raise BadRequestError("The primary name of a table cannot be deleted.", "0x80047009")
    _require_independent(column.logical_name, [key for key in table.keys if column.logical_name in key.columns])
    base = f"{column.logical_name}_base"
    without_columns(environment, table, [column.logical_name, *([base] if base in table.columns else [])])
    return answer(204)


def delete_relationship(environment: Environment, segment: Segment) -> Response:
    """DELETE RelationshipDefinitions(..): a custom relationship, and the lookup it stands for."""
    relationship = _relationship(environment, *named_key(segment))
    _require_custom(relationship.definition, "IsCustomRelationship", relationship.schema_name)
    without_columns(environment, environment.metadata.table(relationship.referencing), [relationship.column])
    return answer(204)


def _require_whole(table: Table, body: Mapping[str, Any]) -> None:
    missing = [name for name in _WHOLE if name not in body]
    if missing:
        message = f"PUT takes the whole definition of a table; {', '.join(missing)} is missing."
        raise BadRequestError(message)
    for name in ("SchemaName", "LogicalName", "OwnershipType"):
        if body[name] != table.definition[name]:
            message = f"The {name} of a table cannot be changed."
            raise BadRequestError(message)


def _keeps_labels(call: Call) -> bool:
    return call.request.headers.get("MSCRM.MergeLabels", "false").lower() == "true"


def _column(table: Table, segment: Segment) -> Column:
    member, value = named_key(segment)
    for column in table.columns.values():
        if column.definition.get(member) == value:
            return column
    raise DefinitionNotFoundError("an attribute", value)


def _relationship(environment: Environment, member: str, value: str) -> Relationship:
    for table in environment.metadata.tables.values():
        for relationship in table.navigations.values():
            if relationship.definition.get(member) == value:
                return relationship
    raise DefinitionNotFoundError("a relationship", value)


def _require_custom(definition: Mapping[str, Any], flag: str, name: str) -> None:
    if not definition[flag]:
        message = f"{name} is a system component and cannot be deleted."
        raise BadRequestError(message, "0x80047009")


def _require_independent(name: str, needed_by: list[Any]) -> None:
    if needed_by:
        message = (
            f"The component {name} cannot be deleted because it is referenced by {len(needed_by)} other components."
        )
        raise BadRequestError(message, "0x8004f01f")
