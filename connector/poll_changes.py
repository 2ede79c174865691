"""Polling: what no webhook told of is found here, so that no change is lost.

Leads at every tick; what leads hang on, at the first tick of each quarter of an hour. Which quarter it was is kept by
the process and not in Dataverse: a quiet tick writes nothing, and a process that is new asks once more than it must.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from connector.follow import Follower
from connector.left_over import queue_left_over
from connector.live_versions import LiveVersions
from connector.ports import Clock, Queue
from connector.settings import Mode
from connector.sources import LEADS, Source, other_sources
from connector.table_sizes import ROWS_MAX, TableSizes
from connector.telemetry import Event, log_event
from dataverse import DataverseClient, DataverseError, PermanentError

TICK_S = 240
"""Four fifths of the five minutes that a function has."""

OTHERS_EVERY_S = 900
PAGE_SIZE = 5_000


@dataclass(slots=True)
class PollChanges:
    """Follows leads and the tables that live models reach, those of more than `rows_max` rows by watermark; and looks
    after models and rules besides.
    """

    client: DataverseClient
    versions: LiveVersions
    queue: Queue
    clock: Clock
    mode: Mode
    tick_s: float = TICK_S
    page_size: int = PAGE_SIZE
    rows_max: int = ROWS_MAX
    _sizes: TableSizes = field(init=False)
    _quarters: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Remember for the life of the process what needs no asking again."""
        self._sizes = TableSizes(self.client, self.clock, self.rows_max)

    def tick(self) -> int:
        """How many rows were queued; the next tick begins where the last save of each stream was.

        A fault of the moment ends the tick. One of a table alone (no privilege, no such column) is raised at the end,
        when the others have been followed.
        """
        if self.mode == "off":
            return 0
        until = self.clock() + timedelta(seconds=self.tick_s)
        if self.mode == "live":
            queue_left_over(self.client, self.queue)
        follower = Follower(self.client, self.queue, self.clock, self._sizes, self.page_size)
        queued, faults = 0, list[DataverseError]()
        for source in self._due():
            try:
                progress = follower.follow(source, until)
            except PermanentError as error:
                log_event(Event.NOT_FOLLOWED, logging.ERROR, stream=source.stream, error=str(error))
                faults.append(error)
                continue
            queued += progress.queued
            if progress.is_finished:
                self._quarters[source.stream] = self._quarter()
        if faults:
            raise faults[0]
        return queued

    def _due(self) -> Iterator[Source]:
        yield LEADS
        quarter = self._quarter()
        for source in other_sources(self.versions.now().reach):
            if self._quarters.get(source.stream) != quarter:
                yield source

    def _quarter(self) -> int:
        return int(self.clock().timestamp() // OTHERS_EVERY_S)
