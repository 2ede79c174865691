"""The queue functions' work: messages in, leads scored, what could not be done queued again or set aside.

A message is one of four things: done (all its leads are settled), put off (a successor waits in the queue), kept (the
same, because Dataverse is not asked while the breaker is open), or set aside (poison, with a reason code). An exception
reaches the host only for a defect or when the queue itself fails, and then the host keeps its message and the others
are given back.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.backoff import wait_s
from connector.breaker import Breaker
from connector.errors import IncompleteError, MessageError, QueueError, VersionError
from connector.live_versions import LiveVersions
from connector.messages import (
    IDS_MAX,
    LEAD_CHANGES_BULK,
    POISON,
    RowChanges,
    poison_text,
    read_message,
    unreadable_text,
)
from connector.ports import Clock, Queue, Random, TakenMessage
from connector.related import concerned
from connector.run_report import RunReport
from connector.score_leads import LeadScoring
from connector.settings import Mode
from connector.tables import Contact, Lead
from connector.telemetry import Event, log_event
from dataverse import DataverseClient, DataverseError

TAKEN_MAX = 31
KEPT_MAX = 16 * TAKEN_MAX
"""So many more messages are merged into few when they are only kept: it costs no request to Dataverse."""

LEASE_S = 600
OFF_WAIT_S = 60

_PUT_OFF = (DataverseError, VersionError, IncompleteError)
"""Faults that are raised concern everything that waits, not one lead: nothing is burned, it is tried again later."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Takes lead changes off one queue: one at a time when quiet, up to 32 messages together when busy."""

    client: DataverseClient
    versions: LiveVersions
    scoring: LeadScoring
    queue: Queue
    random: Random
    mode: Mode
    breaker: Breaker
    report: RunReport
    clock: Clock

    def work(self, text: str, queue: str, inserted_on: datetime | None = None) -> None:
        """Do the message `text` of `queue`, queued at `inserted_on`, and with it those that wait behind it."""
        if self.mode == "off":
            self.queue.send(queue, text, delay_s=OFF_WAIT_S)
            return
        began, taken = self.clock(), list[TakenMessage]()
        try:
            self._work(TakenMessage(queue, text, "", "", inserted_on), taken)
            self._forget(taken)
        except Exception as error:
            self._give_back(taken, queue, error)
            self.report.ended(queue, began, error)
            raise
        self.report.ended(queue, began)

    def _work(self, first: TakenMessage, taken: list[TakenMessage]) -> None:
        """Do what `first` asks and what is taken with it; `taken` says at any moment what that is."""
        queue, admitted = first.queue, self.breaker.admits()
        for batch in self._batches(queue, TAKEN_MAX if admitted else KEPT_MAX):
            taken += batch
        self.report.began(queue, 1 + len(taken))
        messages = [m for each in (first, *taken) for m in self._readable(each.text, queue)]
        if not admitted:
            self._keep(list(_merged(messages)), queue)
            return
        for changes in messages:
            self.report.seen(changes)
        if self._do(list(_merged(messages)), queue):
            self.report.settled([first, *taken])

    def _batches(self, queue: str, at_most: int) -> Iterator[Sequence[TakenMessage]]:
        for _ in range(at_most // TAKEN_MAX):
            try:
                batch = self.queue.take(queue, at_most=TAKEN_MAX, lease_s=LEASE_S)
            except QueueError as error:  # what waits can wait; what is here need not
                self.report.queue_failed(error, queue, "take")
                return
            yield batch
            if len(batch) < TAKEN_MAX:
                return

    def _do(self, pages: Sequence[RowChanges], queue: str) -> bool:
        """Do the pages until the breaker opens, and keep the rest; whether all of their leads are settled."""
        settled = True
        for number, changes in enumerate(pages):
            settled &= self._score(changes, queue) if changes.table == Lead.TABLE else self._look_up(changes, queue)
            if self.breaker.is_open:
                self._keep(pages[number + 1 :], queue)
                return False
        return settled

    def _readable(self, text: str, queue: str) -> Iterator[RowChanges]:
        try:
            yield read_message(text)
        except MessageError as error:
            self.report.unreadable(error, queue)
            self.queue.send(queue + POISON, unreadable_text(text, error.reason))

    def _score(self, changes: RowChanges, queue: str) -> bool:
        try:
            outcome = self.scoring.score(changes.ids, self.versions.now(), changes.correlation)
        except _PUT_OFF as error:
            self._fault(changes, error, queue)
            return False
        self.breaker.succeeded(of_leads=True)
        self._put_off(changes, outcome.again, queue, outcome.retry_after_s)
        for reason, ids in outcome.refused.items():
            self.queue.send(queue + POISON, poison_text(changes, tuple(ids), reason))
        self.report.scored(changes, outcome, queue)
        return not outcome.again

    def _look_up(self, changes: RowChanges, queue: str) -> bool:
        """Queue a page of the leads of other rows as messages of their own; those of the next page may wait."""
        try:
            found = concerned(self.client, self.versions.now().reach, changes)
        except _PUT_OFF as error:
            self._fault(changes, error, queue)
            return False
        self.breaker.succeeded(of_leads=False)
        send_leads(self.queue, queue, found.leads, cause=changes.cause)
        send_leads(self.queue, queue, found.contacts, cause=changes.cause, table=Contact.TABLE)
        if found.next_link is not None:
            self.queue.send(LEAD_CHANGES_BULK, changes.next_page(found.next_link).text())
        return True

    def _fault(self, changes: RowChanges, error: Exception, queue: str) -> None:
        """The rows of `changes` could not even be read: they wait, and the breaker learns of it."""
        self.breaker.failed(error, of_leads=changes.table == Lead.TABLE)
        self.report.put_off(changes, error)
        retry_after_s: float | None = getattr(error, "retry_after_s", None)
        if self.breaker.is_open:
            delay_s = max(self.breaker.kept_for_s(), wait_s(0, retry_after_s or 0.0, self.random))
            self.queue.send(queue, changes.text(), delay_s=delay_s)
        else:
            self._put_off(changes, changes.ids, queue, retry_after_s)

    def _put_off(self, changes: RowChanges, ids: Sequence[UUID], queue: str, retry_after_s: float | None) -> None:
        if ids:
            successor = changes.successor(tuple(ids))
            self.queue.send(queue, successor.text(), delay_s=wait_s(changes.attempt, retry_after_s, self.random))

    def _keep(self, pages: Sequence[RowChanges], queue: str) -> None:
        """Queue the pages as they are: no try is counted, because none was made."""
        for changes in pages:
            self.queue.send(queue, changes.text(), delay_s=self.breaker.kept_for_s())
        if pages:
            self.report.kept(sum(len(changes.ids) for changes in pages), len(pages), queue)

    def _forget(self, taken: Sequence[TakenMessage]) -> None:
        """Delete what is done; what is not deleted comes again after its lease, and finds nothing to do.

        The first failure ends it: a queue that does not answer takes its time to say so, for each message anew.
        """
        try:
            for message in taken:
                self.queue.delete(message)
        except QueueError as error:
            self.report.queue_failed(error, message.queue, "delete")

    def _give_back(self, taken: Sequence[TakenMessage], queue: str, error: Exception) -> None:
        """Make what was taken visible at once; what cannot be given back comes back when its lease ends."""
        with suppress(QueueError):
            for message in taken:
                self.queue.release(message)
        log_event(Event.GIVEN_BACK, logging.ERROR, queue=queue, messages=len(taken), reason=type(error).__name__)


def send_leads(
    queue: Queue, name: str, leads: Iterable[UUID], *, cause: str, table: str = Lead.TABLE, delay_s: float = 0
) -> int:
    """Queue "look at these leads" (or at the leads of these rows of `table`), 50 to a message; how many were queued."""
    sent = 0
    for page in _pages(leads, IDS_MAX):
        queue.send(name, RowChanges(table=table, ids=page, cause=cause).text(), delay_s=delay_s)
        sent += len(page)
    return sent


def _merged(messages: Sequence[RowChanges]) -> Iterator[RowChanges]:
    """The same work in as few messages as hold it: each row once, the most tried attempt kept.

    One that goes on with a page stays as it is: its link is that of its own rows.
    """
    yield from (message for message in messages if message.after is not None)
    beginning = [message for message in messages if message.after is None]
    for table in dict.fromkeys(message.table for message in beginning):
        alike = [message for message in beginning if message.table == table]
        attempt = max(message.attempt for message in alike)
        for page in _pages(dict.fromkeys(row_id for message in alike for row_id in message.ids), IDS_MAX):
            yield alike[0].model_copy(update={"ids": page, "attempt": attempt})


def _pages(ids: Iterable[UUID], size: int) -> Iterator[tuple[UUID, ...]]:
    page: list[UUID] = []
    for row_id in ids:
        page.append(row_id)
        if len(page) == size:
            yield tuple(page)
            page = []
    if page:
        yield tuple(page)
