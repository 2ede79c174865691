"""What would be decided of every open lead, page by page: nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.deciding import Verdict, decide_all
from connector.live_versions import InForce
from connector.look import Look
from connector.messages import IDS_MAX
from connector.tables import Lead
from dataverse import DataverseClient, query
from dataverse.odata import eq

PAGE_SIZE = 500
_OPEN = query(Lead.SET, select=[Lead.ID], filter=eq(Lead.STATE, Lead.OPEN), page_size=PAGE_SIZE)


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """One page of open leads with what would be decided, and the link to the next page (None: this was the last)."""

    leads: tuple[tuple[Look, Verdict], ...]
    next_link: str | None


def open_leads_decided(
    client: DataverseClient, in_force: InForce, at: datetime, *, link: str | None = None
) -> Iterator[PreviewPage]:
    """Every open lead under what is (or might be) in force, from the page that `link` leads to."""
    first = _OPEN if link is None else client.linked(link, _OPEN)
    for response in client.pages(first):
        ids = [UUID(str(row[Lead.ID])) for row in response.rows]
        leads = [
            pair
            for start in range(0, len(ids), IDS_MAX)
            for pair in _decided(client, in_force, ids[start : start + IDS_MAX], at)
        ]
        next_link = response.row.get("@odata.nextLink")
        yield PreviewPage(tuple(leads), None if next_link is None else str(next_link))


def _decided(
    client: DataverseClient, in_force: InForce, ids: list[UUID], at: datetime
) -> Iterator[tuple[Look, Verdict]]:
    return decide_all(client, in_force.reader.read(ids).values(), in_force.live, at, {})
