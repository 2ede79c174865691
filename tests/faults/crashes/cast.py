"""The leads of one round, and the webhooks that tell of them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from connector.bootstrap import App
from connector.decide_scores import instant
from connector.tables import Lead, LeadInteraction
from dataverse import create, delete
from tests.faults.crashes.checker import WINDOW


@dataclass(frozen=True, slots=True)
class Cast:
    """Three leads that webhooks tell of, one that only the poll finds, and one that is gone before anybody looks."""

    qualified: UUID
    contested: UUID
    visitor: UUID
    unannounced: UUID
    gone: UUID
    webhooks: tuple[bytes, ...]

    @property
    def announced(self) -> tuple[UUID, ...]:
        """The leads of the webhooks, in their order."""
        return (self.qualified, self.contested, self.visitor, self.gone)

    @property
    def leads(self) -> tuple[UUID, ...]:
        """Those that exist."""
        return (self.qualified, self.contested, self.visitor, self.unannounced)


def gather(app: App) -> Cast:
    """Of 110 points; of 100 until somebody adds a phone; with a visit of the contact; with a visit about to expire."""
    contact, visit = uuid4(), uuid4()
    app.client.send(create("contacts", {"contactid": str(contact), "lastname": "Durand"}, id_column="contactid"))
    qualified = new_lead(app, jobtitle="Directrice", telephone1="+33 4 72 00 00 00")
    contested = new_lead(app, jobtitle="CEO")
    visitor = new_lead(app, **{"parentcontactid@odata.bind": f"/contacts({contact})"})
    _visit(app, visit, f"{LeadInteraction.CONTACT}@odata.bind", f"/contacts({contact})", timedelta(days=1))
    unannounced = new_lead(app, telephone1="1")
    about_to_expire = WINDOW - timedelta(seconds=1)
    _visit(app, uuid4(), f"{LeadInteraction.LEAD}@odata.bind", f"/leads({unannounced})", about_to_expire)
    gone = new_lead(app, jobtitle="CEO", telephone1="1")
    app.client.send(delete(Lead.SET, str(gone), etag="*"))
    attributes = [{"key": LeadInteraction.CONTACT, "value": {"Id": str(contact)}}]
    target = {"key": "Target", "value": {"Attributes": attributes}}
    webhooks = (
        webhook(app, Lead.TABLE, qualified),
        webhook(app, Lead.TABLE, contested),
        webhook(app, LeadInteraction.TABLE, visit, InputParameters=[target]),
        webhook(app, Lead.TABLE, gone),
    )
    return Cast(qualified, contested, visitor, unannounced, gone, webhooks)


def new_lead(app: App, **columns: object) -> UUID:
    """A lead that somebody enters."""
    lead = uuid4()
    app.client.send(create(Lead.SET, {Lead.ID: str(lead), "lastname": "Durand", **columns}, id_column=Lead.ID))
    return lead


def webhook(app: App, table: str, row: UUID, **members: object) -> bytes:
    """The body that tells of a change of the row."""
    context = {"OrganizationId": str(app.settings.organization_id), "PrimaryEntityName": table, **members}
    return json.dumps({**context, "PrimaryEntityId": str(row)}).encode()


def _visit(app: App, visit: UUID, column: str, reached: str, age: timedelta) -> None:
    row = {LeadInteraction.ID: str(visit), LeadInteraction.OCCURRED_ON: instant(app.clock() - age), column: reached}
    app.client.send(create(LeadInteraction.SET, row, id_column=LeadInteraction.ID))
