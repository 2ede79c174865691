"""Columns as the metadata API wants them; values to put into a table's definition or to add to a table.

Source: the Web API page "Create and update column definitions".
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

from dataverse.labels import Labels, label
from dataverse.odata import set_name

ColumnDefinition: TypeAlias = Mapping[str, object]

_CRM = "Microsoft.Dynamics.CRM."
_INTEGER_MIN, _INTEGER_MAX = -(2**31), 2**31 - 1
_DECIMAL_BOUND = Decimal(100_000_000_000)


def string_column(
    schema_name: str, labels: Labels, *, max_length: int = 100, is_primary_name: bool = False
) -> ColumnDefinition:
    """One line of text, at most `max_length` characters (up to 4,000)."""
    column = _column("String", schema_name, labels) | {"MaxLength": max_length, "FormatName": {"Value": "Text"}}
    return column | ({"IsPrimaryName": True} if is_primary_name else {})


def memo_column(schema_name: str, labels: Labels, *, max_length: int = 2_000) -> ColumnDefinition:
    """Lines of text, at most `max_length` characters (up to 1,048,576)."""
    return _column("Memo", schema_name, labels) | {
        "MaxLength": max_length,
        "FormatName": {"Value": "Text"},
        "ImeMode": "Auto",
    }


def integer_column(
    schema_name: str, labels: Labels, *, minimum: int = _INTEGER_MIN, maximum: int = _INTEGER_MAX
) -> ColumnDefinition:
    """A whole number of 32 bits."""
    return _column("Integer", schema_name, labels) | {"Format": "None", "MinValue": minimum, "MaxValue": maximum}


def decimal_column(
    schema_name: str,
    labels: Labels,
    *,
    minimum: Decimal = -_DECIMAL_BOUND,
    maximum: Decimal = _DECIMAL_BOUND,
    precision: int = 2,
) -> ColumnDefinition:
    """A decimal number with `precision` digits after the point (up to 10)."""
    return _column("Decimal", schema_name, labels) | {
        "MinValue": float(minimum),
        "MaxValue": float(maximum),
        "Precision": precision,
    }


def boolean_column(
    schema_name: str, labels: Labels, *, yes: Labels, no: Labels, default: bool = False
) -> ColumnDefinition:
    """Yes or no, with the labels of the two."""
    return _column("Boolean", schema_name, labels) | {
        "DefaultValue": default,
        "OptionSet": {
            "@odata.type": f"{_CRM}BooleanOptionSetMetadata",
            "TrueOption": {"Value": 1, "Label": label(yes)},
            "FalseOption": {"Value": 0, "Label": label(no)},
            "IsGlobal": False,
        },
    }


def datetime_column(
    schema_name: str,
    labels: Labels,
    *,
    date_only: bool = False,
    behavior: Literal["UserLocal", "TimeZoneIndependent", "DateOnly"] = "UserLocal",
) -> ColumnDefinition:
    """A date, or a date and time; UserLocal is an instant in UTC, shown in each user's zone."""
    return _column("DateTime", schema_name, labels) | {
        "Format": "DateOnly" if date_only else "DateAndTime",
        "DateTimeBehavior": {"Value": behavior},
    }


def choice_column(schema_name: str, labels: Labels, *, options: Mapping[int, Labels]) -> ColumnDefinition:
    """One of several options of its own, each a value and its labels."""
    return _column("Picklist", schema_name, labels) | {
        "OptionSet": {
            "@odata.type": f"{_CRM}OptionSetMetadata",
            "IsGlobal": False,
            "OptionSetType": "Picklist",
            "Options": [{"Value": value, "Label": label(texts)} for value, texts in options.items()],
        }
    }


def lookup_column(schema_name: str, labels: Labels) -> ColumnDefinition:
    """The column of a lookup; it comes into being with its relationship only."""
    return _column("Lookup", schema_name, labels) | {
        "AttributeType": "Lookup",
        "AttributeTypeName": {"Value": "LookupType"},
    }


def _column(kind: str, schema_name: str, labels: Labels) -> dict[str, object]:
    return {
        "@odata.type": f"{_CRM}{kind}AttributeMetadata",
        "SchemaName": set_name(schema_name),
        "DisplayName": label(labels),
        "RequiredLevel": {"Value": "None"},
    }
