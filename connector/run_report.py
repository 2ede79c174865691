"""What is told of the worker's runs: counts for the metrics, one line a run, and one alarm for each new reason."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from connector import telemetry as names
from connector.errors import MessageError, QueueError
from connector.messages import RowChanges
from connector.outcome import Outcome
from connector.ports import Clock, TakenMessage
from connector.telemetry import Event, Telemetry, log_event

ALARM_EVERY = timedelta(hours=1)
REASONS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class RunReport:
    """Tells of runs; a thousand leads that are refused for one reason are one alarm an hour, not a thousand."""

    telemetry: Telemetry
    clock: Clock
    _alarmed: dict[str, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def began(self, queue: str, messages: int) -> None:
        """The worker took so many messages together."""
        self.telemetry.consumed.add(messages, _of(queue))

    def ended(self, queue: str, began: datetime, error: Exception | None = None) -> None:
        """The run is over, by an exception if one is given."""
        attributes = _of(queue) | ({names.ERROR_TYPE: type(error).__name__} if error else {})
        self.telemetry.processing.record((self.clock() - began).total_seconds(), attributes)

    def settled(self, messages: list[TakenMessage]) -> None:
        """All leads of these messages are settled, none was put off."""
        now = self.clock()
        for message in messages:
            if message.inserted_on is not None:
                waited_s = max((now - message.inserted_on).total_seconds(), 0.0)
                self.telemetry.latency.record(waited_s, {names.QUEUE: message.queue})

    def seen(self, changes: RowChanges) -> None:
        """A message is worked on; one that was tried before has been counted then."""
        if changes.attempt == 0:
            self.telemetry.changes.add(len(changes.ids), {names.CAUSE: changes.cause})

    def scored(self, changes: RowChanges, outcome: Outcome, queue: str) -> None:
        """What became of the leads of one call."""
        told, cause = self.telemetry, {names.CAUSE: changes.cause}
        told.done.add(outcome.done)
        told.held.add(outcome.held)
        told.written.add(outcome.written, cause)
        told.qualified.add(outcome.qualified, cause)
        for reason, count in outcome.again_by.items():
            told.put_off.add(count, {names.REASON: reason})
        for reason, ids in outcome.refused.items():
            self._refused(reason, len(ids), queue, changes.correlation)
        log_event(
            Event.SCORED,
            cause=changes.cause,
            done=outcome.done,
            held=outcome.held,
            written=outcome.written,
            qualified=outcome.qualified,
            again=len(outcome.again),
            refused=sum(map(len, outcome.refused.values())),
            correlation=changes.correlation,
        )

    def put_off(self, changes: RowChanges, error: Exception) -> None:
        """A fault that concerns them all puts these rows off."""
        reason, rows = type(error).__name__, len(changes.ids)
        self.telemetry.put_off.add(rows, {names.REASON: reason})
        log_event(
            Event.PUT_OFF,
            logging.WARNING,
            table=changes.table,
            rows=rows,
            reason=reason,
            error=str(error),
            correlation=changes.correlation,
        )

    def kept(self, rows: int, messages: int, queue: str) -> None:
        """So many rows wait in fewer messages until Dataverse answers again."""
        self.telemetry.put_off.add(rows, {names.REASON: "breaker-open"})
        log_event(Event.KEPT, queue=queue, rows=rows, messages=messages)

    def queue_failed(self, error: QueueError, queue: str, call: str) -> None:
        """The queue did not do what could as well be left undone."""
        log_event(Event.QUEUE_FAILED, logging.WARNING, queue=queue, call=call, error=str(error))

    def unreadable(self, error: MessageError, queue: str) -> None:
        """A message is not one of ours."""
        log_event(Event.MESSAGE_REFUSED, logging.WARNING, queue=queue, reason=error.reason)
        self._alarm(error.reason, queue)

    def _refused(self, reason: str, leads: int, queue: str, correlation: str) -> None:
        self.telemetry.refused.add(leads, {names.REASON: reason})
        log_event(Event.SET_ASIDE, logging.WARNING, queue=queue, reason=reason, leads=leads, correlation=correlation)
        self._alarm(reason, queue)

    def _alarm(self, reason: str, queue: str) -> None:
        with self._lock:
            now, last = self.clock(), self._alarmed.get(reason)
            if last is not None and now - last < ALARM_EVERY:
                return
            if len(self._alarmed) >= REASONS_MAX:
                self._alarmed.clear()
            self._alarmed[reason] = now
        log_event(Event.NEW_REASON, logging.ERROR, queue=queue, reason=reason)


def _of(queue: str) -> dict[str, str]:
    return {names.SYSTEM: "azure_queue_storage", names.OPERATION: "process", names.QUEUE: queue}
