"""What would be decided of every open lead, page by page: nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.compare_leads import READ_AT_ONCE, lead_pages
from connector.deciding import Verdict, decide_all
from connector.live_versions import InForce
from connector.look import Look
from dataverse import DataverseClient

PAGE_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """One page of open leads with what would be decided, and the link to the next page (None: this was the last)."""

    leads: tuple[tuple[Look, Verdict], ...]
    next_link: str | None


def open_leads_decided(
    client: DataverseClient, in_force: InForce, at: datetime, *, link: str | None = None, page_size: int = PAGE_SIZE
) -> Iterator[PreviewPage]:
    """Every open lead under what is (or might be) in force, from the page that `link` leads to."""
    for page in lead_pages(client, "open-leads", link, page_size):
        yield PreviewPage(tuple(_decided(in_force, page.ids, at)), page.next_link)


def _decided(in_force: InForce, ids: tuple[UUID, ...], at: datetime) -> Iterator[tuple[Look, Verdict]]:
    for first in range(0, len(ids), READ_AT_ONCE):
        looks = in_force.reader.read(ids[first : first + READ_AT_ONCE]).values()
        yield from decide_all(in_force, looks, at)
