"""Rows as the Web API's JSON, and JSON as answers."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from emulator.web_api.database import SqlValue
from emulator.web_api.http import Response
from emulator.web_api.metadata import Column
from emulator.web_api.values import shown


def row_json(columns: Iterable[Column], row: Mapping[str, SqlValue]) -> dict[str, Any]:
    """A row: its ETag, then the columns by property name; a secured column shows null, as to a user without access."""
    properties = {
        column.property_name: None if column.is_secured else shown(column, row[column.logical_name])
        for column in columns
    }
    return {"@odata.etag": etag(row), **properties}


def etag(row: Mapping[str, SqlValue]) -> str:
    """The row's version as an ETag."""
    return f'W/"{row["versionnumber"]}"'


def answer(status: int, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with the headers every answer has; JSON if it has a body."""
    content = {} if body is None else {"Content-Type": "application/json; odata.metadata=minimal"}
    encoded = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(status, {**request_ids(), **content, **(headers or {})}, encoded)


def request_ids() -> dict[str, str]:
    """OData-Version and the ids to quote to a support engineer."""
    return {"OData-Version": "4.0", "x-ms-service-request-id": str(uuid4()), "REQ_ID": str(uuid4())}
