"""Column values as .NET's serializer writes them into a webhook (dataverse.md 3.3.1)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from emulator.web_api import Column, Reference

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def encoded(value: object, column: Column) -> Any:
    """A value of the Web API's JSON in the webhook's form; what has none of its own stays plain."""
    if isinstance(value, Reference):
        return reference(value.table, value.row_id)
    if value is None or column.type not in _ENCODERS:
        return value
    return _ENCODERS[column.type](value)


def reference(table: str, row_id: UUID, *, name: str | None = None) -> dict[str, Any]:
    """An EntityReference, with its `__type`."""
    return _typed("EntityReference", **untyped_reference(table, row_id, name=name))


def untyped_reference(table: str, row_id: UUID, *, name: str | None = None) -> dict[str, Any]:
    """An EntityReference where the member's own type is known, as in OwningExtension."""
    return {"Id": str(row_id), "KeyAttributes": [], "LogicalName": table, "Name": name, "RowVersion": None}


def entity(table: str, row_id: UUID, attributes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An Entity without `__type`, as images are sent."""
    return {
        "Attributes": [{"key": name, "value": value} for name, value in attributes],
        "EntityState": None,
        "FormattedValues": [],
        "Id": str(row_id),
        "KeyAttributes": [],
        "LogicalName": table,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def typed_entity(table: str, row_id: UUID, attributes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An Entity with its `__type`, as parameters are sent."""
    return _typed("Entity", **entity(table, row_id, attributes))


def pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A .NET collection of named values: an array of key and value, never an object."""
    return [{"key": key, "value": value} for key, value in values.items()]


def date(at: datetime) -> str:
    """`/Date(ms)/`, milliseconds since 1970 in UTC."""
    return f"/Date({(at - _EPOCH) // _MILLISECOND})/"


def date_with_offset(at: datetime) -> str:
    """`/Date(ms+0000)/`: the offset is for display, the instant is the number."""
    return f"/Date({(at - _EPOCH) // _MILLISECOND}+0000)/"


def _typed(type_name: str, **members: Any) -> dict[str, Any]:
    return {"__type": f"{type_name}:{CONTRACTS}", **members}


def _instant(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _option(value: object) -> dict[str, Any]:
    return _typed("OptionSetValue", Value=value)


_ENCODERS: Mapping[str, Callable[[Any], Any]] = {
    "Picklist": _option,
    "State": _option,
    "Status": _option,
    "MultiSelectPicklist": lambda text: [_option(int(one)) for one in text.split(",")],
    "Money": lambda amount: _typed("Money", Value=amount),
    "DateTime": lambda text: date(_instant(text)),
}
