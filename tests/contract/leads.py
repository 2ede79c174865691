"""Rows for tests at odatapy; each test has a campaign of its own, so that it finds only its own rows."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from dataverse import DataverseClient, Filter, Request, create, query
from dataverse.odata import all_of, eq


@dataclass(frozen=True)
class Campaign:
    """The leads of one test."""

    client: DataverseClient
    id: UUID = field(default_factory=uuid4)

    def new_lead(self, lastname: str = "Durand", **columns: object) -> UUID:
        """A row that is there."""
        request, lead = self.creation(lastname, **columns)
        self.client.send(request)
        return lead

    def creation(self, lastname: str = "Durand", **columns: object) -> tuple[Request, UUID]:
        """What would create a row, and its id."""
        lead = uuid4()
        row = {"leadid": str(lead), "lastname": lastname, "campaignid": str(self.id), **columns}
        return create("leads", row, id_column="leadid"), lead

    def query(self, condition: Filter | None = None, **options: Any) -> Request:
        """A query for rows of this campaign."""
        mine = eq("campaignid", self.id)
        options.setdefault("select", ["leadid", "lastname"])
        return query("leads", filter=all_of(mine, condition) if condition else mine, **options)

    def names(self, condition: Filter | None = None, **options: Any) -> list[object]:
        """The last names that a query finds, in its order."""
        return [row["lastname"] for row in self.client.rows(self.query(condition, **options))]
