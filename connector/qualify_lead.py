"""QualifyLead as a request: Dataverse creates contact, account and opportunity of a lead, and closes it.

Source: the Web API action QualifyLead (dataverse.md 2.2).
"""

from uuid import UUID

from connector.decision import Action
from connector.tables import Lead
from dataverse import Request

ACTIONS_MAX = 5
"""So many of them go in one batch: each creates up to three rows, with all that hangs on them."""

READ_TIMEOUT_S = 120.0
ALREADY_CLOSED = "0x80040519"


def qualify_lead(lead_id: UUID, action: Action) -> Request:
    """The bound action; a second one on the same lead is refused, because the first has closed it."""
    body: dict[str, object] = {
        "CreateContact": action.contact,
        "CreateAccount": action.account,
        "CreateOpportunity": action.opportunity,
        "Status": action.status,
    }
    if action.currency is not None:
        body["OpportunityCurrencyId"] = _named("transactioncurrency", action.currency)
    if action.customer_account is not None:
        body["OpportunityCustomerId"] = _named("account", action.customer_account)
    elif action.customer_contact is not None:
        body["OpportunityCustomerId"] = _named("contact", action.customer_contact)
    path = f"{Lead.SET}({lead_id})/Microsoft.Dynamics.CRM.QualifyLead"
    # Behind the guarded write of the lead in its changeset, or on a lead that is closed by then: no second execution.
    return Request("POST", path, body=body, repeatable=True)


def _named(table: str, row_id: UUID) -> dict[str, object]:
    return {f"{table}id": str(row_id), "@odata.type": f"Microsoft.Dynamics.CRM.{table}"}
