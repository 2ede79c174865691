"""From rows that leads hang on (contacts, interactions) to the leads themselves."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from connector.tables import Contact, Lead, LeadInteraction
from dataverse import DataverseClient, query
from dataverse.odata import all_of, eq, in_

_LOOKUPS = (f"_{LeadInteraction.LEAD}_value", f"_{LeadInteraction.CONTACT}_value")


def open_leads_of(client: DataverseClient, table: str, ids: Sequence[UUID]) -> Iterator[UUID]:
    """The open leads that the rows `ids` of `table` concern; rows that are gone concern none."""
    if table == LeadInteraction.TABLE:
        rows = list(client.rows(query(LeadInteraction.SET, select=_LOOKUPS, filter=in_(LeadInteraction.ID, ids))))
        leads, contacts = ([UUID(str(row[lookup])) for row in rows if row[lookup]] for lookup in _LOOKUPS)
        yield from leads
        if contacts:
            yield from open_leads_of(client, Contact.TABLE, contacts)
    if table == Contact.TABLE:
        of_contacts = all_of(in_(Lead.CONTACT, ids), eq(Lead.STATE, Lead.OPEN))
        for row in client.rows(query(Lead.SET, select=[Lead.ID], filter=of_contacts)):
            yield UUID(str(row[Lead.ID]))


def all_open_leads(client: DataverseClient, page_size: int) -> Iterator[UUID]:
    """Every open lead, read page by page."""
    open_only = query(Lead.SET, select=[Lead.ID], filter=eq(Lead.STATE, Lead.OPEN), page_size=page_size)
    for row in client.rows(open_only):
        yield UUID(str(row[Lead.ID]))
