"""The life cycle of models and rules: what people ask for by a Status Reason is done, or refused in the row.

Level-triggered like all the rest: a message says "look at this model", and what is to be done is decided from the row
as it is then. So duplicates, old messages and two functions at once do no harm: each write is guarded by the ETag that
was read, and a conflict means to read again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from connector.backoff import wait_s
from connector.drafts import Draft, model_with_id, rule_with_id
from connector.errors import IncompleteError, MessageError, PublicationError, VersionError
from connector.existing_leads import Scan
from connector.lifecycle_message import LIFECYCLE, PARENTS, LifecycleMessage, read_lifecycle_message
from connector.lifecycle_step import PutBack, next_step
from connector.messages import POISON, unreadable_text
from connector.ports import Random
from connector.publication import Publication, update_draft
from connector.publish import Publisher
from connector.settings import Mode
from connector.tables import ScoringModel
from connector.telemetry import Event, log_event
from connector.unpublished import has_unpublished_changes
from connector.versions import MODEL, RULE, Kind, current_version
from connector.worker import LEASE_S, OFF_WAIT_S, TAKEN_MAX
from dataverse import (
    AlreadyExistsError,
    ConflictError,
    DataverseClient,
    DataverseError,
    NotFoundError,
    PermanentError,
    query,
)
from dataverse.odata import eq

TIME_S: Final = 240
"""Four fifths of the five minutes that a function has."""

ROUNDS: Final = 4
"""How often a row that changes under our hands is read again at once."""

_READ_AGAIN = (ConflictError, AlreadyExistsError, NotFoundError)
_KINDS: dict[str, tuple[Kind, Callable[[DataverseClient, UUID], Draft | None]]] = {
    MODEL.table: (MODEL, model_with_id),
    RULE.table: (RULE, rule_with_id),
}


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Publishes, stops and puts back models and rules as their rows ask, and marks those whose draft has moved on."""

    publisher: Publisher
    random: Random
    mode: Mode
    time_s: float = TIME_S

    def work(self, text: str) -> None:
        """Do the message `text`, and with it those that wait behind it; what there is no time for is queued again."""
        queue = self.publisher.queue
        if self.mode == "off":
            queue.send(LIFECYCLE, text, delay_s=OFF_WAIT_S)
            return
        until = self.publisher.clock() + timedelta(seconds=self.time_s)
        taken = queue.take(LIFECYCLE, at_most=TAKEN_MAX, lease_s=LEASE_S)
        messages = [message for each in (text, *(each.text for each in taken)) for message in self._readable(each)]
        for message in _each_once(messages):
            if self.publisher.clock() >= until:
                queue.send(LIFECYCLE, message.text())
            else:
                self._settle(message, until)
        for each in taken:
            queue.delete(each)

    def _readable(self, text: str) -> Iterator[LifecycleMessage]:
        try:
            yield read_lifecycle_message(text)
        except MessageError as error:
            log_event(Event.MESSAGE_REFUSED, logging.WARNING, queue=LIFECYCLE, reason=error.reason)
            self.publisher.queue.send(LIFECYCLE + POISON, unreadable_text(text, error.reason))

    def _settle(self, message: LifecycleMessage, until: datetime) -> None:
        """Bring the row to where it should be, or queue a successor that does."""
        delay_s, successor = 0.0, message.again()
        for _ in range(ROUNDS):
            try:
                scan = self._look(message, until)
            except _READ_AGAIN:
                delay_s = wait_s(message.attempt, None, self.random)
                continue
            except PermanentError as error:
                # Nothing is set aside: the row says for itself that it waits, and each poll looks for such rows.
                _tell(message.table, message.id, "failed", logging.ERROR, error=str(error))
                return
            except (DataverseError, VersionError, IncompleteError) as error:
                _tell(message.table, message.id, "put-off", logging.WARNING, error=str(error))
                delay_s = wait_s(message.attempt, getattr(error, "retry_after_s", None), self.random)
                break
            if scan is None:
                return
            delay_s, successor = 0.0, message.going_on(scan)
            break
        self.publisher.queue.send(LIFECYCLE, successor.text(), delay_s=delay_s)

    def _look(self, message: LifecycleMessage, until: datetime) -> Scan | None:
        """Do what the row asks for now; the scan to go on from when the time was up before that was done."""
        client = self.publisher.client
        owner = owner_of(client, message.table, message.id)
        if owner is None:
            return None
        kind, read = _KINDS[owner[0]]
        draft = read(client, owner[1])
        if draft is None:
            return None
        step = next_step(draft.row)
        if self.mode != "live":
            _tell(kind.table, draft.row_id, "held")
            return None
        if step == "publish":
            return self._publish(draft, kind, message.scan or Scan(), until)
        if step == "stop":
            self._try(draft, kind, lambda: self._stop(draft, kind))
        elif isinstance(step, PutBack):
            self._put_back(draft, kind, step)
        else:
            self._mark(draft, kind)
        return None

    def _publish(self, draft: Draft, kind: Kind, scan: Scan, until: datetime) -> Scan | None:
        if kind == MODEL:
            return self._try(draft, kind, lambda: self.publisher.publish_model_draft(draft))
        return self._try(draft, kind, lambda: self.publisher.publish_rule_draft(draft, scan, until=until))

    def _stop(self, draft: Draft, kind: Kind) -> Publication:
        publisher = self.publisher
        return publisher.stop_model_draft(draft) if kind == MODEL else publisher.stop_rule_draft(draft)

    def _try(self, draft: Draft, kind: Kind, act: Callable[[], Publication | Scan]) -> Scan | None:
        """What `act` does, or its refusal in the row: all that its author or the admin can mend."""
        try:
            done = act()
        except PublicationError as error:
            self._refuse(draft, kind, error.problems)
        except (VersionError, PermanentError) as error:
            self._refuse(draft, kind, [str(error)])
        else:
            if isinstance(done, Scan):
                _tell(kind.table, draft.row_id, "scanning", seen=done.seen, met=done.met)
                return done
            outcome = "stopped" if done.number is None else "published"
            _tell(kind.table, draft.row_id, outcome, version=done.number or 0, leads=done.leads_queued)
        return None

    def _refuse(self, draft: Draft, kind: Kind, problems: Sequence[str]) -> None:
        _tell(kind.table, draft.row_id, "refused", logging.WARNING, problems=len(problems))
        self.publisher.publications.refuse(draft, kind, problems)

    def _put_back(self, draft: Draft, kind: Kind, step: PutBack) -> None:
        publications = self.publisher.publications
        if step.was_in_force:
            publications.queue_open_leads("put-back")
        publications.put_back(draft, kind, step.state, step.status, step.text)
        _tell(kind.table, draft.row_id, "put-back", logging.WARNING, status=step.status)

    def _mark(self, draft: Draft, kind: Kind) -> None:
        """Say in the row whether its draft says something else than what is in force."""
        version = current_version(self.publisher.client, draft) if draft.is_live else None
        if version is None:
            return
        differs = has_unpublished_changes(draft, kind, version.text)
        if differs != bool(draft.row[ScoringModel.UNPUBLISHED_CHANGES]):
            changes = {ScoringModel.UNPUBLISHED_CHANGES: differs}
            self.publisher.client.send(update_draft(draft, kind, changes))


def owner_of(client: DataverseClient, table: str, row_id: UUID) -> tuple[str, UUID] | None:
    """The model or rule that a row is a part of, or is; None when the row is gone."""
    while table in PARENTS:
        lookup, above = PARENTS[table]
        # Sets are named after their tables: `leadgate provision` stops where one is not.
        rows = client.rows(query(f"{table}s", select=[f"_{lookup}_value"], filter=eq(f"{table}id", row_id)))
        value = next((row[f"_{lookup}_value"] for row in rows), None)
        if value is None:
            return None
        table, row_id = above, UUID(str(value))
    return table, row_id


def _each_once(messages: Sequence[LifecycleMessage]) -> Iterator[LifecycleMessage]:
    """One message of those that name the same row: the one whose scan has come furthest."""
    by_row: dict[tuple[str, UUID], LifecycleMessage] = {}
    for message in messages:
        known = by_row.get((message.table, message.id))
        if known is None or _seen(message) > _seen(known):
            by_row[message.table, message.id] = message
    yield from by_row.values()


def _seen(message: LifecycleMessage) -> int:
    return -1 if message.scan is None else message.scan.seen


def _tell(table: str, row_id: UUID, outcome: str, level: int = logging.INFO, **fields: str | int) -> None:
    """One line about a model or rule; never what it says, which its author may have meant for few."""
    log_event(Event.LIFECYCLE, level, table=table, row=str(row_id), outcome=outcome, **fields)
