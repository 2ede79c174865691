"""Creating, reading, updating and deleting rows, with the service's statuses, headers and codes."""

from uuid import uuid4

import pytest

from tests.unit.emulator.web_api.calling import ROOT, SOME_ID, Caller, Clock

REPRESENTATION = {"Prefer": "return=representation"}


def test_a_create_answers_204_with_the_address_of_the_row(call: Caller) -> None:
    answer = call.post("leads", {"subject": "Salon"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["OData-EntityId"] == f"http://127.0.0.1:0{ROOT}leads({answer.created_id})"
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["x-ms-service-request-id"]
    assert answer.headers["REQ_ID"]


def test_a_create_that_prefers_a_representation_answers_201_with_the_row_and_no_address(call: Caller) -> None:
    answer = call.post("leads?$select=subject", {"subject": "Salon"}, REPRESENTATION)
    assert answer.status == 201
    assert answer.json.keys() == {"@odata.context", "@odata.etag", "subject", "leadid"}
    assert "OData-EntityId" not in answer.headers


def test_the_id_in_a_create_is_the_rows_id_and_a_second_create_of_it_is_a_duplicate(call: Caller) -> None:
    lead_id = str(uuid4())
    assert call.created("leads", {"leadid": lead_id}) == lead_id
    answer = call.post("leads", {"leadid": lead_id.upper()})
    assert (answer.status, answer.code) == (412, "0x80040237")


def test_a_new_lead_has_its_defaults(call: Caller, clock: Clock) -> None:
    lead_id = call.created("leads", {"firstname": "Inès", "lastname": "Durand"})
    row = call.get(f"leads({lead_id})").json
    assert (row["fullname"], row["statecode"], row["statuscode"], row["donotemail"]) == ("Inès Durand", 0, 1, False)
    assert row["createdon"] == row["modifiedon"] == "2026-08-01T09:00:00Z"
    user = str(call.emulator.user_id)
    assert {row[f"_{name}_value"] for name in ("ownerid", "owninguser", "createdby", "modifiedby")} == {user}
    assert row["_owningbusinessunit_value"] == str(call.emulator.business_unit_id)
    assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'


def test_columns_the_platform_sets_are_ignored_in_a_body(call: Caller) -> None:
    body = {"fullname": "Somebody Else", "createdon": "2001-01-01T00:00:00Z", "versionnumber": 1, "statecode": 2}
    row = call.get(f"leads({call.created('leads', {'lastname': 'Durand', **body})})").json
    assert (row["fullname"], row["createdon"], row["statecode"]) == ("Durand", "2026-08-01T09:00:00Z", 0)
    assert row["versionnumber"] > 1


def test_overriddencreatedon_becomes_createdon(call: Caller) -> None:
    row = call.get(f"leads({call.created('leads', {'overriddencreatedon': '2020-02-03T04:05:06Z'})})").json
    assert (row["createdon"], row["overriddencreatedon"]) == ("2020-02-03T04:05:06Z", "2026-08-01T09:00:00Z")


def test_every_write_gets_a_greater_version_than_any_before(call: Caller) -> None:
    first, second = call.created("leads", {}), call.created("accounts", {"name": "Contoso"})
    call.patch(f"leads({first})", {"subject": "Later"})
    versions = [call.get(path).json["versionnumber"] for path in (f"accounts({second})", f"leads({first})")]
    assert versions == sorted(set(versions))


def test_an_update_changes_what_it_names_and_who_changed_it_when(call: Caller, clock: Clock) -> None:
    lead_id = call.created("leads", {"subject": "Salon", "jobtitle": "CTO"})
    clock.advance(hours=1)
    assert call.patch(f"leads({lead_id})", {"subject": None}).status == 204
    row = call.get(f"leads({lead_id})").json
    assert (row["subject"], row["jobtitle"], row["modifiedon"]) == (None, "CTO", "2026-08-01T10:00:00Z")


def test_an_update_that_prefers_a_representation_answers_200(call: Caller) -> None:
    lead_id = call.created("leads", {})
    answer = call.patch(f"leads({lead_id})?$select=subject", {"subject": "New"}, REPRESENTATION)
    assert (answer.status, answer.json["subject"]) == (200, "New")


def test_an_empty_update_changes_nothing_not_even_the_version(call: Caller) -> None:
    lead_id = call.created("leads", {})
    before = call.get(f"leads({lead_id})").json
    assert call.patch(f"leads({lead_id})", {}).status == 204
    assert call.get(f"leads({lead_id})").json == before


def test_a_patch_of_a_row_that_is_not_there_creates_it(call: Caller) -> None:
    lead_id = str(uuid4())
    assert call.patch(f"leads({lead_id})", {"subject": "Ghost"}).status == 204
    assert call.get(f"leads({lead_id})").json["subject"] == "Ghost"
    assert call.patch(f"leads({uuid4()})", {"subject": "Ghost"}, REPRESENTATION).status == 201


def test_a_patch_whose_body_has_another_id_is_refused(call: Caller) -> None:
    assert call.patch(f"leads({uuid4()})", {"leadid": str(uuid4())}).status == 400


def test_a_deleted_row_is_gone(call: Caller) -> None:
    lead_id = call.created("leads", {})
    assert call.delete(f"leads({lead_id})").status == 204
    for answer in (call.get(f"leads({lead_id})"), call.delete(f"leads({lead_id})")):
        assert (answer.status, answer.code) == (404, "0x80040217")
        assert answer.message == f"lead With Id = {lead_id} Does Not Exist"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "leads", 405),
        ("DELETE", "leads", 405),
        ("POST", f"leads({SOME_ID})", 405),
        ("PUT", f"leads({SOME_ID})", 405),
        ("GET", "prospects", 404),
        ("GET", "Leads", 404),
        ("GET", "leads(42)", 400),
        ("GET", "QualifyLead", 404),
        ("POST", f"leads({SOME_ID})/QualifyLead", 404),
        ("POST", f"leads({SOME_ID})/Microsoft.Dynamics.CRM.InitializeFrom", 501),
        ("GET", "leads(emailaddress1='a@b.c')", 400),
        ("GET", f"leads({SOME_ID})/lead_masterid_lead", 501),
        ("GET", f"leads({SOME_ID})/parentaccountid/$ref", 501),
        ("GET", f"leads({SOME_ID})/parentaccountid", 501),
        ("POST", "leads/$count", 405),
        ("GET", "$metadata", 501),
    ],
)
def test_addresses_that_lead_nowhere_are_told_apart_from_what_is_not_done(
    call: Caller, method: str, path: str, status: int
) -> None:
    assert call(method, path, {} if method in {"POST", "PATCH", "PUT"} else None).status == status


def test_an_unknown_entity_set_is_named(call: Caller) -> None:
    assert call.get("prospects").message == "Resource not found for the segment 'prospects'."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b'{"a":1}x',
        b'{"subject":NaN}',
        b'{"subject":"a","subject":"b"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_not_one_json_object_is_refused(call: Caller, body: bytes) -> None:
    answer = call("POST", "leads", body)
    assert (answer.status, answer.code) == (400, "0x80048d19")
    assert call.get("leads").json["value"] == []


def test_a_body_of_another_content_type_is_refused(call: Caller) -> None:
    assert call("POST", "leads", b"<lead/>", {"Content-Type": "application/xml"}).status == 415


def test_a_property_the_table_does_not_have_is_refused_with_its_name(call: Caller) -> None:
    answer = call.post("leads", {"jobtitel": "CTO"})
    assert (answer.status, answer.code) == (400, "0x80048d19")
    assert "The property 'jobtitel' does not exist on type 'Microsoft.Dynamics.CRM.lead'" in answer.message


@pytest.mark.parametrize(
    "header",
    ["MSCRMCallerID", "CallerObjectId", "MSCRM.BypassBusinessLogicExecution", "MSCRM.BypassCustomPluginExecution"],
)
def test_headers_it_does_not_honour_are_refused_by_name(call: Caller, header: str) -> None:
    answer = call.get("leads", {header: "x"})
    assert (answer.status, header in answer.message) == (501, True)


def test_names_follow_each_other(call: Caller) -> None:
    lead_id = call.created("leads", {"firstname": "Ada"})
    call.patch(f"leads({lead_id})", {"lastname": "Lovelace"})
    assert call.get(f"leads({lead_id})").json["fullname"] == "Ada Lovelace"
    call.patch(f"leads({lead_id})", {"firstname": None, "lastname": ""})
    row = call.get(f"leads({lead_id})").json
    assert (row["fullname"], row["lastname"]) == (None, None)


def test_money_has_its_base_value_at_the_rate_of_its_currency(call: Caller) -> None:
    dollar = call.created(
        "transactioncurrencies", {"currencyname": "Dollar", "isocurrencycode": "USD", "exchangerate": 1.25}
    )
    lead_id = call.created(
        "leads", {"revenue": 1000, "transactioncurrencyid@odata.bind": f"/transactioncurrencies({dollar})"}
    )
    row = call.get(f"leads({lead_id})").json
    assert (row["revenue"], row["revenue_base"], row["exchangerate"]) == (1000, 800, 1.25)
    euro_lead = call.get(f"leads({call.created('leads', {'revenue': 7})})").json
    assert (euro_lead["revenue_base"], euro_lead["exchangerate"]) == (7, 1)
