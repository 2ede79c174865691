"""Delivers committed changes to the registered endpoints, as the asynchronous service of Dataverse does."""

import threading
from collections import deque
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

import requests

from emulator.web_api import Metadata, RowEvent, Step
from emulator.webhooks.body import Organization
from emulator.webhooks.delivery import TIMEOUT_S, Outcome, deliver
from emulator.webhooks.errors import NotDrainedError


class Registry(Protocol):
    """What the sender asks of the Web API: who wants to hear, what the columns are, and to note how it went."""

    @property
    def metadata(self) -> Metadata: ...

    def steps_for(self, event: RowEvent) -> list[Step]: ...

    def record_system_job(
        self, event: RowEvent, step: Step, *, succeeded: bool, message: str | None = None
    ) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class WebhookCounts:
    """Deliveries that were accepted, that were given up, and that took a second attempt."""

    sent: int = 0
    failed: int = 0
    retried: int = 0

    def plus(self, outcome: Outcome) -> "WebhookCounts":
        return WebhookCounts(
            self.sent + outcome.delivered, self.failed + (not outcome.delivered), self.retried + (outcome.attempts == 2)
        )


class WebhookSender:
    """Takes row events and posts them from `workers` threads, roughly in order; with `shuffle`, in any order.

    Give `on_event` to the emulator's listeners. What is still waiting at `close` is never sent, as in a crash.
    """

    def __init__(
        self,
        registry: Registry,
        organization: Organization,
        *,
        workers: int = 4,
        shuffle: Random | None = None,
        repeat_after_s: float = 1.0,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._registry = registry
        self._organization = organization
        self._shuffle = shuffle
        self._repeat_after_s = repeat_after_s
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[RowEvent, Step]] = deque()
        self._under_way = 0
        self._closed = False
        self._counts = WebhookCounts()
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"webhook-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def counts(self) -> WebhookCounts:
        with self._changed:
            return self._counts

    def on_event(self, event: RowEvent) -> None:
        """Queues one delivery for each step that is registered now; returns at once."""
        deliveries = [(event, step) for step in self._registry.steps_for(event)]
        with self._changed:
            self._waiting.extend(deliveries)
            self._changed.notify_all()

    def drain(self, timeout_s: float) -> None:
        """Waits until nothing is waiting or under way; raises NotDrainedError."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._waiting and not self._under_way, timeout_s):
                raise NotDrainedError(len(self._waiting) + self._under_way, timeout_s)

    def close(self) -> None:
        """Lets deliveries under way end, drops the others, ends the threads."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (delivery := self._next()) is not None:
                self._deliver(session, *delivery)

    def _next(self) -> tuple[RowEvent, Step] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            if self._shuffle is not None:
                self._waiting.rotate(self._shuffle.randrange(len(self._waiting)))
            self._under_way += 1
            return self._waiting.popleft()

    def _deliver(self, session: requests.Session, event: RowEvent, step: Step) -> None:
        outcome = None
        try:
            outcome = deliver(
                session,
                event,
                step,
                self._registry.metadata,
                self._organization,
                repeat_after_s=self._repeat_after_s,
                timeout_s=self._timeout_s,
            )
            self._registry.record_system_job(event, step, succeeded=outcome.delivered, message=outcome.failure)
        finally:
            with self._changed:
                self._under_way -= 1
                self._counts = self._counts if outcome is None else self._counts.plus(outcome)
                self._changed.notify_all()
