"""Comparing leads with what is stored of them, a page at a time: which leads there are to compare, and what differs.

Two sweeps see everything: all open leads, and the score rows of leads that are not open and yet are active or due. A
thousand leads cost five requests, and four more for each table of interactions that is counted by the leads' contacts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from connector.deciding import decide_all
from connector.drift import Difference, differences
from connector.live_versions import InForce
from connector.tables import ACTIVE, Lead, LeadScore
from dataverse import DataverseClient, Request, query
from dataverse.odata import all_of, any_of, eq, ne
from scoring import ScoringError

PAGE_SIZE: Final = 1_000
READ_AT_ONCE: Final = 250
"""The ids of so many contacts still fit into the URL of one query, by three lookups at once."""

Sweep = Literal["open-leads", "ended-rows"]
SWEEPS: Final[tuple[Sweep, ...]] = ("open-leads", "ended-rows")

_LEAD = f"_{LeadScore.LEAD}_value"
_ID: Final[Mapping[Sweep, str]] = {"open-leads": Lead.ID, "ended-rows": _LEAD}


@dataclass(frozen=True, slots=True)
class Page:
    """Leads to compare, each once, and the link to those after them; one whose rows are on two pages is on both."""

    ids: tuple[UUID, ...]
    next_link: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """How many leads were compared, what differs by lead, and the leads that cannot be scored at all."""

    leads: int
    differing: Mapping[UUID, tuple[Difference, ...]]
    unscorable: tuple[UUID, ...] = ()


def lead_pages(
    client: DataverseClient, sweep: Sweep, since: str | None = None, page_size: int = PAGE_SIZE
) -> Iterator[Page]:
    """The pages of a sweep, from its beginning or from a link that an earlier page gave; read as they are asked for."""
    first = _query(sweep, page_size)
    for page in client.pages(first if since is None else client.linked(since, first)):
        ids = dict.fromkeys(UUID(str(row[_ID[sweep]])) for row in page.rows)
        link = page.row.get("@odata.nextLink")
        yield Page(tuple(ids), None if link is None else str(link))


def compare(in_force: InForce, ids: Sequence[UUID], at: datetime, in_flight: timedelta) -> Compared:
    """Read the leads and say what differs; a lead that is gone is as it should be. Writes nothing."""
    differing: dict[UUID, tuple[Difference, ...]] = {}
    unscorable: list[UUID] = []
    leads = 0
    for first in range(0, len(ids), READ_AT_ONCE):
        for look, verdict in decide_all(in_force, in_force.reader.read(ids[first : first + READ_AT_ONCE]).values(), at):
            leads += 1
            if isinstance(verdict, ScoringError):
                unscorable.append(look.lead_id)
            elif found := differences(verdict, look, in_force.live, in_flight):
                differing[look.lead_id] = found
    return Compared(leads, differing, tuple(unscorable))


def _query(sweep: Sweep, page_size: int) -> Request:
    if sweep == "open-leads":
        return query(Lead.SET, select=[Lead.ID], filter=eq(Lead.STATE, Lead.OPEN), page_size=page_size)
    still_says = any_of(eq("statecode", ACTIVE), ne(LeadScore.RESCORE_ON, None))
    ended = all_of(ne(f"{LeadScore.LEAD}/{Lead.STATE}", Lead.OPEN), still_says)
    return query(LeadScore.SET, select=[_LEAD], filter=ended, page_size=page_size)
