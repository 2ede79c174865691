"""Requests that change the definitions of an environment: tables, columns, relationships, options, publishing.

Pure builders; the service holds one lock for such changes, so send them one after another.
Source: the Web API pages on table, column and relationship definitions; the actions InsertStatusValue,
InsertOptionValue, UpdateOptionValue and PublishXml.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from dataverse.column_definitions import ColumnDefinition, lookup_column
from dataverse.errors import InvalidRequestError
from dataverse.labels import Labels, label
from dataverse.odata import set_name
from dataverse.request import Request, Row

Ownership: TypeAlias = Literal["UserOwned", "OrganizationOwned"]
Cascade: TypeAlias = Literal["NoCascade", "Cascade", "Active", "UserOwned", "RemoveLink", "Restrict"]

CASCADE_ACTIONS = ("Assign", "Delete", "Merge", "Reparent", "Share", "Unshare")

_CRM = "Microsoft.Dynamics.CRM."
_NO_ACTIVITIES = {"HasActivities": False, "HasNotes": False, "IsActivity": False}


def table_definition(
    schema_name: str,
    labels: Labels,
    plural_labels: Labels,
    *,
    ownership: Ownership,
    primary_name: ColumnDefinition,
    columns: Sequence[ColumnDefinition] = (),
    description: Labels | None = None,
    change_tracking: bool = False,
    auditing: bool | None = None,
    solution: str | None = None,
) -> Request:
    """A new table with its columns; `primary_name` is a string column made with `is_primary_name`."""
    if primary_name.get("IsPrimaryName") is not True or any("IsPrimaryName" in column for column in columns):
        raise InvalidRequestError("a table has exactly one primary name column")
    body: dict[str, object] = {
        "@odata.type": f"{_CRM}EntityMetadata",
        "SchemaName": set_name(schema_name),
        "DisplayName": label(labels),
        "DisplayCollectionName": label(plural_labels),
        "OwnershipType": ownership,
        **_NO_ACTIVITIES,
        "ChangeTrackingEnabled": change_tracking,
        "Attributes": [primary_name, *columns],
    }
    if description is not None:
        body["Description"] = label(description)
    if auditing is not None:
        body["IsAuditEnabled"] = {"Value": auditing, "CanBeChanged": True}
    return _definition("EntityDefinitions", body, solution)


def enable_change_tracking(definition: Row, *, solution: str | None = None) -> Request:
    """Switch on change tracking; `definition` is the whole one, as `metadata.whole_definition` read it.

    It cannot be switched off again. Labels in languages that the definition does not name stay.
    """
    name = definition.get("LogicalName")
    if not isinstance(name, str):
        raise InvalidRequestError("a table's definition has no LogicalName")
    # A definition is put back whole: the service has no PATCH for it.
    body = {key: value for key, value in definition.items() if key != "@odata.context"}
    headers = {"MSCRM.MergeLabels": "true"} | _in_solution(solution)
    path = f"EntityDefinitions(LogicalName='{set_name(name)}')"
    return Request("PUT", path, headers, body | {"ChangeTrackingEnabled": True})


def add_column(table: str, column: ColumnDefinition, *, solution: str | None = None) -> Request:
    """A new column of an existing table, which goes by its logical name."""
    return _definition(f"EntityDefinitions(LogicalName='{set_name(table)}')/Attributes", column, solution)


def lookup_relationship(
    schema_name: str,
    *,
    referenced: str,
    referencing: str,
    lookup_schema_name: str,
    labels: Labels,
    cascade: Mapping[str, Cascade] | None = None,
    solution: str | None = None,
) -> Request:
    """A lookup on `referencing` to `referenced` (logical names); `cascade` overrides NoCascade (Delete: RemoveLink)."""
    actions: dict[str, Cascade] = {**dict.fromkeys(CASCADE_ACTIONS, "NoCascade"), "Delete": "RemoveLink"}
    if not actions.keys() >= (cascade or {}).keys():
        raise InvalidRequestError("a cascade names an action that is not one")
    body: dict[str, object] = {
        "@odata.type": f"{_CRM}OneToManyRelationshipMetadata",
        "SchemaName": set_name(schema_name),
        "ReferencedEntity": set_name(referenced),
        "ReferencedAttribute": f"{referenced}id",
        "ReferencingEntity": set_name(referencing),
        "CascadeConfiguration": actions | dict(cascade or {}),
        "Lookup": lookup_column(lookup_schema_name, labels),
    }
    return _definition("RelationshipDefinitions", body, solution)


def insert_status_value(table: str, *, state: int, value: int, labels: Labels, solution: str | None = None) -> Request:
    """A new status reason of a state; AlreadyExistsError when the value is taken, which makes it repeatable."""
    return _option("InsertStatusValue", table, "statuscode", value, labels, {"StateCode": state}, solution)


def insert_option_value(table: str, column: str, *, value: int, labels: Labels, solution: str | None = None) -> Request:
    """A new option of a table's own choice; AlreadyExistsError when the value is taken, which makes it repeatable."""
    return _option("InsertOptionValue", table, column, value, labels, {}, solution)


def update_option_value(table: str, column: str, *, value: int, labels: Labels, solution: str | None = None) -> Request:
    """Other labels for an option or a status reason; labels in further languages stay."""
    return _option("UpdateOptionValue", table, column, value, labels, {"MergeLabels": True}, solution)


def publish_xml(tables: Sequence[str]) -> Request:
    """Publish the changed definitions of these tables (logical names)."""
    if not tables:
        raise InvalidRequestError("there is no table to publish")
    names = "".join(f"<entity>{set_name(table)}</entity>" for table in tables)
    xml = f"<importexportxml><entities>{names}</entities></importexportxml>"
    return Request("POST", "PublishXml", body={"ParameterXml": xml}, repeatable=True)


def _definition(path: str, body: Row, solution: str | None) -> Request:
    # Never repeated: the second answer would be an error that cannot be told from a name taken by another.
    return Request("POST", path, _in_solution(solution), body)


def _in_solution(solution: str | None) -> dict[str, str]:
    return {"MSCRM.SolutionUniqueName": set_name(solution)} if solution is not None else {}


def _option(
    message: str, table: str, column: str, value: int, labels: Labels, more: Row, solution: str | None
) -> Request:
    body: dict[str, object] = {
        "EntityLogicalName": set_name(table),
        "AttributeLogicalName": set_name(column),
        "Value": value,
        "Label": label(labels),
        **more,
    }
    if solution is not None:
        body["SolutionUniqueName"] = set_name(solution)
    return Request("POST", message, body=body, repeatable=True)
