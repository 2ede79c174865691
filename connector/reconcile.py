"""The nightly comparison of everything: stored against computed, and what differs is queued for the worker to repair.

A difference is drift only when it is still there `IN_FLIGHT` later: by then a webhook, a poll or a look for what is
due would have mended it. Leads that differ are therefore kept as suspects, and looked at a second time. A run goes on
tick after tick; how far it has come is all that is written (`lgate_syncstate`), after what it found is queued.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from connector.compare_leads import Page, compare, lead_pages
from connector.drift import Difference
from connector.live_versions import LiveVersions
from connector.messages import LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.reconcile_run import Run, read_run
from connector.rescore_due import WAITING_MAX
from connector.settings import Mode
from connector.sync_state import Stream, read_stream, save_stream
from connector.worker import send_leads
from dataverse import AlreadyExistsError, ConflictError, DataverseClient, PermanentError

STREAM: Final = "reconcile"
CAUSE: Final = "reconcile"
TICK_S: Final = 240
"""Four fifths of the five minutes that a function has."""

IN_FLIGHT: Final = timedelta(minutes=20)
"""Longer than a webhook, the slowest poll (15 minutes) and a look for what is due take together."""

REST: Final = timedelta(hours=20)
"""From the beginning of one run to that of the next at least: one run a night, however often the timer ticks."""

SUSPECTS_MAX: Final = 2_000
"""More leads than this do not differ because their messages are on the way: the rest is drift at first sight."""

AGAIN_AT_ONCE: Final = 250

_log = logging.getLogger("leadgate")


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Compares all leads with what is stored of them: one run a night, in ticks that fit a function's time."""

    client: DataverseClient
    versions: LiveVersions
    queue: Queue
    clock: Clock
    mode: Mode
    tick_s: float = TICK_S

    def tick(self) -> Run | None:
        """The run as it then stands; None when none is to go on with, or while a long backlog is being worked off.

        A fault ends the tick, and the next one goes on from this one's last save.
        """
        if self.mode == "off" or self.queue.waiting(LEAD_CHANGES_BULK) > WAITING_MAX:
            return None
        stream = read_stream(self.client, STREAM) or Stream(STREAM, columns_hash="")
        run = self._begun(read_run(stream.cursor))
        return None if run.is_done else self._go_on(run, stream)

    def _begun(self, stored: Run | None) -> Run:
        if stored is None or (stored.is_done and self.clock() - stored.begun_on >= REST):
            return Run(begun_on=self.clock())
        return stored

    def _go_on(self, begun: Run, stream: Stream) -> Run | None:
        run = begun
        until = self.clock() + timedelta(seconds=self.tick_s)
        try:
            for run in self._steps(begun):
                stream = save_stream(self.client, replace(stream, cursor=run.model_dump_json(), rows=run.leads))
                if run.is_done or self.clock() >= until:
                    break
        except (ConflictError, AlreadyExistsError):
            _log.warning("reconcile: another one is at it")
            return None
        except PermanentError:
            # It may be the link that is refused: the next tick begins anew instead of failing there for ever.
            save_stream(self.client, replace(stream, cursor=None))
            raise
        _tell(run)
        return run

    def _steps(self, run: Run) -> Iterator[Run]:
        """The run after each page, and after each part of the second look; none while that has to wait."""
        while (sweep := run.sweep) is not None:
            for page in lead_pages(self.client, sweep, run.link):
                run = self._compared(run, page)
                yield run
        while run.suspected_on is not None and run.suspects and self.clock() - run.suspected_on >= IN_FLIGHT:
            run = self._looked_again(run)
            yield run

    def _compared(self, run: Run, page: Page) -> Run:
        at = self.clock()
        found = compare(self.versions.now(), page.ids, at, IN_FLIGHT)
        ids, room = tuple(found.differing), SUSPECTS_MAX - len(run.suspects)
        run = self._repaired(run, {lead: found.differing[lead] for lead in ids[room:]})
        return run.swept(page.next_link, found, ids[:room], at)

    def _looked_again(self, run: Run) -> Run:
        suspects = run.suspects[:AGAIN_AT_ONCE]
        found = compare(self.versions.now(), suspects, self.clock(), IN_FLIGHT)
        return self._repaired(run, found.differing).without_suspects(len(suspects))

    def _repaired(self, run: Run, differing: Mapping[UUID, Sequence[Difference]]) -> Run:
        """Queued before it is counted and saved; in a dry run it is counted alone."""
        queued = send_leads(self.queue, LEAD_CHANGES_BULK, differing, cause=CAUSE) if self.mode == "live" else 0
        return run.confirmed(differing, queued)


def _tell(run: Run) -> None:
    counts = " ".join(f"{name}={number}" for name, number in run.counts().items())
    level = logging.WARNING if run.drifted or run.unscorable else logging.INFO
    _log.log(level, "reconcile: %s %s", "done" if run.is_done else run.sweep or "second-look", counts)
