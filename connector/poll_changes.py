"""Change tracking, polled: what no webhook told of is found here, so that no change is lost.

A link is kept only after what it led to is queued. A link that expired, or one taken for other columns, means reading
the whole table again, page by page; it goes on at the next tick where the time of this one ran out.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from connector.left_over import queue_left_over
from connector.live_versions import LiveVersions
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.queries import InteractionQuery
from connector.settings import Mode
from connector.sync_state import Stream, read_stream, save_stream
from connector.tables import Contact, Lead
from connector.worker import send_leads
from dataverse import AlreadyExistsError, ConflictError, DataverseClient
from dataverse.change_tracking import ChangePage, changes
from dataverse.errors import ExpiredDeltaError

TICK_S = 240
"""Four fifths of the five minutes that a function has."""

PAGE_SIZE = 5_000
LINK_AGE_MAX = timedelta(days=1)

_log = logging.getLogger("leadgate")


@dataclass(frozen=True, slots=True)
class Source:
    """A table that is followed: what is read of it, and the columns that lead to leads, by the table they name."""

    stream: str
    entity_set: str
    columns: tuple[str, ...]
    ways: Mapping[str, tuple[str, ...]]
    first_reading_counts: bool = False

    @property
    def columns_hash(self) -> str:
        """Tells one set of columns from another."""
        return hashlib.sha256(",".join(self.columns).encode()).hexdigest()


LEADS = Source("changes-lead", Lead.SET, (Lead.ID, Lead.STATE), {Lead.TABLE: (Lead.ID,)}, first_reading_counts=True)


@dataclass(frozen=True, slots=True)
class PollChanges:
    """Follows leads, and the tables of interactions that live models count; looks after models and rules besides."""

    client: DataverseClient
    versions: LiveVersions
    queue: Queue
    clock: Clock
    mode: Mode
    tick_s: float = TICK_S

    def tick(self) -> int:
        """How many rows were queued; a fault ends the tick, and the next one begins where this one's last save was."""
        if self.mode == "off":
            return 0
        until = self.clock() + timedelta(seconds=self.tick_s)
        if self.mode == "live":
            queue_left_over(self.client, self.queue)
        sources = [LEADS, *map(interaction_source, self.versions.now().reader.interactions)]
        return sum(self._follow(source, until) for source in sources)

    def _follow(self, source: Source, until: datetime) -> int:
        try:
            queued = self._read(source, read_stream(self.client, source.stream), until)
        except ExpiredDeltaError:
            _log.warning("%s: the link has expired, the whole table is read again", source.stream)
            stored = read_stream(self.client, source.stream)
            expired = None if stored is None else replace(stored, delta_link=None, cursor=None, kind="resync", rows=0)
            queued = self._read(source, expired, until)
        except (ConflictError, AlreadyExistsError):
            _log.warning("%s: another poller is at it", source.stream)
            queued = 0
        _log.info("%s: queued=%d", source.stream, queued)
        return queued

    def _read(self, source: Source, stored: Stream | None, until: datetime) -> int:
        stream = beginning(source, stored)
        queued = 0
        since = stream.cursor or stream.delta_link
        for page in changes(self.client, source.entity_set, select=source.columns, since=since, page_size=PAGE_SIZE):
            queued += self._queue(source, stream, page)
            stream = replace(
                stream,
                cursor=page.next_link,
                delta_link=page.delta_link or stream.delta_link,
                rows=stream.rows + len(page.changed),
            )
            if self._is_worth_saving(stream, queued):
                stream = save_stream(self.client, stream)
            if page.next_link is not None and self.clock() >= until:
                break
        return queued

    def _queue(self, source: Source, stream: Stream, page: ChangePage) -> int:
        if stream.kind == "first" and not source.first_reading_counts:
            return 0
        name = LEAD_CHANGES if stream.kind == "delta" else LEAD_CHANGES_BULK
        return sum(
            send_leads(self.queue, name, dict.fromkeys(_ids(stream, columns, page)), cause="poll", table=table)
            for table, columns in source.ways.items()
        )

    def _is_worth_saving(self, stream: Stream, queued: int) -> bool:
        """A quiet delta is not: the old link leads to the same, until it is a day old."""
        if stream.kind != "delta" or stream.cursor is not None or queued:
            return True
        return stream.saved_on is None or self.clock() - stream.saved_on >= LINK_AGE_MAX


def beginning(source: Source, stored: Stream | None) -> Stream:
    """Where to go on: from the cursor, from the link, or from the start where neither will do."""
    if stored is None:
        return Stream(source.stream, source.columns_hash)
    if stored.columns_hash != source.columns_hash or (stored.cursor is None and stored.delta_link is None):
        return replace(stored, columns_hash=source.columns_hash, kind="resync", rows=0, cursor=None, delta_link=None)
    return stored if stored.cursor is not None else replace(stored, kind="delta", rows=0)


def interaction_source(query: InteractionQuery) -> Source:
    """A table of interactions: its rows lead to leads, and to the contacts of leads."""
    ways = {Lead.TABLE: _values(query.leads), Contact.TABLE: _values(query.contacts)}
    columns = (query.row_id, *ways[Lead.TABLE], *ways[Contact.TABLE])
    stream = f"changes-{query.table.replace('_', '-')}"
    return Source(stream, query.entity_set, columns, {table: found for table, found in ways.items() if found})


def _values(lookups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"_{lookup}_value" for lookup in lookups)


def _ids(stream: Stream, columns: tuple[str, ...], page: ChangePage) -> Iterator[UUID]:
    """What the changed rows name; of a whole table of leads the open ones, and what is deleted concerns nobody."""
    for row in page.changed:
        if stream.kind == "delta" or row.get(Lead.STATE, Lead.OPEN) == Lead.OPEN:
            yield from (UUID(str(row[column])) for column in columns if row[column])
