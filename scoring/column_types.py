"""The types that columns have in Dataverse, and which operators make sense on each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, get_args
from uuid import UUID

from scoring.comparing import Operand, Scalar, listed_operand
from scoring.moments import moment
from scoring.operators import OPERATORS, Takes
from scoring.relative import HOURS

ColumnType = Literal[
    "String",
    "Memo",
    "Integer",
    "BigInt",
    "Decimal",
    "Double",
    "Money",
    "Boolean",
    "Picklist",
    "State",
    "Status",
    "MultiSelectPicklist",
    "DateTime",
    "DateOnly",
    "TimeZoneIndependent",
    "Lookup",
    "Customer",
    "Owner",
    "Uniqueidentifier",
]
"""Dataverse's names of types; a date column by its behaviour: DateTime (an instant), DateOnly, TimeZoneIndependent."""

COLUMN_TYPES: Final = frozenset(get_args(ColumnType))

Family = Literal["text", "number", "choice", "choices", "yes/no", "date", "id"]

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        **dict.fromkeys(("String", "Memo"), "text"),
        **dict.fromkeys(("Integer", "BigInt", "Decimal", "Double", "Money"), "number"),
        **dict.fromkeys(("Picklist", "State", "Status"), "choice"),
        "MultiSelectPicklist": "choices",
        "Boolean": "yes/no",
        **dict.fromkeys(("DateTime", "DateOnly", "TimeZoneIndependent"), "date"),
        **dict.fromkeys(("Lookup", "Customer", "Owner", "Uniqueidentifier"), "id"),
    }
)
LOOKUPS: Final = frozenset({"Lookup", "Customer", "Owner"})

_WANTED: Final[Mapping[Family, str]] = {
    "text": "text",
    "number": "a number",
    "choice": "the option's number",
    "choices": "the options' numbers",
    "yes/no": "true or false",
    "date": "a date or an instant (ISO 8601)",
    "id": "a GUID",
}
_ORDERINGS: Final = frozenset({Takes.ORDERED, Takes.TWO_ORDERED})
_ORDERED: Final = frozenset({"text", "number", "date"})


def stored_column(column: str, column_type: ColumnType | None) -> str:
    """The column that holds the value in the base currency where the type is Money, else the column itself."""
    return f"{column}_base" if column_type == "Money" and not column.endswith("_base") else column


def misfit(op: str, value: Operand, column_type: ColumnType) -> str:
    """Why the operator or its value does not go with a column of this type; empty when it does."""
    family, takes = FAMILIES[column_type], OPERATORS[op].takes
    if reason := _wrong_operator(op, takes, family, column_type):
        return reason
    if takes in {Takes.NOTHING, Takes.COUNT, Takes.DAY}:
        return ""  # their values have one form, which was checked when the definition was read
    values = listed_operand(value)
    if not all(_is_of(family, each) for each in values):
        return f"the value must be {_WANTED[family]}"
    return _wrong_moment(values, column_type) if family == "date" else ""


def _wrong_operator(op: str, takes: Takes, family: Family, column_type: ColumnType) -> str:
    instead = ": use in" if family == "choice" else ""
    reasons = {
        f"{op} is for text": takes is Takes.PATTERN and family != "text",
        f"{op} is for choices of which several can be selected{instead}": takes is Takes.OPTIONS
        and family != "choices",
        f"{op} is for dates": OPERATORS[op].is_for_dates and family != "date",
        f"{op} needs a time of day, and a day has none": op == HOURS and column_type == "DateOnly",
        f"{op} needs an order, and this type has none": takes in _ORDERINGS and family not in _ORDERED,
        f"{op} leaves open whether one option or all are meant: use contain-values": (
            takes in {Takes.SCALAR, Takes.LIST} and family == "choices"
        ),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _wrong_moment(values: Sequence[Scalar], column_type: ColumnType) -> str:
    moments = [moment(str(value)) for value in values]
    if column_type == "DateOnly" and any(isinstance(named, datetime) for named in moments):
        return "the value must be a day (2026-05-31): the column has no time"
    if column_type == "TimeZoneIndependent" and any(isinstance(at, datetime) and at.tzinfo for at in moments):
        return "the value must have no offset: the column has no time zone"
    return ""


def _is_of(family: Family, value: Scalar) -> bool:
    match family:
        case "yes/no":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "choice" | "choices":
            return isinstance(value, int) and not isinstance(value, bool)
        case "text":
            return isinstance(value, str)
    if not isinstance(value, str):
        return False
    # Only as scoring reads them: what it takes for plain text would never be equal.
    return moment(value) is not None if family == "date" else _is_guid(value)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
