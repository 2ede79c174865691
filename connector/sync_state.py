"""How far a stream of changes was read, kept in Dataverse: no state is a beginning, a state that cannot be read is not.

Each save carries the ETag of what was read, so that of two pollers one goes on and the other stops.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from connector.ids import computed_id
from connector.tables import MODIFIED_ON, SyncState
from dataverse import DataverseClient, query, update, upsert
from dataverse.odata import eq

Kind = Literal["first", "resync", "delta", "watermark"]
"""The first reading of a whole table, a later one, what changed since a link, or what was modified since an instant."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a stream stands: at `delta_link` when it is quiet, at `cursor` in the middle of a reading.

    A watermark's cursor is its text (`connector.watermark`), and it has no link.
    """

    name: str
    columns_hash: str
    kind: Kind = "first"
    rows: int = 0
    delta_link: str | None = None
    cursor: str | None = None
    etag: str | None = None
    saved_on: datetime | None = None


def read_stream(client: DataverseClient, name: str) -> Stream | None:
    """The state of a stream; None when it was never read. Any fault is raised: it is never taken for a beginning."""
    columns = [SyncState.DELTA_LINK, SyncState.CURSOR, SyncState.COLUMNS_HASH, SyncState.COUNTS, MODIFIED_ON]
    for row in client.rows(query(SyncState.SET, select=columns, filter=eq(SyncState.ID, computed_id(name)))):
        kind, rows = _counts(row[SyncState.COUNTS])
        return Stream(
            name=name,
            columns_hash=str(row[SyncState.COLUMNS_HASH]),
            kind=kind or "resync",
            rows=rows,
            delta_link=_text(row[SyncState.DELTA_LINK]) if kind else None,
            cursor=_text(row[SyncState.CURSOR]) if kind else None,
            etag=str(row["@odata.etag"]),
            saved_on=datetime.fromisoformat(str(row[MODIFIED_ON])),
        )
    return None


def save_stream(client: DataverseClient, stream: Stream) -> Stream:
    """Keep where the stream stands; ConflictError or AlreadyExistsError when another poller was faster."""
    row = {
        SyncState.STREAM: stream.name,
        SyncState.DELTA_LINK: stream.delta_link,
        SyncState.CURSOR: stream.cursor,
        SyncState.COLUMNS_HASH: stream.columns_hash,
        SyncState.COUNTS: json.dumps({"kind": stream.kind, "rows": stream.rows}),
    }
    row_id = str(computed_id(stream.name))
    if stream.etag is None:
        client.send(upsert(SyncState.SET, row_id, row, only_create=True))
    else:
        client.send(update(SyncState.SET, row_id, row, etag=stream.etag))
    saved = read_stream(client, stream.name)
    return stream if saved is None else saved


def _counts(text: object) -> tuple[Kind | None, int]:
    """What kind of reading the stream is in and its rows so far; no kind when that is not what was saved.

    Without a kind nobody can tell what a link or a cursor is worth: the whole table is read again.
    """
    try:
        counts = json.loads(str(text))
    except ValueError:
        return None, 0
    kind, rows = (counts.get(name) for name in ("kind", "rows")) if isinstance(counts, dict) else (None, None)
    return (kind if kind in get_args(Kind) else None), rows if isinstance(rows, int) else 0


def _text(value: object) -> str | None:
    return None if value is None else str(value)
