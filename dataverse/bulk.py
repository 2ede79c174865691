"""Many rows of one table in one message: CreateMultiple, UpdateMultiple, UpsertMultiple.

On standard tables such a message is all or nothing: one bad row and none is written. `write_rows` then writes the rows
one by one, in a batch that goes on after an error, so that the good ones are written and the bad ones are known. The
messages take no ETag: what must be guarded by one goes out by `update`.
Source: the page "Use bulk operation messages".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from dataverse.batches import send_in_batches
from dataverse.client import DataverseClient
from dataverse.errors import (
    AuthenticationError,
    DataverseError,
    InvalidRequestError,
    NotAttemptedError,
    TransientError,
    UnavailableError,
)
from dataverse.json_body import encode_body
from dataverse.odata import column_name, set_name
from dataverse.operations import create, row_path, update, upsert
from dataverse.request import Request, Response, Row

Message: TypeAlias = Literal["CreateMultiple", "UpdateMultiple", "UpsertMultiple"]

_CRM = "Microsoft.Dynamics.CRM."
# What a message meets whole, whatever its rows: one by one they would meet it too.
_OF_ALL_ROWS = (TransientError, AuthenticationError, NotAttemptedError)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as bulk messages name it: "leads", "lead", "leadid"."""

    entity_set: str
    logical_name: str
    id_column: str


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: its id when it was written, or the error."""

    row_id: str | None = None
    error: DataverseError | None = None


def bulk_request(message: Message, table: Table, rows: Sequence[Row]) -> Request:
    """The message for these rows; each has its id in its id column (CreateMultiple: all of them or none)."""
    if not rows:
        raise InvalidRequestError("a bulk message has at least one row")
    with_id = [table.id_column in row for row in rows]
    if not all(with_id) and (message != "CreateMultiple" or any(with_id)):
        raise InvalidRequestError("a row has no id in its id column")
    for row_id in (str(row[table.id_column]) for row in rows if table.id_column in row):
        row_path(table.entity_set, row_id)
    kind = {"@odata.type": f"{_CRM}{set_name(table.logical_name)}"}
    targets = [kind | dict(row) for row in rows]
    # A second execution writes the same values again, or is told that the ids exist.
    return Request("POST", f"{set_name(table.entity_set)}/{_CRM}{message}", {}, {"Targets": targets}, all(with_id))


def write_rows(
    client: DataverseClient,
    message: Message,
    table: Table,
    rows: Sequence[Row],
    *,
    rows_max: int = 100,
    read_timeout_s: float | None = None,
) -> list[RowResult]:
    """One result per row, in order; at most `rows_max` rows, and the client's bytes for a batch, in each message.

    Messages follow one another. What a message meets whole (a fault of the moment, a refused token) is the error of
    each of its rows, and the rows after it are not sent (NotAttemptedError).
    """
    results: list[RowResult] = []
    for chunk in _chunks(message, table, rows, rows_max, client.limits.batch_bytes_max):
        try:
            response = client.send(bulk_request(message, table, chunk), read_timeout_s=read_timeout_s)
            results += [RowResult(row_id) for row_id in _ids(message, table, chunk, response)]
        except _OF_ALL_ROWS as error:
            results += [RowResult(error=error)] * len(chunk)
        except DataverseError:
            results += _one_by_one(client, message, table, chunk, read_timeout_s)
        if isinstance(results[-1].error, _OF_ALL_ROWS):
            break
    missing = len(rows) - len(results)
    return results + [RowResult(error=NotAttemptedError(about=f"POST {table.entity_set}"))] * missing


def _chunks(message: Message, table: Table, rows: Sequence[Row], rows_max: int, bytes_max: int) -> list[list[Row]]:
    if rows_max < 1:
        raise InvalidRequestError("a bulk message has at least one row")
    overhead = len(encode_body({"@odata.type": f"{_CRM}{table.logical_name}"})) + 1
    chunks: list[list[Row]] = []
    size = 0
    for row in rows:
        bulk_request(message, table, [row])  # a row that cannot be sent is known before the first one is
        row_bytes = len(encode_body(row)) + overhead
        if not chunks or len(chunks[-1]) == rows_max or size + row_bytes > bytes_max:
            chunks.append([])
            size = 0
        chunks[-1].append(row)
        size += row_bytes
    return chunks


def _ids(message: Message, table: Table, rows: Sequence[Row], response: Response) -> list[str]:
    if message != "CreateMultiple":
        return [str(row[table.id_column]).lower() for row in rows]
    ids = response.row.get("Ids")
    if not isinstance(ids, list) or len(ids) != len(rows) or not all(isinstance(row_id, str) for row_id in ids):
        raise UnavailableError(
            request_id=response.request_id or "",
            about=f"POST {table.entity_set}",
            explanation="the answer has not one id for each row",
        )
    return [row_id.lower() for row_id in ids]


def _one_by_one(
    client: DataverseClient, message: Message, table: Table, rows: Sequence[Row], read_timeout_s: float | None
) -> list[RowResult]:
    requests = [_single(message, table, row) for row in rows]
    results: list[RowResult] = []
    for row, result in zip(rows, send_in_batches(client, requests, read_timeout_s=read_timeout_s), strict=True):
        if result.error is not None:
            results.append(RowResult(error=result.error))
        else:
            row_id = row.get(table.id_column) or result.response.created_id
            results.append(RowResult(str(row_id).lower() if row_id is not None else None))
    return results


def _single(message: Message, table: Table, row: Row) -> Request:
    id_column = column_name(table.id_column)
    if message == "CreateMultiple":
        return create(table.entity_set, row, id_column=id_column if id_column in row else None)
    rest = {name: value for name, value in row.items() if name != id_column}
    if message == "UpdateMultiple":
        return update(table.entity_set, str(row[id_column]), rest, etag="*")
    return upsert(table.entity_set, str(row[id_column]), rest)
