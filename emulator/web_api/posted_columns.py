"""A posted AttributeMetadata, checked and completed."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from emulator.web_api import definitions
from emulator.web_api.definitions import Definition, boolean_option_set, option, option_set, shown_label
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError, ValueRangeError
from emulator.web_api.posted import object_in, objects_in
from emulator.web_api.schema_names import check_schema_name, require_label

_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "String": ("MaxLength", "Format", "FormatName"),
    "Memo": ("MaxLength", "Format", "FormatName", "ImeMode"),
    "Integer": ("MinValue", "MaxValue", "Format"),
    "Decimal": ("MinValue", "MaxValue", "Precision"),
    "Double": ("MinValue", "MaxValue", "Precision"),
    "DateTime": ("Format", "DateTimeBehavior"),
    "Boolean": ("DefaultValue",),
    "Picklist": ("DefaultFormValue",),
}
_SHARED_MEMBERS = ("RequiredLevel", "IsAuditEnabled", "IsSecured")
_VALUE_OBJECTS = frozenset({"FormatName", "DateTimeBehavior", "RequiredLevel", "IsAuditEnabled"})
_NUMBERS = frozenset({"MinValue", "MaxValue"})
_LENGTH_MAX = {"String": 4000, "Memo": 1_048_576}
_PRECISION_MAX = {"Decimal": 10, "Double": 5}


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


def _kind(posted: Mapping[str, Any]) -> str:
    kind = str(posted.get("@odata.type", "")).lstrip("#").removeprefix("Microsoft.Dynamics.CRM.")
    kind = kind.removesuffix("AttributeMetadata")
    if kind == "Lookup":
        raise BadRequestError("A lookup is created with its relationship, by RelationshipDefinitions.")
    if kind not in _MEMBERS:
        message = f"columns of type {kind or 'unknown: @odata.type is missing'}"
        raise UnsupportedError(message)
    if posted.get("IsSecured"):
        raise UnsupportedError("field-level security (IsSecured)")
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
}
