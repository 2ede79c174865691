"""QualifyLead: creates contact, account and opportunity as asked, and closes the lead.

The columns carried over are those of Dynamics' standard mappings, as far as both tables have them here. A lead that has
a parent contact or account keeps it, and no second one is created.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from emulator.web_api.arguments import boolean, require_only, row_of, whole_number
from emulator.web_api.catalogue import target_column
from emulator.web_api.environment import Call, Environment
from emulator.web_api.errors import BadRequestError, RowNotFoundError, StatusError, UnsupportedError
from emulator.web_api.http import Response
from emulator.web_api.metadata import Table
from emulator.web_api.payload import read_json
from emulator.web_api.representation import answer, row_json
from emulator.web_api.rows import Row
from emulator.web_api.writes import create_row, update_row

_ACTION = "QualifyLead"
_QUALIFIED = 1
_PARAMETERS = frozenset(
    {"CreateAccount", "CreateContact", "CreateOpportunity", "Status", "OpportunityCurrencyId", "OpportunityCustomerId"}
    | {"SourceCampaignId", "ProcessInstanceId", "SuppressDuplicateDetection"}
)
_OWNER = ("ownerid", target_column("ownerid"))
_ADDRESS = tuple(
    f"address1_{part}"
    for part in ("line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country", "county", "telephone1")
)
_REACHED_BY = ("emailaddress1", "emailaddress2", "emailaddress3", "telephone1", "telephone2", "telephone3", "fax")
_CONSENT = ("donotemail", "donotbulkemail", "donotphone", "donotfax", "donotpostalmail", "donotsendmm")
_SHARED = (*_OWNER, *_ADDRESS, *_REACHED_BY, *_CONSENT, "description", "websiteurl", "transactioncurrencyid")
_CONTACT = (
    "firstname",
    "middlename",
    "lastname",
    "salutation",
    "jobtitle",
    "mobilephone",
    "preferredcontactmethodcode",
)
_ACCOUNT = ("industrycode", "numberofemployees", "revenue")
_OPPORTUNITY = (*_OWNER, "description", "transactioncurrencyid", "campaignid", "estimatedclosedate")


def qualify_lead(environment: Environment, call: Call, lead: Row) -> Response:
    """The bound action: what was created; 0x80040519 when the lead is closed."""
    call.address.refuse_options_but()
    body = read_json(call.request, _ACTION)
    require_only(_ACTION, body, _PARAMETERS)
    table = environment.metadata.table("lead")
    status = whole_number(_ACTION, body, "Status")
    wanted = {
        kind: boolean(_ACTION, body, f"Create{kind.capitalize()}") for kind in ("account", "contact", "opportunity")
    }
    if body.get("ProcessInstanceId") is not None:
        raise UnsupportedError("ProcessInstanceId of QualifyLead")
    if body.get("SuppressDuplicateDetection") is not None and not boolean(_ACTION, body, "SuppressDuplicateDetection"):
        raise UnsupportedError("duplicate detection (SuppressDuplicateDetection: false)")
    if lead["statecode"] != 0:
        raise BadRequestError("The lead is already closed.", "0x80040519")
    _require_qualified(table, status, lead)
    changes = _create(environment, call, lead, body, wanted)
    created = [(kind, changes[lookup]) for kind, lookup in _LOOKUPS.items() if lookup in changes]
    update_row(environment, call, table, lead, {**changes, "statecode": _QUALIFIED, "statuscode": status})
    context = call.url("$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)")
    value = [_shown(environment, kind, str(row_id)) for kind, row_id in created]
    return answer(200, {"@odata.context": context, "value": value})


_LOOKUPS = {"account": "parentaccountid", "contact": "parentcontactid", "opportunity": "qualifyingopportunityid"}


def _require_qualified(table: Table, status: int, lead: Row) -> None:
    option = table.columns["statuscode"].option(status)
    if option is None or option.state != _QUALIFIED:
        raise StatusError(table.schema_name, status, "Qualified", str(lead["leadid"]))


def _create(
    environment: Environment, call: Call, lead: Row, body: Mapping[str, Any], wanted: Mapping[str, bool]
) -> Row:
    """Create what is wanted; the lookups of the lead that follow."""
    changes: Row = {}
    if wanted["account"] and lead["parentaccountid"] is None:
        changes["parentaccountid"] = _created(environment, call, "account", _account(lead))
    if wanted["contact"] and lead["parentcontactid"] is None:
        account = changes.get("parentaccountid", lead["parentaccountid"])
        changes["parentcontactid"] = _created(environment, call, "contact", _contact(lead, account))
    if wanted["opportunity"]:
        opportunity = _opportunity(environment, body, {**lead, **changes})
        changes["qualifyingopportunityid"] = _created(environment, call, "opportunity", opportunity)
    return changes


def _created(environment: Environment, call: Call, kind: str, row: Row) -> str:
    table = environment.metadata.table(kind)
    row_id = uuid4()
    known: Row = {
        name: value for name, value in row.items() if name.partition(":")[0] in table.columns and value is not None
    }
    create_row(environment, call, table, row_id, known)
    return str(row_id)


def _account(lead: Row) -> Row:
    taken = {name: lead.get(name) for name in (*_SHARED, *_ACCOUNT)}
    return {**taken, "name": lead["companyname"], "originatingleadid": lead["leadid"]}


def _contact(lead: Row, account: object) -> Row:
    taken = {name: lead.get(name) for name in (*_SHARED, *_CONTACT)}
    names = " ".join(str(lead[name]) for name in ("firstname", "lastname") if lead[name]) or None
    row: Row = {**taken, "fullname": names, "originatingleadid": lead["leadid"]}
    if account is not None:
        row |= {"parentcustomerid": str(account), target_column("parentcustomerid"): "account"}
    return row


def _opportunity(environment: Environment, body: Mapping[str, Any], lead: Row) -> Row:
    row: Row = {name: lead.get(name) for name in _OPPORTUNITY}
    row |= {"name": lead["subject"], "originatingleadid": lead["leadid"], "estimatedvalue": lead.get("estimatedamount")}
    row |= {"parentaccountid": lead["parentaccountid"], "parentcontactid": lead["parentcontactid"]}
    customer = "account" if lead["parentaccountid"] else "contact"
    customer_id = lead["parentaccountid"] or lead["parentcontactid"]
    if body.get("OpportunityCustomerId") is not None:
        table, found = row_of(environment, _ACTION, body, "OpportunityCustomerId")
        if table.logical_name not in {"account", "contact"}:
            raise RowNotFoundError("account", str(found[table.primary_id]))
        customer, customer_id = table.logical_name, found[table.primary_id]
    if customer_id is not None:
        row |= {"customerid": customer_id, target_column("customerid"): customer}
    for name, column, kind in (
        ("OpportunityCurrencyId", "transactioncurrencyid", "transactioncurrency"),
        ("SourceCampaignId", "campaignid", "campaign"),
    ):
        if body.get(name) is not None:
            table, found = row_of(environment, _ACTION, body, name, kind)
            row[column] = found[table.primary_id]
    return row


def _shown(environment: Environment, kind: str, row_id: str) -> dict[str, Any]:
    table = environment.metadata.table(kind)
    row = environment.rows.find(table, str(UUID(row_id))) or {}
    columns = [column for column in table.columns.values() if column.valid_for_read]
    return {"@odata.type": f"#{table.type_name}", **row_json(columns, row)}
