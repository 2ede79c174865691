"""The contact that a lead is already: looked for by a column that both share, before QualifyLead would make another."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from connector.tables import ACTIVE, Contact
from dataverse import DataverseClient, query
from dataverse.odata import all_of, eq

ENOUGH = 2
"""Two are as ambiguous as more."""


def matching_contacts(
    client: DataverseClient, asked: Mapping[UUID, Mapping[str, str]]
) -> dict[UUID, dict[str, Sequence[UUID]]]:
    """By lead and column, the active contacts (at most two) that have the lead's value; `asked` gives those values.

    It is asked inside a batch, even for one: a value such as a mail address belongs into no URL.
    """
    places = [(lead, column) for lead, values in asked.items() for column in values]
    requests = [
        query(
            Contact.SET,
            select=[Contact.ID],
            filter=all_of(eq(column, asked[lead][column]), eq("statecode", ACTIVE)),
            top=ENOUGH,
        )
        for lead, column in places
    ]
    found: dict[UUID, dict[str, Sequence[UUID]]] = {}
    for (lead, column), result in zip(places, client.batch(requests), strict=True):
        found.setdefault(lead, {})[column] = [UUID(str(row[Contact.ID])) for row in result.response.rows]
    return found
