"""What the timers do: each tick respects the breaker, ends quietly in an outage, and is counted by how it ended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from connector import telemetry as names
from connector.breaker import Breaker, weight
from connector.poll_changes import PollChanges
from connector.ports import Clock
from connector.reconcile import Reconcile
from connector.rescore_due import RescoreDue
from connector.telemetry import Event, Telemetry, log_event
from connector.watch import Watch
from dataverse import DataverseError

POLL_CHANGES: Final = "poll_changes"
RESCORE_DUE: Final = "rescore_due"
RECONCILE: Final = "reconcile"

_Done = TypeVar("_Done")


@dataclass(slots=True)
class Ticks:
    """The timers of one process; a fault of the moment is left to the next tick, every other one reaches the host."""

    poll_changes: PollChanges
    rescore_due: RescoreDue
    reconcile: Reconcile
    watch: Watch
    breaker: Breaker
    telemetry: Telemetry
    clock: Clock
    _followed_on: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was followed yet: the age of the changes begins with the process."""
        self._followed_on = self.clock()

    def poll(self) -> None:
        """Queue what change tracking says has changed."""
        if self.run(POLL_CHANGES, self.poll_changes.tick) is not None:
            self._followed_on = self.clock()
        self.telemetry.delta_age.set((self.clock() - self._followed_on).total_seconds())

    def due(self) -> None:
        """Look at the queues, and queue the leads whose score time alone has changed."""
        self.watch.look()
        queued = self.run(RESCORE_DUE, self.rescore_due.tick)
        if queued is not None:
            self.telemetry.due.add(queued)
            log_event(Event.DUE_QUEUED, leads=queued)

    def compare(self) -> None:
        """Hold what is stored against what is computed; the drift of a run is told when the run is done."""
        run = self.run(RECONCILE, self.reconcile.tick)
        if run is not None and run.is_done:
            self.telemetry.drift.set(run.drifted)

    def run(self, timer: str, tick: Callable[[], _Done]) -> _Done | None:
        """What the tick returns; None when Dataverse is not asked now, or failed as a whole."""
        if not self.breaker.admits():
            self._ended(timer, "skipped")
            log_event(Event.TICK_SKIPPED, timer=timer)
            return None
        try:
            done = tick()
        except DataverseError as error:
            self.breaker.failed(error, of_leads=False)
            self._ended(timer, "aborted")
            log_event(Event.TICK_ABORTED, logging.WARNING, timer=timer, reason=type(error).__name__, error=str(error))
            if weight(error) == 0:
                raise
            return None
        self.breaker.succeeded(of_leads=False)
        self._ended(timer, "done")
        return done

    def _ended(self, timer: str, outcome: str) -> None:
        self.telemetry.ticks.add(1, {names.TIMER: timer, names.OUTCOME: outcome})
