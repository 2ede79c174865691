"""Putting a version in force, and ending one: a single write each, after which all open leads are looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.changeset import bind
from connector.drafts import Draft, write_together
from connector.ids import version_id
from connector.live_versions import CACHE_S
from connector.messages import LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.related import all_open_leads
from connector.tables import ACTIVE, INACTIVE, Lifecycle, PublishedVersion, ScoringModel
from connector.versions import Kind, current_version, end_version, new_version, publisher_of
from connector.worker import send_leads
from dataverse import AlreadyExistsError, DataverseClient, Request, update

RESCORE_DELAY_S = 2 * CACHE_S
"""Two cache lifetimes: by then no worker holds the versions from before."""

PAGE_SIZE = 5000


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

    def in_force_already(self, draft: Draft, text: str) -> Publication | None:
        """What is in force, if it says the same; its leads are queued again: a publication can be repeated."""
        current = current_version(self.client, draft)
        if not draft.is_live or current is None or current.text != text:
            return None
        return Publication(draft.name, current.number, changed=False, leads_queued=self._queue_open_leads("publish"))

    def write_version(self, draft: Draft, kind: Kind, number: int, text: str) -> None:
        """Write a version that is not in force yet; one of this number that is there already stays."""
        try:
            self.client.send(self._version(draft, kind, number, text))
        except AlreadyExistsError:
            return

    def put_in_force(
        self, draft: Draft, kind: Kind, number: int, text: str, *, is_written: bool = False
    ) -> Publication:
        """In one changeset: the version, the row that names it, and the end of the version before."""
        in_force = {
            "statecode": ACTIVE,
            "statuscode": Lifecycle.LIVE,
            ScoringModel.UNPUBLISHED_CHANGES: False,
            ScoringModel.ERROR_DETAILS: None,
            **bind(ScoringModel.CURRENT_VERSION, PublishedVersion.SET, version_id(draft.row_id, number)),
        }
        before = draft.version_id
        requests = [
            *([] if is_written else [self._version(draft, kind, number, text)]),
            update_draft(draft, kind, in_force),
            *([] if before is None else [end_version(before)]),
        ]
        write_together(self.client, requests)
        return Publication(draft.name, number, changed=True, leads_queued=self._queue_open_leads("publish"))

    def stop(self, draft: Draft, kind: Kind) -> Publication:
        """End what is in force; what it did stands."""
        if not draft.is_live:
            return Publication(draft.name, None, changed=False, leads_queued=0)
        ended = {"statecode": INACTIVE, "statuscode": Lifecycle.STOPPED, ScoringModel.ERROR_DETAILS: None}
        version = [] if draft.version_id is None else [end_version(draft.version_id)]
        write_together(self.client, [update_draft(draft, kind, ended), *version])
        return Publication(draft.name, None, changed=True, leads_queued=self._queue_open_leads("stop"))

    def _version(self, draft: Draft, kind: Kind, number: int, text: str) -> Request:
        return new_version(kind, draft, number, text, self.clock(), publisher_of(self.client, draft))

    def _queue_open_leads(self, cause: str) -> int:
        leads = all_open_leads(self.client, PAGE_SIZE)
        return send_leads(self.queue, LEAD_CHANGES_BULK, leads, cause=cause, delay_s=self.rescore_delay_s)


def update_draft(draft: Draft, kind: Kind, changes: Mapping[str, object]) -> Request:
    """A change of the row itself, guarded by what was read."""
    return update(kind.entity_set, str(draft.row_id), changes, etag=str(draft.row["@odata.etag"]))
