"""The literals and listed values of queries as the columns they stand beside store them."""

import re
from collections.abc import Callable, Mapping

from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError
from emulator.web_api.filter_tree import Value
from emulator.web_api.metadata import Column
from emulator.web_api.values import GUID, edm_type, stored_date, stored_moment

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,10})?")
_KINDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
NUMBERS = frozenset({"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_LITERAL_TYPES = {
    "guid": "Edm.Guid",
    "moment": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "number": "Edm.Decimal",
    "string": "Edm.String",
    "boolean": "Edm.Boolean",
}


def literal_value(column: Column, operator: str, literal: Value) -> SqlValue:
    """A literal as the column stores it; raises when the operator cannot compare the two types."""
    expected, found = edm_type(column), _LITERAL_TYPES.get(literal.kind, "Edm.String")
    if expected in NUMBERS and literal.kind == "number":
        return literal.value
    try:
        if expected == "Edm.DateTimeOffset" and literal.kind in {"moment", "date"}:
            text = str(literal.value)
            return stored_moment(text) if literal.kind == "moment" else f"{stored_date(text)}T00:00:00"
        if expected == "Edm.Date" and literal.kind == "date":
            return stored_date(str(literal.value))
    except (ValueError, OverflowError):
        message = f"Unrecognized '{expected}' literal '{literal.value}'."
        raise BadRequestError(message, "0x80060888") from None
    if expected != found or literal.kind == "enum":
        raise incompatible(operator, expected, found)
    return int(literal.value) if isinstance(literal.value, bool) else literal.value


def listed_value(column: Column, text: str) -> SqlValue:
    """A value that a query gives as text, as the column stores it."""
    expected = edm_type(column)
    try:
        return _READERS[expected](text)
    except (ValueError, KeyError, OverflowError):
        message = f"The value '{text[:100]}' of In is not of type '{expected}'."
        raise BadRequestError(message, "0x80060888") from None


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text) if "." in text else int(text)


def _guid(text: str) -> str:
    if not GUID.fullmatch(text):
        raise ValueError(text)
    return text.lower()


_READERS: Mapping[str, Callable[[str], SqlValue]] = {
    **dict.fromkeys(NUMBERS, _number),
    "Edm.Boolean": lambda text: {"true": 1, "false": 0, "1": 1, "0": 0}[text.lower()],
    "Edm.DateTimeOffset": stored_moment,
    "Edm.Date": stored_date,
    "Edm.Guid": _guid,
    "Edm.String": str,
}


def incompatible(operator: str, left: str, right: str) -> BadRequestError:
    """What is answered to a comparison of two types that have none."""
    found = f"Found operand types '{left}' and '{right}' for operator kind '{_KINDS[operator]}'."
    return BadRequestError(f"A binary operator with incompatible types was detected. {found}", "0x80060888")
