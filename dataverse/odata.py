"""Typed quoting: the only place where a `$filter` is built, so that no value can become an operator.

Source: the Web API's query pages; OData 4.0 ABNF for literals.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote
from uuid import UUID

from dataverse.errors import InvalidRequestError

Value: TypeAlias = str | bool | int | float | Decimal | datetime | date | UUID | None

_COLUMN = re.compile(r"[a-z_][a-zA-Z0-9_]{0,127}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition; made by the functions of this module alone. Its repr shows no value."""

    expression: str = field(repr=False)


def eq(column: str, value: Value) -> Filter:
    """Column equals value; text compares as the organisation's collation does."""
    return _compare(column, "eq", value)


def ne(column: str, value: Value) -> Filter:
    """Column differs from value."""
    return _compare(column, "ne", value)


def gt(column: str, value: Value) -> Filter:
    """Column is greater than value."""
    return _compare(column, "gt", value)


def ge(column: str, value: Value) -> Filter:
    """Column is greater than or equal to value."""
    return _compare(column, "ge", value)


def lt(column: str, value: Value) -> Filter:
    """Column is less than value."""
    return _compare(column, "lt", value)


def le(column: str, value: Value) -> Filter:
    """Column is less than or equal to value."""
    return _compare(column, "le", value)


def is_null(column: str) -> Filter:
    """Column is empty."""
    return _compare(column, "eq", None)


def all_of(*filters: Filter) -> Filter:
    """Every one of the conditions holds."""
    return _join("and", filters)


def any_of(*filters: Filter) -> Filter:
    """At least one of the conditions holds."""
    return _join("or", filters)


def contains(column: str, text: str) -> Filter:
    """Column holds the text, whatever its case; no character of it is a wildcard."""
    return _like("contains", column, text)


def startswith(column: str, text: str) -> Filter:
    """Column begins with the text, whatever its case; no character of it is a wildcard."""
    return _like("startswith", column, text)


def endswith(column: str, text: str) -> Filter:
    """Column ends with the text, whatever its case; no character of it is a wildcard."""
    return _like("endswith", column, text)


def in_(column: str, values: Iterable[str | int | UUID]) -> Filter:
    """Column is one of the values (query function `In`); a lookup goes by its logical name ("parentaccountid")."""
    return crm_function("In", column, PropertyValues=text_list(values))


def crm_function(name: str, column: str, **parameters: str) -> Filter:
    """A query function of the platform on a column of the table itself; the parameters are literals already."""
    if "/" in column_name(column):
        raise InvalidRequestError("a query function takes a column of the table itself")
    given = "".join(f",{parameter}={value}" for parameter, value in parameters.items())
    return Filter(f"Microsoft.Dynamics.CRM.{set_name(name)}(PropertyName='{column}'{given})")


def text_list(values: Iterable[object]) -> str:
    """The values as the list of texts that a query function takes; InvalidRequestError when there are none."""
    if isinstance(values, str):
        raise InvalidRequestError("the values of a query function are one text")
    texts = [_json_text(str(value)) for value in values]
    if not texts:
        raise InvalidRequestError("a query function needs at least one value")
    return f"[{','.join(texts)}]"


def literal(value: Value) -> str:
    """The value as an OData literal, not yet percent-encoded; InvalidRequestError for what has none."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return "'" + unicode_text(value).replace("'", "''") + "'"
        case float() | Decimal() if not math.isfinite(value):
            raise InvalidRequestError("a number is not finite")
        case Decimal():
            return format(value, "f")
        case int() | float() | UUID():
            return str(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()


def encode(expression: str) -> str:
    """An expression as it stands in a URL's query: UTF-8, percent-encoded, spaces as %20."""
    return quote(unicode_text(expression), safe="$(),'/:@*!")


def column_name(name: str) -> str:
    """The name, when it is a column's, or `navigation/column`; otherwise InvalidRequestError."""
    parts = name.split("/")
    if len(parts) > 2 or not all(_COLUMN.fullmatch(part) for part in parts):
        raise InvalidRequestError("a column name has characters that no column has")
    return name


def set_name(name: str) -> str:
    """The name, when an entity set, a table or a message can have it; otherwise InvalidRequestError."""
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("a name has characters that no table or message has")
    return name


def unicode_text(text: str) -> str:
    """The text; InvalidRequestError for a lone surrogate, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # `from None`: the cause holds the text.
        raise InvalidRequestError("a text has a lone surrogate, which is not Unicode") from None
    return text


def _like(function: str, column: str, text: str) -> Filter:
    # The service makes a LIKE of these functions, in which a bracket makes a wildcard mean itself.
    escaped = "".join(f"[{one}]" if one in "%_[" else one for one in text)
    return Filter(f"{function}({column_name(column)},{literal(escaped)})")


def _compare(column: str, operator: str, value: Value) -> Filter:
    return Filter(f"{column_name(column)} {operator} {literal(value)}")


def _join(operator: str, filters: tuple[Filter, ...]) -> Filter:
    if not filters:
        raise InvalidRequestError("a combination of conditions needs at least one")
    if len(filters) == 1:
        return filters[0]
    return Filter("(" + f" {operator} ".join(part.expression for part in filters) + ")")


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise InvalidRequestError("a date and time has no time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _json_text(text: str) -> str:
    # Microsoft's OData lexer looks for quotes and brackets inside the JSON list too: as escapes it does not see them.
    quoted = json.dumps(unicode_text(text), ensure_ascii=False)
    return quoted.replace("'", "\\u0027").replace("[", "\\u005b").replace("]", "\\u005d")
