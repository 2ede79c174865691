"""Putting a version in force, and ending one: a single write each, after which all open leads are looked at again.

A row that asks for it by its Status Reason keeps that until its leads are queued, and then becomes Live or Stopped:
whoever is interrupted in between is followed by another who finds it asking still.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.changeset import bind
from connector.drafts import Draft, write_together
from connector.ids import version_id
from connector.live_versions import CACHE_S
from connector.messages import LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.related import all_open_leads
from connector.tables import ACTIVE, INACTIVE, Lifecycle, PublishedVersion, ScoringModel
from connector.versions import Kind, current_version, end_version, new_version, publisher_of, version_text
from connector.worker import send_leads
from dataverse import AlreadyExistsError, DataverseClient, Request, query, update
from dataverse.odata import eq

RESCORE_DELAY_S = 2 * CACHE_S
"""Two cache lifetimes: by then no worker holds the versions from before."""

PAGE_SIZE = 5000

_ERROR_DETAILS_MAX = 100_000
_ASKING = (Lifecycle.PUBLISHING, Lifecycle.STOPPING)
_IN_FORCE: Mapping[str, object] = {"statecode": ACTIVE, "statuscode": Lifecycle.LIVE}
_STOPPED: Mapping[str, object] = {"statecode": INACTIVE, "statuscode": Lifecycle.STOPPED}
_CLEARED: Mapping[str, object] = {ScoringModel.UNPUBLISHED_CHANGES: False, ScoringModel.ERROR_DETAILS: None}


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication or a stop did: the version in force (None: none), and how many open leads were queued."""

    name: str
    number: int | None
    changed: bool
    leads_queued: int


@dataclass(frozen=True, slots=True)
class Publications:
    """Writes versions, puts them in force and ends them."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    rescore_delay_s: float = RESCORE_DELAY_S

    def in_force_already(self, draft: Draft, kind: Kind, text: str) -> Publication | None:
        """What is in force, if it says the same; its leads are queued again: a publication can be repeated."""
        current = current_version(self.client, draft)
        if not draft.is_live or current is None or current.text != text:
            return None
        return self._done(draft, kind, _IN_FORCE, current.number, changed=False)

    def write_version(self, draft: Draft, kind: Kind, number: int, text: str) -> None:
        """Write a version that is not in force yet; AlreadyExistsError when one of this number says something else."""
        try:
            self.client.send(self._version(draft, kind, number, text))
        except AlreadyExistsError:
            if version_text(self.client, version_id(draft.row_id, number)) != text:
                raise

    def put_in_force(
        self, draft: Draft, kind: Kind, number: int, text: str, *, is_written: bool = False
    ) -> Publication:
        """In one changeset: the version, the row that names it, and the end of the version before."""
        named = bind(ScoringModel.CURRENT_VERSION, PublishedVersion.SET, version_id(draft.row_id, number))
        state = {} if draft.status == Lifecycle.PUBLISHING else _IN_FORCE
        requests = [
            *([] if is_written else [self._version(draft, kind, number, text)]),
            update_draft(draft, kind, {**_CLEARED, **state, **named}),
            *([end_version(draft.version_id)] if draft.version_id is not None and draft.names_a_version else []),
        ]
        write_together(self.client, requests)
        return self._done(draft, kind, _IN_FORCE, number, changed=True)

    def stop(self, draft: Draft, kind: Kind) -> Publication:
        """End what is in force; what it did stands."""
        is_asked = draft.status == Lifecycle.STOPPING
        if draft.version_id is not None and draft.names_a_version:
            state = {} if is_asked else _STOPPED
            ended = update_draft(draft, kind, {**_CLEARED, **state})
            write_together(self.client, [ended, end_version(draft.version_id)])
        elif not is_asked:
            return Publication(draft.name, None, changed=False, leads_queued=0)
        return self._done(draft, kind, _STOPPED, None, changed=True)

    def refuse(self, draft: Draft, kind: Kind, problems: Sequence[str]) -> None:
        """Give a row that asked back the Status Reason it came from, with all that speaks against its wish."""
        status = Lifecycle.LIVE if draft.names_a_version else Lifecycle.DRAFT
        self.put_back(draft, kind, ACTIVE, status, error_details(problems))

    def put_back(self, draft: Draft, kind: Kind, state: int, status: int, text: str) -> None:
        """Write another Status Reason than people did, and why."""
        changes = {"statecode": state, "statuscode": status, ScoringModel.ERROR_DETAILS: text}
        self.client.send(update_draft(draft, kind, changes))

    def _done(
        self, draft: Draft, kind: Kind, state: Mapping[str, object], number: int | None, *, changed: bool
    ) -> Publication:
        """Queue the open leads, and only then say in a row that asked that it is done."""
        queued = self.queue_open_leads("stop" if number is None else "publish")
        if draft.status in _ASKING:
            self._answer(draft, kind, {**_CLEARED, **state})
        return Publication(draft.name, number, changed=changed, leads_queued=queued)

    def _answer(self, draft: Draft, kind: Kind, state: Mapping[str, object]) -> None:
        """Unless somebody has asked for something else meanwhile."""
        own = query(kind.entity_set, select=["statuscode"], filter=eq(kind.row_id, draft.row_id))
        for row in self.client.rows(own):
            if row["statuscode"] == draft.status:
                self.client.send(update(kind.entity_set, str(draft.row_id), state, etag=str(row["@odata.etag"])))

    def _version(self, draft: Draft, kind: Kind, number: int, text: str) -> Request:
        return new_version(kind, draft, number, text, self.clock(), publisher_of(self.client, draft))

    def queue_open_leads(self, cause: str) -> int:
        """Have every open lead looked at when no worker holds the versions from before; how many there are."""
        leads = all_open_leads(self.client, PAGE_SIZE)
        return send_leads(self.queue, LEAD_CHANGES_BULK, leads, cause=cause, delay_s=self.rescore_delay_s)


def update_draft(draft: Draft, kind: Kind, changes: Mapping[str, object]) -> Request:
    """A change of the row itself, guarded by what was read."""
    return update(kind.entity_set, str(draft.row_id), changes, etag=str(draft.row["@odata.etag"]))


def error_details(problems: Sequence[str]) -> str:
    """One problem a line, cut to what the column of error details holds: Dataverse counts UTF-16 units."""
    text = "\n".join(problems)
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * _ERROR_DETAILS_MAX:
        return text
    return units[: 2 * (_ERROR_DETAILS_MAX - 1)].decode("utf-16-le", "ignore") + "…"
