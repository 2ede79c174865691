"""QualifyLead: what it creates, how it leaves the lead, and when it is refused."""

from typing import Any
from uuid import UUID

import pytest

from emulator.web_api import Request, RowEvent
from tests.unit.emulator.web_api.calling import ROOT, SOME_ID, Answer, Caller

EVERYTHING = {"CreateContact": True, "CreateAccount": True, "CreateOpportunity": True, "Status": 3}
NOTHING = {"CreateContact": False, "CreateAccount": False, "CreateOpportunity": False, "Status": 3}
PERSON = {
    "subject": "Salon",
    "firstname": "Ada",
    "lastname": "Lovelace",
    "jobtitle": "CTO",
    "companyname": "Contoso",
    "emailaddress1": "ada@example.org",
    "telephone1": "+33 1",
    "address1_city": "Paris",
    "revenue": 1000.5,
    "donotphone": True,
}


def qualify(call: Caller, lead: str, body: dict[str, Any]) -> Answer:
    return call.post(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", body)


@pytest.fixture
def lead(call: Caller) -> str:
    return call.created("leads", PERSON)


def test_it_creates_what_is_asked_with_the_leads_values(call: Caller, lead: str) -> None:
    answer = qualify(call, lead, EVERYTHING)
    assert answer.status == 200
    assert answer.json["@odata.context"].endswith("$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)")
    kinds = {row["@odata.type"]: row for row in answer.json["value"]}
    assert kinds.keys() == {f"#Microsoft.Dynamics.CRM.{kind}" for kind in ("account", "contact", "opportunity")}
    contact, account = kinds["#Microsoft.Dynamics.CRM.contact"], kinds["#Microsoft.Dynamics.CRM.account"]
    names = ("fullname", "jobtitle", "emailaddress1", "telephone1", "address1_city", "donotphone")
    assert [contact[name] for name in names] == ["Ada Lovelace", "CTO", "ada@example.org", "+33 1", "Paris", True]
    assert (account["name"], account["revenue"]) == ("Contoso", 1000.5)
    assert contact["_parentcustomerid_value"] == account["accountid"]
    opportunity = kinds["#Microsoft.Dynamics.CRM.opportunity"]
    assert (opportunity["name"], opportunity["_customerid_value"]) == ("Salon", account["accountid"])
    assert opportunity["_parentcontactid_value"] == contact["contactid"]
    assert {row["_originatingleadid_value"] for row in kinds.values()} == {lead}


def test_it_closes_the_lead_and_links_what_it_made(call: Caller, lead: str) -> None:
    made = {row["@odata.type"]: row for row in qualify(call, lead, EVERYTHING).json["value"]}
    row = call.get(f"leads({lead})").json
    assert (row["statecode"], row["statuscode"]) == (1, 3)
    assert row["_parentaccountid_value"] == made["#Microsoft.Dynamics.CRM.account"]["accountid"]
    assert row["_parentcontactid_value"] == made["#Microsoft.Dynamics.CRM.contact"]["contactid"]
    assert row["_qualifyingopportunityid_value"] == made["#Microsoft.Dynamics.CRM.opportunity"]["opportunityid"]


def test_it_creates_nothing_that_is_not_asked(call: Caller, lead: str) -> None:
    answer = qualify(call, lead, NOTHING)
    assert (answer.status, answer.json["value"]) == (200, [])
    assert call.get(f"leads({lead})").json["statecode"] == 1
    for entity_set in ("accounts", "contacts", "opportunities"):
        assert call.get(entity_set).json["value"] == []


def test_each_row_it_writes_is_an_event(call: Caller, lead: str, events: list[RowEvent]) -> None:
    qualify(call, lead, EVERYTHING)
    told = [(event.message, event.table) for event in events]
    assert told == [("Create", "account"), ("Create", "contact"), ("Create", "opportunity"), ("Update", "lead")]
    assert events[-1].target["statecode"] == 1
    assert {"parentaccountid", "parentcontactid", "qualifyingopportunityid"} <= events[-1].target.keys()


def test_a_second_call_finds_the_lead_closed(call: Caller, lead: str) -> None:
    qualify(call, lead, NOTHING)
    answer = qualify(call, lead, EVERYTHING)
    assert (answer.status, answer.code, answer.message) == (400, "0x80040519", "The lead is already closed.")
    assert call.get("contacts").json["value"] == []


def test_a_reopened_lead_keeps_its_contact_and_account(call: Caller, lead: str) -> None:
    qualify(call, lead, EVERYTHING)
    call.patch(f"leads({lead})", {"statecode": 0, "statuscode": 1})
    again = qualify(call, lead, EVERYTHING).json["value"]
    assert [row["@odata.type"] for row in again] == ["#Microsoft.Dynamics.CRM.opportunity"]
    assert len(call.get("contacts").json["value"]) == len(call.get("accounts").json["value"]) == 1


@pytest.mark.parametrize("status", [1, 4, 99])
def test_the_status_is_one_of_a_qualified_lead(call: Caller, lead: str, status: int) -> None:
    answer = qualify(call, lead, {**EVERYTHING, "Status": status})
    assert (answer.status, answer.code) == (400, "0x80048408")
    assert call.get("contacts").json["value"] == []


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_its_four_parameters_are_required_and_typed(call: Caller, lead: str, name: str) -> None:
    for value in (None, "true"):
        assert qualify(call, lead, {**EVERYTHING, name: value}).code == "0x80048d19"
    assert call.get(f"leads({lead})").json["statecode"] == 0


def test_a_customer_a_currency_and_a_campaign_can_be_given(call: Caller, lead: str) -> None:
    account = call.created("accounts", {"name": "Fabrikam"})
    campaign = call.created("campaigns", {"name": "Spring"})
    euro = call.get("transactioncurrencies").json["value"][0]["transactioncurrencyid"]
    given = {
        "OpportunityCustomerId": {"@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": account},
        "OpportunityCurrencyId": {"transactioncurrencyid": euro},
        "SourceCampaignId": {"campaignid": campaign, "@odata.type": "Microsoft.Dynamics.CRM.campaign"},
    }
    body = {**NOTHING, "CreateOpportunity": True, "SuppressDuplicateDetection": True, **given}
    (made,) = qualify(call, lead, body).json["value"]
    assert (made["_customerid_value"], made["_campaignid_value"]) == (account, campaign)
    assert made["_transactioncurrencyid_value"] == euro


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"OpportunityCustomerId": {"accountid": SOME_ID}}, 400),
        ({"OpportunityCustomerId": {"@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": SOME_ID}}, 404),
        ({"ProcessInstanceId": {"@odata.type": "Microsoft.Dynamics.CRM.account", "accountid": SOME_ID}}, 501),
        ({"SuppressDuplicateDetection": False}, 501),
        ({"Nothing": 1}, 400),
    ],
)
def test_what_it_cannot_use_is_refused_and_nothing_created(
    call: Caller, lead: str, given: dict[str, Any], status: int
) -> None:
    assert qualify(call, lead, {**EVERYTHING, **given}).status == status
    assert call.get("contacts").json["value"] == []
    assert call.get(f"leads({lead})").json["statecode"] == 0


def test_it_has_a_namespace_a_row_and_a_method(call: Caller, lead: str) -> None:
    answer = call.post(f"leads({lead})/QualifyLead", EVERYTHING)
    assert (answer.status, answer.message) == (404, "Resource not found for the segment 'QualifyLead'.")
    assert qualify(call, SOME_ID, EVERYTHING).code == "0x80040217"
    assert call.get(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead").status == 405
    assert call.post(f"contacts({SOME_ID})/Microsoft.Dynamics.CRM.QualifyLead", EVERYTHING).status == 501


def changeset(*parts: str) -> Request:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    inner = "".join(f"--c\r\n{head}Content-ID: {number}\r\n\r\n{part}\r\n" for number, part in enumerate(parts, 1))
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inner}--c--\r\n--b--\r\n"
    return Request("POST", f"{ROOT}$batch", {"Content-Type": "multipart/mixed; boundary=b"}, body.encode())


def post(path: str, body: str) -> str:
    return f"POST {ROOT}{path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"


BODY = '{"CreateContact": true, "CreateAccount": false, "CreateOpportunity": false, "Status": 3}'


def test_in_a_changeset_it_happens_with_the_rest(call: Caller, lead: str) -> None:
    action = post(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", BODY)
    answer = call.raw(changeset(post("accounts", '{"name": "log"}'), action))
    assert answer.status == 200
    assert b"HTTP/1.1 200 OK" in answer.body
    assert (
        call.get(f"leads({lead})").json["_parentcontactid_value"]
        == (call.get("contacts").json["value"][0]["contactid"])
    )


def test_a_later_failure_in_the_changeset_undoes_all_of_it(call: Caller, lead: str, events: list[RowEvent]) -> None:
    before = call.get(f"leads({lead})").json
    events.clear()
    action = post(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", BODY)
    assert call.raw(changeset(action, post("accounts", '{"nothing": 1}'))).status == 400
    assert call.get(f"leads({lead})").json == before
    assert call.get("contacts").json["value"] == []
    assert events == []


def test_a_lead_of_the_same_changeset_can_be_qualified(call: Caller) -> None:
    action = BODY.join(
        ["POST $1/Microsoft.Dynamics.CRM.QualifyLead HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", ""]
    )
    assert call.raw(changeset(post("leads", '{"lastname": "New"}'), action)).status == 200
    (contact,) = call.get("contacts").json["value"]
    assert (contact["lastname"], UUID(contact["_originatingleadid_value"]).version) == ("New", 4)
