"""Pages by keyset: the next page starts after the last row shown, whatever was inserted or deleted meanwhile."""

import base64
import json
from collections.abc import Sequence
from urllib.parse import quote, unquote

from emulator.web_api.database import SqlValue
from emulator.web_api.errors import BadRequestError

Order = Sequence[tuple[str, bool]]


def order_by(order: Order) -> str:
    """ORDER BY of (SQL column, descending) pairs; nulls come first ascending, last descending, as in SQL Server."""
    return ", ".join(f"{column} {'DESC' if descending else 'ASC'}" for column, descending in order)


def after(order: Order, last: Sequence[SqlValue]) -> tuple[str, list[SqlValue]]:
    """The condition, with its parameters, that a row comes after the one with these values."""
    alternatives: list[str] = []
    parameters: list[SqlValue] = []
    for position, ((column, descending), value) in enumerate(zip(order, last, strict=True)):
        beyond, extra = _beyond(column, value, descending=descending)
        if beyond is None:
            continue
        same = [f"{earlier} IS ?" for earlier, _ in order[:position]]
        alternatives.append("(" + " AND ".join([*same, beyond]) + ")")
        parameters += [*last[:position], *extra]
    return "(" + " OR ".join(alternatives) + ")", parameters


def skip_token(page_number: int, last: Sequence[SqlValue]) -> str:
    """The opaque `$skiptoken` of a page, percent-encoded once; it looks like Dataverse's cookie."""
    position = base64.urlsafe_b64encode(json.dumps(list(last), ensure_ascii=False).encode()).decode()
    return quote(f'<cookie pagenumber="{page_number}" pagingcookie="{quote(position)}" istracking="False" />', safe="")


def read_skip_token(token: str) -> tuple[int, list[SqlValue]]:
    """The page number and position of a `$skiptoken`."""
    try:
        parts = token.split('"')
        position = json.loads(base64.urlsafe_b64decode(unquote(parts[3])))
        return int(parts[1]), list(position)
    except (ValueError, IndexError, TypeError):
        raise BadRequestError("Invalid paging token.", "0x80060888") from None


def _beyond(column: str, value: SqlValue, *, descending: bool) -> tuple[str | None, list[SqlValue]]:
    if value is None:
        return (None, []) if descending else (f"{column} IS NOT NULL", [])
    if descending:
        return f"({column} < ? OR {column} IS NULL)", [value]
    return f"{column} > ?", [value]
