"""Definitions replaced by PUT and taken away by DELETE, tables made by CreateEntities, RetrieveMetadataChanges."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Answer, Caller, label, relationship, table, text_column

LEAD = "EntityDefinitions(LogicalName='lead')"
THING = "EntityDefinitions(LogicalName='new_thing')"
TITLE = f"{THING}/Attributes(LogicalName='new_title')"
MERGE_LABELS = {"MSCRM.MergeLabels": "true"}


@pytest.fixture
def call(call: Caller) -> Caller:
    call.post("EntityDefinitions", table("new_Thing", text_column("new_Title"), text_column("new_Code")))
    return call


def put(call: Caller, path: str, headers: dict[str, str] | None = None, **changes: Any) -> Answer:
    """PUT of what GET answers, with some members changed."""
    whole = call.get(path).json
    return call("PUT", path, {**whole, **changes}, headers)


def test_change_tracking_is_enabled_and_never_disabled(call: Caller) -> None:
    track = {"Prefer": "odata.track-changes"}
    call.created("new_things", {"new_title": "before"})
    assert call.get("new_things", track).status == 400
    assert put(call, THING, MERGE_LABELS, ChangeTrackingEnabled=True).status == 204
    assert call.get(THING).json["ChangeTrackingEnabled"] is True
    body = call.get("new_things?$select=new_title", track).json
    assert [row["new_title"] for row in body["value"]] == ["before"]
    answer = put(call, THING, ChangeTrackingEnabled=False)
    assert answer.status == 400
    assert call.get(THING).json["ChangeTrackingEnabled"] is True


def test_the_tables_with_change_tracking_can_be_listed(call: Caller) -> None:
    path = "EntityDefinitions?$select=LogicalName,CanChangeTrackingBeEnabled&$filter=ChangeTrackingEnabled eq true"
    assert {row["LogicalName"] for row in call.get(path).json["value"]} == {"lead", "account", "contact"}


def test_labels_are_merged_only_when_asked(call: Caller) -> None:
    both = {"LocalizedLabels": [*label("Thing")["LocalizedLabels"], *label("Chose", 1036)["LocalizedLabels"]]}
    assert put(call, THING, DisplayName=both).status == 204
    put(call, THING, MERGE_LABELS, DisplayName=label("Item"))
    texts = {one["Label"] for one in call.get(THING).json["DisplayName"]["LocalizedLabels"]}
    assert texts == {"Item", "Chose"}
    put(call, THING, DisplayName=label("Item"))
    texts = {one["Label"] for one in call.get(THING).json["DisplayName"]["LocalizedLabels"]}
    assert texts == {"Item"}


@pytest.mark.parametrize("changes", [{"SchemaName": "new_Other"}, {"OwnershipType": "OrganizationOwned"}])
def test_what_a_table_is_cannot_be_changed(call: Caller, changes: dict[str, str]) -> None:
    assert put(call, THING, **changes).status == 400


def test_a_put_is_of_the_whole_definition_and_a_patch_is_refused(call: Caller) -> None:
    assert call("PUT", LEAD, {"ChangeTrackingEnabled": True}).status == 400
    assert call("PATCH", LEAD, {"ChangeTrackingEnabled": True}).status == 405
    assert call("PUT", "EntityDefinitions(LogicalName='nothing')", {}).status == 404


def test_a_column_gets_other_bounds_and_labels(call: Caller) -> None:
    typed = f"{TITLE}/Microsoft.Dynamics.CRM.StringAttributeMetadata"
    whole = call.get(typed).json
    body = {**whole, "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "MaxLength": 10}
    assert call("PUT", TITLE, {**body, "DisplayName": label("Titre", 1036)}, MERGE_LABELS).status == 204
    assert call.post("new_things", {"new_title": "a" * 11}).code == "0x80044331"
    changed = call.get(typed).json
    assert (changed["MaxLength"], len(changed["DisplayName"]["LocalizedLabels"])) == (10, 2)
    assert call("PUT", TITLE, {**body, "MaxLength": 5000}).code == "0x8004431A"
    assert call("PUT", TITLE, {**body, "@odata.type": "Microsoft.Dynamics.CRM.MemoAttributeMetadata"}).status == 400
    assert call("PUT", f"{THING}/Attributes(LogicalName='nothing')", body).status == 404


def test_a_table_is_deleted_with_its_rows_and_registrations(call: Caller) -> None:
    call.created("new_things", {})
    assert call.delete(THING, {"If-Match": "*"}).status == 204
    assert call.get("new_things").status == 404
    assert call.get(THING).status == 404
    assert call.ids("sdkmessagefilters", "sdkmessagefilterid", "primaryobjecttypecode eq 'new_thing'") == []
    assert call.post("EntityDefinitions", table("new_Thing")).status == 204
    assert call.get("new_things").json["value"] == []


def test_a_table_that_others_point_at_is_not_deleted(call: Caller) -> None:
    call.post("RelationshipDefinitions", relationship("new_r", "new_thing", "lead", "new_ThingId"))
    assert call.delete(THING).code == "0x8004f01f"
    assert call.delete("RelationshipDefinitions(SchemaName='new_r')").status == 204
    assert "_new_thingid_value" not in call.get(f"leads({call.created('leads', {})})").json
    assert call.delete(THING).status == 204


def test_a_column_is_deleted_with_its_values(call: Caller) -> None:
    thing = call.created("new_things", {"new_title": "a", "new_code": "b"})
    assert call.delete(TITLE).status == 204
    row = call.get(f"new_things({thing})").json
    assert ("new_title" in row, row["new_code"]) == (False, "b")
    call.post(f"{THING}/Attributes", text_column("new_Title"))
    assert call.get(f"new_things({thing})").json["new_title"] is None


def test_a_lookup_is_deleted_with_its_relationship(call: Caller) -> None:
    call.post(
        "RelationshipDefinitions", relationship("new_r", "account", "new_thing", "new_AccountId", Merge="Cascade")
    )
    assert call.delete(f"{THING}/Attributes(LogicalName='new_accountid')").status == 204
    assert call.get("RelationshipDefinitions(SchemaName='new_r')").status == 404
    assert call.post("new_things", {"new_AccountId@odata.bind": "/accounts(1)"}).code == "0x80048d19"


def test_what_the_system_or_a_key_needs_is_not_deleted(call: Caller) -> None:
    call.post(f"{THING}/Keys", {"SchemaName": "new_k", "KeyAttributes": ["new_code"]})
    for path, code in (
        (LEAD, "0x80047009"),
        (f"{LEAD}/Attributes(LogicalName='jobtitle')", "0x80047009"),
        (f"{THING}/Attributes(LogicalName='new_name')", "0x80047009"),
        (f"{THING}/Attributes(LogicalName='new_code')", "0x8004f01f"),
        ("RelationshipDefinitions(SchemaName='lead_parentaccountid_account')", "0x80047009"),
    ):
        assert call.delete(path).code == code, path
    assert call.delete("RelationshipDefinitions(SchemaName='nothing')").status == 404


def test_a_failed_deletion_leaves_the_definition(call: Caller) -> None:
    call.post("RelationshipDefinitions", relationship("new_r", "new_thing", "lead", "new_ThingId"))
    call.delete(THING)
    assert call.created("new_things", {"new_title": "a"})


def test_deleted_definitions_stay_deleted_in_a_file(tmp_path: Any) -> None:
    first = Caller(Emulator(path=tmp_path / "d.db"))
    first.post("EntityDefinitions", table("new_Thing", text_column("new_Title"), text_column("new_Code")))
    first.post(f"{THING}/Keys", {"SchemaName": "new_k", "KeyAttributes": ["new_code"]})
    first.delete(TITLE)
    put(first, THING, ChangeTrackingEnabled=True)
    first.emulator.close()
    second = Caller(Emulator(path=tmp_path / "d.db"))
    thing = second.get(THING).json
    assert thing["ChangeTrackingEnabled"] is True
    assert second.get(TITLE).status == 404
    assert second.get(f"{THING}/Keys").json["value"][0]["LogicalName"] == "new_k"
    second.emulator.close()


def test_create_entities_makes_tables_of_complex_types(call: Caller) -> None:
    kinds = ("String", "Memo", "Integer", "Decimal", "Double", "DateTime", "Boolean", "Picklist")
    columns = [
        {
            "@odata.type": f"Microsoft.Dynamics.CRM.Complex{kind}AttributeMetadata",
            "SchemaName": f"new_{kind}",
            "DisplayName": label(kind),
            "IsPrimaryName": kind == "String",
            **({"OptionSet": {"IsGlobal": False, "Options": []}} if kind == "Picklist" else {}),
        }
        for kind in kinds
    ]
    entity = {
        "@odata.type": "Microsoft.Dynamics.CRM.ComplexEntityMetadata",
        **table("new_Widget"),
        "Attributes": columns,
    }
    assert call.post("CreateEntities?SolutionUniqueName=Default", {"Entities": [entity]}).status == 204
    assert call.created("new_widgets", {"new_integer": 5, "new_boolean": True, "new_string": "a"})
    assert call.post("CreateEntities", {"Entities": [table("new_Other"), entity]}).code == "0x80044363"
    assert call.get("new_others").status == 404


def test_retrieve_metadata_changes_shows_what_is_asked_of_one_table(call: Caller) -> None:
    named = {"PropertyName": "LogicalName", "ConditionOperator": "Equals"}
    query = {
        "Properties": {"PropertyNames": ["LogicalName", "Attributes"]},
        "Criteria": {"Conditions": [{**named, "Value": {"Type": "System.String", "Value": "new_thing"}}]},
        "AttributeQuery": {
            "Properties": {"PropertyNames": ["MaxLength"]},
            "Criteria": {"Conditions": [{**named, "Value": {"Type": "System.String", "Value": "new_title"}}]},
        },
    }
    body = call.get(f"RetrieveMetadataChanges(Query=@p1)?@p1={quote(json.dumps(query))}").json
    (found,) = body["EntityMetadata"]
    assert found["LogicalName"] == "new_thing"
    (column,) = found["Attributes"]
    assert (column["LogicalName"], column["MaxLength"], "Format" in column) == ("new_title", 100, False)
    assert call.get("RetrieveMetadataChanges(Query=@p1)?@p1={").status == 400
    assert call.get("RetrieveMetadataChanges(ClientVersionStamp='1')").status in {400, 501}
