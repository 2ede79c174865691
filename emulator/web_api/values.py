"""Column values: what the Web API's JSON may hold for each type, how it is stored, and how it is shown again."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError, PayloadError, TextLengthError, ValueRangeError
from emulator.web_api.metadata import MULTIPLE, Column, Table

_EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)")
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBERS = re.compile(r"\s*-?\d{1,10}\s*(,\s*-?\d{1,10}\s*)*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

EDM_TYPES = {
    **dict.fromkeys(("String", "Memo", "EntityName", MULTIPLE), "Edm.String"),
    **dict.fromkeys(("Integer", "Picklist", "State", "Status"), "Edm.Int32"),
    **dict.fromkeys(("Decimal", "Money"), "Edm.Decimal"),
    **dict.fromkeys(("Lookup", "Owner", "Customer", "Uniqueidentifier"), "Edm.Guid"),
    "BigInt": "Edm.Int64",
    "Double": "Edm.Double",
    "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTimeOffset",
}


def edm_type(column: Column) -> str:
    """The OData type of the column's property."""
    return "Edm.Date" if column.date_only else EDM_TYPES[column.type]


def stored(table: Table, column: Column, value: Any) -> SqlValue:
    """The value as SQLite keeps it, checked as Dataverse checks it; an empty string is a null."""
    if value is None or (value == "" and (column.is_text or column.type == MULTIPLE)):
        return None
    return _WRITERS[column.type](table, column, value)


def shown(column: Column, value: SqlValue) -> Any:
    """The stored value as the Web API's JSON shows it."""
    if value is None:
        return None
    if column.type == "Boolean":
        return bool(value)
    if column.type == "DateTime" and not column.date_only:
        return f"{value}Z"
    if column.type == MULTIPLE:
        return str(value).strip(",")
    if column.type in {"Decimal", "Money", "Double"} and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def moment(value: datetime) -> str:
    """A clock's time as a date and time column stores it: UTC, to the second."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def stored_moment(literal: str) -> str:
    """An ISO date and time with its offset as text that sorts like the stored ones; fractions kept; else ValueError."""
    if not _MOMENT.fullmatch(literal):
        raise ValueError(literal)
    parsed = datetime.fromisoformat(literal).astimezone(UTC)
    text = moment(parsed)
    return f"{text}.{parsed.microsecond:06d}".rstrip("0") if parsed.microsecond else text


def stored_date(literal: str) -> str:
    """An ISO date as a date column stores it; ValueError if it is none."""
    if not _DATE.fullmatch(literal):
        raise ValueError(literal)
    return date.fromisoformat(literal).isoformat()


def _text(table: Table, column: Column, value: Any) -> SqlValue:
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    if "\x00" in value:
        detail = f"The text of '{column.logical_name}' has a character that is not valid in XML"
        raise PayloadError(table.entity_set, detail)
    # Lengths count UTF-16 units, as .NET and SQL Server's nvarchar do.
    if column.max_length is not None and len(value.encode("utf-16-le")) // 2 > column.max_length:
        raise TextLengthError(table.logical_name, column.logical_name, column.max_length)
    return value


def _whole(table: Table, column: Column, value: Any) -> SqlValue:
    if type(value) is not int:
        raise _wrong_type(table, column, value)
    return _bounded(table, column, value)


def _choice(table: Table, column: Column, value: Any) -> SqlValue:
    if type(value) is not int:
        raise _wrong_type(table, column, value)
    if column.options and column.option(value) is None:
        raise ValueRangeError(
            table.logical_name, column.logical_name, value, (option.value for option in column.options)
        )
    return value


def _choices(table: Table, column: Column, value: Any) -> SqlValue:
    """Values of a multi-select choice, "3,1" as the Web API has them, kept sorted and between commas: ",1,3,"."""
    if not isinstance(value, str) or not _NUMBERS.fullmatch(value):
        raise _wrong_type(table, column, value)
    numbers = sorted({int(number) for number in value.split(",")})
    for number in numbers:
        _choice(table, column, number)
    return f",{','.join(str(number) for number in numbers)},"


def _number(table: Table, column: Column, value: Any) -> SqlValue:
    if type(value) not in {int, float}:
        raise _wrong_type(table, column, value)
    exact = Decimal(str(_bounded(table, column, value)))
    return float(exact.quantize(Decimal(1).scaleb(-column.precision), ROUND_HALF_UP))


def _bounded(table: Table, column: Column, value: float) -> float:
    too_small = column.minimum is not None and value < column.minimum
    too_large = column.maximum is not None and value > column.maximum
    if too_small or too_large:
        raise ValueRangeError(table.logical_name, column.logical_name, value)
    return value


def _boolean(table: Table, column: Column, value: Any) -> SqlValue:
    if not isinstance(value, bool):
        raise _wrong_type(table, column, value)
    return int(value)


def _guid(table: Table, column: Column, value: Any) -> SqlValue:
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise _wrong_type(table, column, value)
    return value.lower()


def _date_time(table: Table, column: Column, value: Any) -> SqlValue:
    try:
        if column.date_only:
            return stored_date(value)
        return _after_1753(stored_moment(value)[:19])
    except (ValueError, TypeError, OverflowError):
        raise _wrong_type(table, column, value) from None


def _after_1753(text: str) -> str:
    if text < moment(_EARLIEST):
        message = f"DateTime is less than minumum value supported by CrmDateTime. Actual value: {text}, "
        raise BadRequestError(message + "Minimum value supported: 01/01/1753 00:00:00", "0x80040239")
    return text


def _wrong_type(table: Table, column: Column, value: Any) -> PayloadError:
    shown_value = str(value)[:100]
    detail = f"Cannot convert the literal '{shown_value}' to the expected type '{edm_type(column)}'"
    return PayloadError(table.entity_set, detail)


_WRITERS: dict[str, Callable[[Table, Column, Any], SqlValue]] = {
    **dict.fromkeys(("String", "Memo", "EntityName"), _text),
    **dict.fromkeys(("Integer", "BigInt"), _whole),
    **dict.fromkeys(("Picklist", "State", "Status"), _choice),
    **dict.fromkeys(("Decimal", "Money", "Double"), _number),
    MULTIPLE: _choices,
    "Boolean": _boolean,
    "Uniqueidentifier": _guid,
    "DateTime": _date_time,
}
