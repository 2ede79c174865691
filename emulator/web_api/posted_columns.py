"""A posted AttributeMetadata, checked and completed."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from emulator.web_api import definitions
from emulator.web_api.definitions import (
    Definition,
    boolean_option_set,
    merged_label,
    option,
    option_set,
    shown_label,
)
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError, ValueRangeError
from emulator.web_api.metadata import MULTIPLE, Column
from emulator.web_api.posted import object_in, objects_in
from emulator.web_api.schema_names import check_schema_name, require_label

_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "String": ("MaxLength", "Format", "FormatName"),
    "Memo": ("MaxLength", "Format", "FormatName", "ImeMode"),
    "Integer": ("MinValue", "MaxValue", "Format"),
    "Decimal": ("MinValue", "MaxValue", "Precision"),
    "Double": ("MinValue", "MaxValue", "Precision"),
    "BigInt": ("MinValue", "MaxValue"),
    "Money": ("MinValue", "MaxValue", "Precision", "PrecisionSource"),
    "DateTime": ("Format", "DateTimeBehavior"),
    "Boolean": ("DefaultValue",),
    "Picklist": ("DefaultFormValue",),
    MULTIPLE: ("DefaultFormValue",),
}
_SHARED_MEMBERS = ("RequiredLevel", "IsAuditEnabled", "IsSecured")
_VALUE_OBJECTS = frozenset({"FormatName", "DateTimeBehavior", "RequiredLevel", "IsAuditEnabled"})
_NUMBERS = frozenset({"MinValue", "MaxValue"})
_LENGTH_MAX = {"String": 4000, "Memo": 1_048_576}
_PRECISION_MAX = {"Decimal": 10, "Double": 5, "Money": 4}
_LABELS = ("DisplayName", "Description")


def posted_column(environment: Environment, table: str, posted: Mapping[str, Any]) -> Definition:
    """The whole definition of a new column of `table`; kinds the emulator does not have are refused by name."""
    kind = _kind(posted)
    schema_name = check_schema_name(environment, posted.get("SchemaName"), "Attribute")
    members = {name: posted[name] for name in (*_MEMBERS[kind], *_SHARED_MEMBERS) if posted.get(name) is not None}
    _check_shapes(members)
    _check_bounds(table, schema_name, kind, members)
    if kind in _OPTION_READERS:
        members["OptionSet"] = _OPTION_READERS[kind](environment, posted)
    return definitions.column(
        table,
        schema_name,
        kind,
        uuid4(),
        DisplayName=require_label(environment, posted, "DisplayName"),
        Description=shown_label(object_in(posted, "Description"), environment.language),
        IsCustomAttribute=True,
        IsPrimaryName=bool(posted.get("IsPrimaryName", False)),
        **members,
    )


def changed_column(
    environment: Environment, column: Column, posted: Mapping[str, Any], *, keep_labels: bool
) -> Definition:
    """The definition after a PUT of a whole one: what can be changed of a column is taken, its type cannot."""
    if _kind(posted) != column.type or posted.get("SchemaName") != column.schema_name:
        message = f"The definition is not that of {column.schema_name} of type {column.type}."
        raise BadRequestError(message)
    members = {
        name: posted[name] for name in (*_MEMBERS[column.type], *_SHARED_MEMBERS) if posted.get(name) is not None
    }
    _check_shapes(members)
    _check_bounds(column.definition["EntityLogicalName"], column.schema_name, column.type, members)
    labels = {
        name: merged_label(column.definition[name], object_in(posted, name), environment.language, keep=keep_labels)
        for name in _LABELS
        if name in posted
    }
    return {**column.definition, **members, **labels}


def beside_money(money: Definition) -> Definition:
    """The column in the base currency that a money column brings."""
    return definitions.column(
        money["EntityLogicalName"],
        f"{money['SchemaName']}_Base",
        "Money",
        uuid4(),
        DisplayName=money["DisplayName"],
        IsCustomAttribute=True,
        IsValidForCreate=False,
        IsValidForUpdate=False,
    )


def currency_columns(table: str) -> tuple[list[Definition], Definition]:
    """The currency and rate that a table's first money column brings, and the currency's relationship."""
    read_only = {"IsValidForCreate": False, "IsValidForUpdate": False}
    currency = definitions.column(
        table, "TransactionCurrencyId", "Lookup", uuid4(), Targets=["transactioncurrency"], IsCustomAttribute=True
    )
    rate = definitions.column(
        table, "ExchangeRate", "Decimal", uuid4(), Precision=10, IsCustomAttribute=True, **read_only
    )
    link = definitions.relationship(
        f"transactioncurrency_{table}", uuid4(), "transactioncurrency", table, "transactioncurrencyid"
    )
    return [currency, rate], link


def _kind(posted: Mapping[str, Any]) -> str:
    kind = str(posted.get("@odata.type", "")).lstrip("#").removeprefix("Microsoft.Dynamics.CRM.")
    kind = kind.removesuffix("AttributeMetadata").removeprefix("Complex")
    if kind == "Lookup":
        raise BadRequestError("A lookup is created with its relationship, by RelationshipDefinitions.")
    if kind not in _MEMBERS:
        message = f"columns of type {kind or 'unknown: @odata.type is missing'}"
        raise UnsupportedError(message)
    if posted.get("SourceType"):
        raise UnsupportedError("calculated and rollup columns (SourceType)")
    return kind


def _check_shapes(members: Mapping[str, Any]) -> None:
    for name in _VALUE_OBJECTS & members.keys():
        if not (isinstance(members[name], dict) and "Value" in members[name]):
            message = f"{name} is an object with a Value."
            raise BadRequestError(message)
    for name in _NUMBERS & members.keys():
        if type(members[name]) not in {int, float}:
            message = f"{name} is a number."
            raise BadRequestError(message)


def _check_bounds(table: str, schema_name: str, kind: str, members: Mapping[str, Any]) -> None:
    limits = [("MaxLength", 1, _LENGTH_MAX.get(kind)), ("Precision", 0, _PRECISION_MAX.get(kind))]
    for member, smallest, largest in limits:
        value = members.get(member)
        if value is not None and largest is not None and not (type(value) is int and smallest <= value <= largest):
            raise ValueRangeError(table, f"{schema_name}.{member}", value)
    lowest, highest = members.get("MinValue"), members.get("MaxValue")
    if lowest is not None and highest is not None and lowest > highest:
        raise ValueRangeError(table, f"{schema_name}.MinValue", lowest)


def _boolean_options(environment: Environment, posted: Mapping[str, Any]) -> Definition:
    options = object_in(posted, "OptionSet")
    texts = (object_in(object_in(options, name), "Label") for name in ("TrueOption", "FalseOption"))
    return boolean_option_set(*(shown_label(text, environment.language) for text in texts))


def _options(environment: Environment, posted: Mapping[str, Any]) -> Definition:
    options = object_in(posted, "OptionSet")
    if options.get("IsGlobal") or posted.get("GlobalOptionSet@odata.bind"):
        raise UnsupportedError("global choices")
    given = objects_in(options, "Options")
    values = [value for one in given if type(value := one.get("Value")) is int]
    if len(set(values)) < len(given):
        raise BadRequestError("The options of a choice have distinct whole numbers as values.", "0x80044310")
    texts = [shown_label(object_in(one, "Label"), environment.language) for one in given]
    return option_set("Picklist", (option(value, text) for value, text in zip(values, texts, strict=True)))


_OPTION_READERS: Mapping[str, Callable[[Environment, Mapping[str, Any]], Definition]] = {
    "Boolean": _boolean_options,
    "Picklist": _options,
    MULTIPLE: _options,
}
