"""Following one table: reading on from where its stream stands, and keeping how far only for what is queued.

A link that expired, or one taken for other columns, means reading the whole table again, page by page; it goes on at
the next tick where the time of this one ran out. A table that is too large for that is followed by watermark.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.sources import Source
from connector.standing import beginning, is_of_everything, is_under_way, is_worth_saving, watermarked, whole
from connector.sync_state import Stream, read_stream, save_stream
from connector.table_sizes import TableSizes
from connector.tables import Lead
from connector.telemetry import Event, log_event
from connector.watermark import Watermark, modified_rows, read_watermark
from connector.worker import send_leads
from dataverse import AlreadyExistsError, ConflictError, DataverseClient, ExpiredDeltaError, Row, changes


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows were queued, and whether the reading came to its end."""

    queued: int
    is_finished: bool = True


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows tables, one call at a time; a fault is raised, and the next call begins where the last save was."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    sizes: TableSizes
    page_size: int

    def follow(self, source: Source, until: datetime) -> Progress:
        """Queue what changed since the last call, up to the page during which `until` comes."""
        try:
            progress = self._follow(source, until)
        except (ConflictError, AlreadyExistsError):
            log_event(Event.ANOTHER_POLLER, logging.WARNING, stream=source.stream)
            progress = Progress(0)
        log_event(Event.FOLLOWED, stream=source.stream, queued=progress.queued)
        return progress

    def _follow(self, source: Source, until: datetime) -> Progress:
        stored = read_stream(self.client, source.stream)
        now = self.clock()
        stream = beginning(source, stored, now, lambda: self._by_watermark(source))
        if stored is None and stream.kind == "watermark":
            save_stream(self.client, stream)
            return Progress(0)
        try:
            return self._read(source, stream, now, until)
        except ExpiredDeltaError:
            log_event(Event.LINK_EXPIRED, logging.WARNING, stream=source.stream)
            # Read once more: pages may have been saved before one of them was refused.
            stored = read_stream(self.client, source.stream) or stream
            return self._read(source, whole(source, stored, lambda: self._by_watermark(source)), now, until)

    def _read(self, source: Source, stream: Stream, now: datetime, until: datetime) -> Progress:
        queued = 0
        for rows, following in self._steps(source, stream, now):
            queued += self._queue(source, stream, rows)
            before, stream = stream, replace(following, etag=stream.etag, saved_on=stream.saved_on)
            if is_worth_saving(before, stream, queued, self.clock()):
                stream = save_stream(self.client, stream)
            if is_under_way(stream) and self.clock() >= until:
                return Progress(queued, is_finished=False)
        return Progress(queued)

    def _by_watermark(self, source: Source) -> bool:
        return not source.is_leads and self.sizes.by_watermark(source.table)

    def _steps(self, source: Source, stream: Stream, now: datetime) -> Iterator[tuple[Sequence[Row], Stream]]:
        """Pages of rows, each with the stream as it stands once the page is queued."""
        if stream.kind == "watermark":
            mark = read_watermark(stream.cursor)
            for rows, kept in modified_rows(self.client, source, mark, now, self.page_size):
                stream = watermarked(stream, kept, rows=stream.rows + len(rows))
                yield rows, stream
            return
        is_whole = stream.kind == "delta" and stream.cursor is None
        since = stream.cursor or stream.delta_link
        for page in changes(
            self.client, source.entity_set, select=source.columns, since=since, page_size=self.page_size
        ):
            stream = replace(
                stream,
                cursor=page.next_link,
                delta_link=page.delta_link or stream.delta_link,
                rows=stream.rows + len(page.changed),
            )
            if is_whole and page.next_link is None and self._by_watermark(source):
                # It has grown too large; all that changed before this reading began is queued with its last page.
                stream = watermarked(stream, Watermark(now))
            yield page.changed, stream

    def _queue(self, source: Source, stream: Stream, rows: Sequence[Row]) -> int:
        if stream.kind == "first" and not source.is_leads:
            return 0
        # More than a page is no edit of a person: an import, and what is edited meanwhile must not wait behind it.
        name = LEAD_CHANGES_BULK if is_of_everything(stream) or is_under_way(stream) else LEAD_CHANGES
        return sum(
            send_leads(self.queue, name, dict.fromkeys(_ids(stream, columns, rows)), cause="poll", table=table)
            for table, columns in source.ways.items()
        )


def _ids(stream: Stream, columns: tuple[str, ...], rows: Sequence[Row]) -> Iterator[UUID]:
    """What the changed rows name; what is deleted concerns nobody.

    Of the first reading of leads only the open ones: nothing is stored of any yet. Later a closed one may have closed
    unseen, and its score must end.
    """
    for row in rows:
        if stream.kind != "first" or row.get(Lead.STATE, Lead.OPEN) == Lead.OPEN:
            yield from (UUID(str(row[column])) for column in columns if row[column])
