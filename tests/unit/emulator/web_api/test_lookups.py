"""Lookups: bound by navigation property, read as `_name_value`, checked for existence; and the owner."""

from uuid import uuid4

import pytest

from tests.unit.emulator.web_api.calling import Caller, relationship, table


def test_a_lookup_is_bound_by_a_path_or_an_absolute_url(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    for url in (
        f"/accounts({account})",
        f"accounts({account})",
        f"https://org.example/api/data/v9.2/accounts({account})",
    ):
        lead_id = call.created("leads", {"parentaccountid@odata.bind": url})
        assert call.get(f"leads({lead_id})").json["_parentaccountid_value"] == account


@pytest.mark.parametrize("name", ["parentaccountid@odata.bind", "parentaccountid"])
def test_null_unbinds_a_lookup(call: Caller, name: str) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    lead_id = call.created("leads", {"parentaccountid@odata.bind": f"/accounts({account})"})
    assert call.patch(f"leads({lead_id})", {name: None}).status == 204
    assert call.get(f"leads({lead_id})").json["_parentaccountid_value"] is None


def test_a_lookup_to_a_row_that_is_not_there_is_refused(call: Caller) -> None:
    missing = uuid4()
    answer = call.post("leads", {"parentaccountid@odata.bind": f"/accounts({missing})"})
    assert (answer.status, answer.code) == (404, "0x80040217")
    assert answer.message == f"account With Id = {missing} Does Not Exist"


def test_a_lookup_to_a_row_of_another_table_is_refused(call: Caller) -> None:
    contact = call.created("contacts", {"lastname": "Durand"})
    answer = call.post("leads", {"parentaccountid@odata.bind": f"/contacts({contact})"})
    assert (answer.status, answer.code) == (400, "0x80048d19")


def test_the_value_property_of_a_lookup_cannot_be_written(call: Caller) -> None:
    answer = call.post("leads", {"_parentaccountid_value": str(uuid4())})
    assert (answer.status, answer.code) == (400, "0x80060888")
    assert "CRM do not support direct update of Entity Reference properties" in answer.message


def test_an_id_in_place_of_a_binding_is_refused(call: Caller) -> None:
    answer = call.post("leads", {"parentaccountid": str(uuid4())})
    assert (answer.status, answer.code) == (400, "0x80048d19")


def test_a_row_inside_a_row_is_refused_by_name(call: Caller) -> None:
    answer = call.post("leads", {"parentaccountid": {"name": "Contoso"}})
    assert (answer.status, answer.message) == (501, "The emulator does not do deep insert (parentaccountid).")


def test_a_customer_is_an_account_or_a_contact_each_by_its_own_navigation_property(call: Caller) -> None:
    account, contact = call.created("accounts", {"name": "Contoso"}), call.created("contacts", {"lastname": "Durand"})
    lead_id = call.created("leads", {"customerid_account@odata.bind": f"/accounts({account})"})
    expanded = call.get(
        f"leads({lead_id})?$expand=customerid_account($select=name),customerid_contact($select=fullname)"
    ).json
    assert (expanded["customerid_account"]["name"], expanded["customerid_contact"]) == ("Contoso", None)
    call.patch(f"leads({lead_id})", {"customerid_contact@odata.bind": f"/contacts({contact})"})
    assert call.get(f"leads({lead_id})").json["_customerid_value"] == contact
    assert call.ids("leads", "leadid", "customerid_contact/fullname eq 'Durand'") == [lead_id]
    assert call.ids("leads", "leadid", "customerid_account/name ne null") == []
    wrong = call.post("leads", {"customerid_account@odata.bind": f"/contacts({contact})"})
    assert wrong.status == 400


def test_the_navigation_property_of_a_custom_lookup_has_the_case_of_its_schema_name(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    assert (
        call.post(
            "RelationshipDefinitions", relationship("new_lead_thing", "account", "new_thing", "new_AccountId")
        ).status
        == 204
    )
    account = call.created("accounts", {"name": "Contoso"})
    answer = call.post("new_things", {"new_accountid@odata.bind": f"/accounts({account})"})
    assert (answer.status, answer.code) == (400, "0x80048d19")
    assert "An undeclared property 'new_accountid'" in answer.message
    thing = call.created("new_things", {"new_AccountId@odata.bind": f"/accounts({account})"})
    assert call.get(f"new_things({thing})").json["_new_accountid_value"] == account
    assert call.ids("new_things", "new_thingid", "new_AccountId/name eq 'contoso'") == [thing]
    assert call.get("new_things?$filter=new_accountid/name eq 'x'").code == "0x80060888"


def test_an_owner_is_a_user_or_a_team_and_the_owning_columns_follow(call: Caller) -> None:
    lead_id = call.created("leads", {})
    team = call.get("teams?$select=name").json["value"][0]["teamid"]
    call.patch(f"leads({lead_id})", {"ownerid@odata.bind": f"/teams({team})"})
    row = call.get(f"leads({lead_id})").json
    assert (row["_ownerid_value"], row["_owningteam_value"], row["_owninguser_value"]) == (team, team, None)
    assert row["_owningbusinessunit_value"] == str(call.emulator.business_unit_id)
    call.patch(f"leads({lead_id})", {"ownerid@odata.bind": f"/systemusers({call.emulator.user_id})"})
    row = call.get(f"leads({lead_id})").json
    assert (row["_owninguser_value"], row["_owningteam_value"]) == (str(call.emulator.user_id), None)


def test_a_row_always_has_an_owner(call: Caller) -> None:
    assert call.post("leads", {"ownerid@odata.bind": None}).code == "0x80040229"
