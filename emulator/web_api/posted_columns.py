"""A posted AttributeMetadata, checked and completed."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from emulator.web_api import definitions
from emulator.web_api.definitions import Definition, boolean_option_set, option, option_set, shown_label
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, UnsupportedError, ValueRangeError
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
_LENGTH_MAX = {"String": 4000, "Memo": 1_048_576}
_PRECISION_MAX = {"Decimal": 10, "Double": 5}


def posted_column(environment: Environment, table: str, posted: Mapping[str, Any]) -> Definition:
    """The whole definition of a new column of `table`; kinds the emulator does not have are refused by name."""
    kind = str(posted.get("@odata.type", "")).lstrip("#").removeprefix("Microsoft.Dynamics.CRM.")
    kind = kind.removesuffix("AttributeMetadata")
    if kind == "Lookup":
        raise BadRequestError("A lookup is created with its relationship, by RelationshipDefinitions.")
    if kind not in _MEMBERS:
        message = f"columns of type {kind or 'unknown: @odata.type is missing'}"
        raise UnsupportedError(message)
    schema_name = check_schema_name(environment, posted.get("SchemaName"), "Attribute")
    members = {name: posted[name] for name in (*_MEMBERS[kind], *_SHARED_MEMBERS) if posted.get(name) is not None}
    if members.get("IsSecured"):
        raise UnsupportedError("field-level security (IsSecured)")
    if posted.get("SourceType"):
        raise UnsupportedError("calculated and rollup columns (SourceType)")
    _check_bounds(table, schema_name, kind, members)
    if kind == "Boolean":
        members["OptionSet"] = _boolean_options(environment, posted)
    if kind == "Picklist":
        members["OptionSet"] = _options(environment, posted)
    return definitions.column(
        table,
        schema_name,
        kind,
        uuid4(),
        DisplayName=require_label(environment, posted, "DisplayName"),
        Description=shown_label(posted.get("Description"), environment.language),
        IsCustomAttribute=True,
        IsPrimaryName=bool(posted.get("IsPrimaryName", False)),
        **members,
    )


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
    options = posted.get("OptionSet") or {}
    true_text = shown_label((options.get("TrueOption") or {}).get("Label"), environment.language)
    false_text = shown_label((options.get("FalseOption") or {}).get("Label"), environment.language)
    return boolean_option_set(true_text, false_text)


def _options(environment: Environment, posted: Mapping[str, Any]) -> Definition:
    options = posted.get("OptionSet") or {}
    if options.get("IsGlobal") or posted.get("GlobalOptionSet@odata.bind"):
        raise UnsupportedError("global choices")
    values = [given.get("Value") for given in options.get("Options") or ()]
    if not all(type(value) is int for value in values) or len(set(values)) < len(values):
        raise BadRequestError("The options of a choice have distinct whole numbers as values.", "0x80044310")
    shown = (
        option(given["Value"], shown_label(given.get("Label"), environment.language))
        for given in options.get("Options") or ()
    )
    return option_set("Picklist", shown)
