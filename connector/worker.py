"""The queue functions' work: messages in, leads scored, what could not be done queued again or set aside.

A message is one of three things: done (all its leads are settled), put off (a successor waits in the queue), or set
aside (poison, with a reason code). An exception reaches the host only when the queue itself fails, and then the host
keeps the message.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.backoff import wait_s
from connector.errors import IncompleteError, MessageError, VersionError
from connector.live_versions import LiveVersions
from connector.messages import IDS_MAX, POISON, RowChanges, poison_text, read_message
from connector.outcome import Outcome
from connector.ports import Queue, Random
from connector.related import open_leads_of
from connector.score_leads import LeadScoring
from connector.settings import Mode
from connector.tables import Lead
from dataverse import DataverseClient, DataverseError

TAKEN_MAX = 31
LEASE_S = 600
OFF_WAIT_S = 60

_log = logging.getLogger("leadgate")
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

    def work(self, text: str, queue: str) -> None:
        """Do the message `text` of `queue`, and with it those that wait behind it."""
        if self.mode == "off":
            self.queue.send(queue, text, delay_s=OFF_WAIT_S)
            return
        taken = self.queue.take(queue, at_most=TAKEN_MAX, lease_s=LEASE_S)
        messages = [*self._readable(text, queue), *(m for each in taken for m in self._readable(each.text, queue))]
        for changes in _merged(messages):
            if changes.table == Lead.TABLE:
                self._score(changes, queue)
            else:
                self._look_up_leads(changes, queue)
        for message in taken:
            self.queue.delete(message)

    def _readable(self, text: str, queue: str) -> Iterator[RowChanges]:
        try:
            yield read_message(text)
        except MessageError as error:
            _log.error("message set aside: %s", error.reason)
            self.queue.send(queue + POISON, json.dumps({"v": 1, "reason": error.reason, "length": len(text)}))

    def _score(self, changes: RowChanges, queue: str) -> None:
        try:
            outcome = self.scoring.score(changes.ids, self.versions.now(), changes.correlation)
        except _PUT_OFF as error:
            _log.warning("%d leads put off: %s", len(changes.ids), error)
            outcome = Outcome(again=list(changes.ids), retry_after_s=getattr(error, "retry_after_s", None))
        self._put_off(changes, outcome.again, queue, outcome.retry_after_s)
        for reason, ids in outcome.refused.items():
            _log.error("%d leads set aside: %s", len(ids), reason)
            self.queue.send(queue + POISON, poison_text(changes, tuple(ids), reason))
        _log.info(
            "scored: done=%d held=%d written=%d qualified=%d again=%d refused=%d",
            outcome.done,
            outcome.held,
            outcome.written,
            outcome.qualified,
            len(outcome.again),
            sum(map(len, outcome.refused.values())),
        )

    def _look_up_leads(self, changes: RowChanges, queue: str) -> None:
        """Queue the leads of other rows as messages of their own."""
        try:
            leads = list(dict.fromkeys(open_leads_of(self.client, changes.table, changes.ids)))
        except _PUT_OFF as error:
            _log.warning("%d rows of %s put off: %s", len(changes.ids), changes.table, error)
            self._put_off(changes, changes.ids, queue, getattr(error, "retry_after_s", None))
            return
        send_leads(self.queue, queue, leads, cause=changes.cause)

    def _put_off(self, changes: RowChanges, ids: Sequence[UUID], queue: str, retry_after_s: float | None) -> None:
        if ids:
            successor = changes.successor(tuple(ids))
            self.queue.send(queue, successor.text(), delay_s=wait_s(changes.attempt, retry_after_s, self.random))


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
    """The same work in as few messages as hold it: each row once, the most tried attempt kept."""
    for table in dict.fromkeys(message.table for message in messages):
        alike = [message for message in messages if message.table == table]
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
