"""What the environment says of its tables: columns, lookups, statuses and choices.

Source: the Web API pages "Query table definitions" and "Work with choices". Read with `Consistency: Strong`, so that
what was just created is seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dataverse.client import DataverseClient
from dataverse.errors import BadRequestError, NotFoundError, UnavailableError
from dataverse.odata import set_name
from dataverse.request import Request, Row

_TABLE = "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute"
_COLUMNS = "LogicalName,AttributeTypeName,IsSecured,IsValidForRead"
_LOOKUPS = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
_FRESH = {"Consistency": "Strong"}

OptionKind = Literal["Picklist", "MultiSelectPicklist", "State", "Status", "Boolean"]
"""The types of columns that have options."""


@dataclass(frozen=True, slots=True)
class ColumnMetadata:
    """A column; `type` is its AttributeTypeName without "Type": String, Integer, Picklist, Lookup, Status and so on."""

    logical_name: str
    type: str
    is_secured: bool
    is_valid_for_read: bool


@dataclass(frozen=True, slots=True)
class TableMetadata:
    """A table; `lookups` gives the tables that a lookup may point at.

    `navigations` gives, by lookup and target table, the name that `@odata.bind` and `$expand` want ("lgate_ModelId").
    """

    logical_name: str
    entity_set_name: str
    primary_id: str
    primary_name: str
    columns: Mapping[str, ColumnMetadata]
    lookups: Mapping[str, tuple[str, ...]]
    navigations: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class StatusOption:
    """A value of a table's status reason, the state it belongs to, and its labels by language code."""

    value: int
    state: int
    labels: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """A value of a column of options and its labels by language code."""

    value: int
    labels: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ChangeTracking:
    """Whether a table's changes can be asked for, and whether that could be switched on (never off again)."""

    is_enabled: bool
    can_be_enabled: bool


def table(client: DataverseClient, logical_name: str) -> TableMetadata | None:
    """The table with all its columns; None when there is no such table."""
    path = f"EntityDefinitions(LogicalName='{set_name(logical_name)}')"
    head = _read(client, f"{path}?$select={_TABLE}")
    if head is None:
        return None
    columns = [_column(one) for one in _collection(client, f"{path}/Attributes?$select={_COLUMNS}")]
    lookups = _collection(client, f"{path}/ManyToOneRelationships?$select={_LOOKUPS}")
    targets: dict[str, tuple[str, ...]] = {}
    navigations: dict[tuple[str, str], str] = {}
    for lookup in lookups:
        column, target = _text(lookup, "ReferencingAttribute"), _text(lookup, "ReferencedEntity")
        targets[column] = (*targets.get(column, ()), target)
        navigations[column, target] = _text(lookup, "ReferencingEntityNavigationPropertyName")
    return TableMetadata(
        logical_name=_text(head, "LogicalName"),
        entity_set_name=_text(head, "EntitySetName"),
        primary_id=_text(head, "PrimaryIdAttribute"),
        primary_name=_text(head, "PrimaryNameAttribute"),
        columns={column.logical_name: column for column in columns},
        lookups=targets,
        navigations=navigations,
    )


def change_tracking(client: DataverseClient, logical_name: str) -> ChangeTracking | None:
    """How the table stands with change tracking; None when there is no such table."""
    path = f"EntityDefinitions(LogicalName='{set_name(logical_name)}')"
    found = _read(client, f"{path}?$select=ChangeTrackingEnabled,CanChangeTrackingBeEnabled")
    if found is None:
        return None
    possible = found.get("CanChangeTrackingBeEnabled")
    return ChangeTracking(
        is_enabled=_flag(found, "ChangeTrackingEnabled"),
        can_be_enabled=_flag(possible if isinstance(possible, dict) else {}, "Value"),
    )


def whole_definition(client: DataverseClient, logical_name: str) -> Row | None:
    """A table's own definition as the service gives it, to be put back changed; None when there is no such table."""
    return _read(client, f"EntityDefinitions(LogicalName='{set_name(logical_name)}')")


def status_options(client: DataverseClient, table: str) -> tuple[StatusOption, ...]:
    """The status reasons of a table; NotFoundError when the table or its status reason does not exist."""
    return tuple(
        StatusOption(_number(option, "Value"), _number(option, "State"), _labels(option))
        for option in _options(client, table, "statuscode", "Status")
    )


def choice_options(client: DataverseClient, table: str, column: str, kind: OptionKind) -> tuple[ChoiceOption, ...]:
    """The options of a column of that type, its own or those of a global choice; NotFoundError when there is none.

    Of a yes/no column those are 1 and 0.
    """
    return tuple(
        ChoiceOption(_number(option, "Value"), _labels(option)) for option in _options(client, table, column, kind)
    )


def _options(client: DataverseClient, table: str, column: str, kind: OptionKind) -> list[Row]:
    # States and status reasons are always a table's own.
    expand = "OptionSet" if kind in {"State", "Status"} else "OptionSet,GlobalOptionSet"
    path = (
        f"EntityDefinitions(LogicalName='{set_name(table)}')/Attributes(LogicalName='{set_name(column)}')"
        f"/Microsoft.Dynamics.CRM.{kind}AttributeMetadata?$select=LogicalName&$expand={expand}"
    )
    found = _read(client, path)
    if found is None:
        raise NotFoundError(about=f"{table}.{column}", explanation="there is no such column of this kind")
    choice = found.get("OptionSet") or found.get("GlobalOptionSet")
    if kind == "Boolean":
        return [_row(choice, "TrueOption"), _row(choice, "FalseOption")]
    return _list(choice, "Options")


def _read(client: DataverseClient, path: str) -> Row | None:
    try:
        return client.send(Request("GET", path, _FRESH)).row
    except (NotFoundError, BadRequestError) as error:
        # Definitions answer 404 with more codes than rows do.
        if error.status == 404:
            return None
        raise


def _collection(client: DataverseClient, path: str) -> list[Row]:
    return list(client.rows(Request("GET", path, _FRESH)))


def _column(attribute: Row) -> ColumnMetadata:
    kind = attribute.get("AttributeTypeName")
    return ColumnMetadata(
        logical_name=_text(attribute, "LogicalName"),
        # Virtual columns of a few system tables have no type name.
        type=_text(kind, "Value").removesuffix("Type") if isinstance(kind, dict) else "Virtual",
        is_secured=attribute.get("IsSecured") is True,
        is_valid_for_read=attribute.get("IsValidForRead") is True,
    )


def _labels(option: Row) -> dict[int, str]:
    return {
        _number(label, "LanguageCode"): _text(label, "Label") for label in _list(option.get("Label"), "LocalizedLabels")
    }


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise UnavailableError(explanation=f"a definition has no {name}")
    return value


def _number(row: Row, name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int):
        raise UnavailableError(explanation=f"a definition has no {name}")
    return value


def _flag(row: Row, name: str) -> bool:
    value = row.get(name)
    if not isinstance(value, bool):
        raise UnavailableError(explanation=f"a definition has no {name}")
    return value


def _row(holder: object, name: str) -> Row:
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, dict):
        raise UnavailableError(explanation=f"a definition has no {name}")
    return value


def _list(holder: object, name: str) -> list[Row]:
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnavailableError(explanation=f"a definition has no {name}")
    return value
