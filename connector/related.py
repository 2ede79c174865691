"""From rows that leads hang on (accounts, contacts, interactions) to the open leads themselves, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.messages import RowChanges
from connector.queries import InteractionQuery
from connector.reach import Reach
from connector.tables import Lead
from dataverse import DataverseClient, Request, Row, page, query
from dataverse.odata import all_of, any_of, eq, in_

PAGE_SIZE = 1_000
"""Leads of one look: 20 messages, whatever hangs on one account."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """Leads to look at, contacts whose leads are to be looked at, and the link to more leads where there are more."""

    leads: tuple[UUID, ...] = ()
    contacts: tuple[UUID, ...] = ()
    next_link: str | None = None


def concerned(client: DataverseClient, reach: Reach, changes: RowChanges) -> Concerned:
    """Whom the rows of a message concern, by what live models need; rows that are gone or not needed concern nobody."""
    leads: dict[UUID, None] = {}
    contacts: dict[UUID, None] = {}
    next_link = None
    interactions = reach.interactions.get(changes.table)
    if interactions is not None and changes.after is None:
        rows = list(client.rows(_rows(interactions, changes.ids)))
        leads |= dict.fromkeys(_values(rows, interactions.leads))
        contacts |= dict.fromkeys(_values(rows, interactions.contacts))
    if lookups := reach.lookups_to(changes.table):
        found = page(client, _open_leads(lookups, changes.ids), changes.after)
        leads |= dict.fromkeys(UUID(str(row[Lead.ID])) for row in found.rows)
        next_link = found.next_link
    return Concerned(tuple(leads), tuple(contacts), next_link)


def all_open_leads(client: DataverseClient, page_size: int) -> Iterator[UUID]:
    """Every open lead, read page by page."""
    open_only = query(Lead.SET, select=[Lead.ID], filter=eq(Lead.STATE, Lead.OPEN), page_size=page_size)
    for row in client.rows(open_only):
        yield UUID(str(row[Lead.ID]))


def _rows(interactions: InteractionQuery, ids: Sequence[UUID]) -> Request:
    lookups = [f"_{lookup}_value" for lookup in (*interactions.leads, *interactions.contacts)]
    return query(interactions.entity_set, select=lookups, filter=in_(interactions.row_id, ids))


def _open_leads(lookups: Sequence[str], ids: Sequence[UUID]) -> Request:
    pointing = any_of(*(in_(lookup, ids) for lookup in lookups))
    open_only = all_of(pointing, eq(Lead.STATE, Lead.OPEN))
    return query(Lead.SET, select=[Lead.ID], filter=open_only, orderby=[Lead.ID], page_size=PAGE_SIZE)


def _values(rows: Sequence[Row], lookups: Sequence[str]) -> Iterator[UUID]:
    for row in rows:
        yield from (UUID(str(row[f"_{lookup}_value"])) for lookup in lookups if row[f"_{lookup}_value"])
