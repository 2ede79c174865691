"""How many messages wait, and for how long: looked at by a timer, so that one process of many tells of it."""

import logging
from dataclasses import dataclass
from typing import Final

from connector import telemetry as names
from connector.errors import QueueError
from connector.lifecycle_message import LIFECYCLE
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.ports import Clock, Queue
from connector.telemetry import Event, Telemetry, log_event

QUEUES: Final = (LEAD_CHANGES, LEAD_CHANGES_BULK, LIFECYCLE)


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at every queue and its poison queue; one that does not answer is told and does not end the look."""

    queue: Queue
    clock: Clock
    telemetry: Telemetry

    def look(self) -> None:
        """Record lengths and ages, and log them in one line a queue."""
        for name in QUEUES:
            try:
                self._look_at(name)
            except QueueError as error:
                log_event(Event.QUEUES, logging.ERROR, queue=name, error=str(error))

    def _look_at(self, name: str) -> None:
        waiting, poison = self.queue.waiting(name), self.queue.waiting(name + POISON)
        inserted_on = self.queue.oldest(name)
        age_s = 0.0 if inserted_on is None else max((self.clock() - inserted_on).total_seconds(), 0.0)
        self.telemetry.waiting.set(waiting, {names.QUEUE: name})
        self.telemetry.waiting.set(poison, {names.QUEUE: name + POISON})
        self.telemetry.oldest_age.set(age_s, {names.QUEUE: name})
        log_event(Event.QUEUES, queue=name, waiting=waiting, poison=poison, oldest_age_s=age_s)
