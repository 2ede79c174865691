"""Alternate keys: their index gets active with time, rows are addressed by them, no two rows share one."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.emulator.web_api.calling import SOME_ID, Answer, Caller, Clock, relationship, table, text_column

KEYS = "EntityDefinitions(LogicalName='new_thing')/Keys"
CRM = "Microsoft.Dynamics.CRM."


def number_column(schema_name: str) -> dict[str, Any]:
    return text_column(schema_name) | {"@odata.type": f"{CRM}IntegerAttributeMetadata", "MaxLength": None}


def post_key(call: Caller, *columns: str, schema_name: str = "new_Code_Key") -> Answer:
    return call.post(KEYS, {"SchemaName": schema_name, "KeyAttributes": list(columns)})


@pytest.fixture
def call(call: Caller) -> Caller:
    """A caller whose emulator has the table new_thing with a code, a number and a lookup to lead."""
    columns = (text_column("new_Code"), number_column("new_Number"), text_column("new_Long", length=500))
    assert call.post("EntityDefinitions", table("new_Thing", *columns)).status == 204
    posted = relationship("new_r", "lead", "new_thing", "new_LeadId", Merge="Cascade")
    assert call.post("RelationshipDefinitions", posted).status == 204
    return call


@pytest.fixture
def keyed(call: Caller, clock: Clock) -> Caller:
    """The same with an active key of the code."""
    assert post_key(call, "new_code").status == 204
    clock.advance(seconds=2)
    return call


def test_a_key_is_pending_then_in_progress_then_active(call: Caller, clock: Clock) -> None:
    answer = post_key(call, "new_code")
    assert answer.status == 204
    assert f"{KEYS}({answer.created_id})" in answer.headers["OData-EntityId"]
    seen = []
    for _ in range(3):
        (key,) = call.get(KEYS).json["value"]
        seen.append(key["EntityKeyIndexStatus"])
        clock.advance(seconds=1)
    assert seen == ["Pending", "InProgress", "Active"]
    assert (key["LogicalName"], key["SchemaName"]) == ("new_code_key", "new_Code_Key")
    assert (key["KeyAttributes"], key["MetadataId"]) == (["new_code"], answer.created_id)
    assert call.get(f"{KEYS}({answer.created_id})?$select=SchemaName").json["SchemaName"] == "new_Code_Key"
    expanded = call.get("EntityDefinitions(LogicalName='new_thing')?$select=LogicalName&$expand=Keys").json
    assert expanded["Keys"][0]["EntityKeyIndexStatus"] == "Active"


def test_a_key_that_is_not_active_addresses_nothing(call: Caller, clock: Clock) -> None:
    call.created("new_things", {"new_code": "A"})
    post_key(call, "new_code")
    clock.advance(seconds=1.5)
    answer = call.get("new_things(new_code='A')")
    assert (answer.status, answer.code) == (400, "0x80060890")
    assert answer.message == "The specified key attributes are not a defined key for the new_thing entity"


def test_rows_are_read_changed_and_deleted_by_key(keyed: Caller) -> None:
    thing = keyed.created("new_things", {"new_code": "it's", "new_name": "a"})
    assert keyed.get("new_things(new_code='it''s')").json["new_thingid"] == thing
    assert keyed.get("new_things(new_code='IT''S')").json["new_thingid"] == thing
    assert keyed.patch("new_things(new_code='it''s')", {"new_name": "b"}, {"If-Match": "*"}).status == 204
    assert keyed.get(f"new_things({thing})").json["new_name"] == "b"
    assert keyed.delete("new_things(new_code='it''s')").status == 204
    assert keyed.get(f"new_things({thing})").status == 404


def test_an_upsert_by_key_creates_then_updates_the_same_row(keyed: Caller) -> None:
    first = keyed.patch("new_things(new_code='A')", {"new_name": "a"}, {"Prefer": "return=representation"})
    assert (first.status, first.json["new_code"], first.json["new_name"]) == (201, "A", "a")
    second = keyed.patch("new_things(new_code='A')", {"new_name": "b"}, {"Prefer": "return=representation"})
    assert (second.status, second.json["new_thingid"]) == (200, first.json["new_thingid"])
    assert keyed.patch("new_things(new_code='A')", {"new_name": "c"}).created_id == first.json["new_thingid"]


def test_conditions_hold_for_keys_too(keyed: Caller) -> None:
    missing = keyed.patch("new_things(new_code='A')", {}, {"If-Match": "*"})
    assert (missing.status, missing.code) == (404, "0x80060891")
    assert missing.message == "A record with the specified key values does not exist in new_thing entity"
    assert keyed.get("new_things(new_code='A')").code == "0x80060891"
    assert keyed.delete("new_things(new_code='A')").code == "0x80060891"
    keyed.created("new_things", {"new_code": "A"})
    assert keyed.patch("new_things(new_code='A')", {}, {"If-None-Match": "*"}).code == "0x80040237"
    assert keyed.patch("new_things(new_code='A')", {"new_name": "x"}, {"If-Match": 'W/"1"'}).code == "0x80060882"


def test_a_lookup_can_be_bound_by_key(keyed: Caller) -> None:
    thing = keyed.created("new_things", {"new_code": "A"})
    keyed.post("RelationshipDefinitions", relationship("new_r2", "new_thing", "lead", "new_ThingId"))
    lead = keyed.created("leads", {"new_ThingId@odata.bind": "/new_things(new_code='A')"})
    assert keyed.get(f"leads({lead})").json["_new_thingid_value"] == thing
    missing = keyed.post("leads", {"new_ThingId@odata.bind": "/new_things(new_code='B')"})
    assert (missing.status, missing.code) == (404, "0x80060891")


def test_a_key_of_a_lookup_and_a_number(call: Caller, clock: Clock) -> None:
    assert post_key(call, "new_leadid", "new_number").status == 204
    clock.advance(seconds=2)
    lead = call.created("leads", {})
    path = f"new_things(_new_leadid_value={lead},new_number=5)"
    created = call.patch(path, {"new_name": "a"}).created_id
    row = call.get(path).json
    assert (row["new_thingid"], row["_new_leadid_value"], row["new_number"]) == (created, lead, 5)
    assert call.get(f"new_things(new_number=5,_new_leadid_value={lead})").json["new_thingid"] == created


@pytest.mark.parametrize("character", list("/<>*%&:\\?+"))
def test_characters_that_a_key_value_must_not_have_are_refused(keyed: Caller, character: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in f"a{character}".encode())
    assert keyed.get(f"new_things(new_code='{encoded}')").status == 400


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("new_name='a'", 400),
        ("new_code='a',new_name='b'", 400),
        ("new_code=5", 400),
        ("new_code=null", 400),
        ("nothing='a'", 400),
        ("new_code='a", 400),
        (f"new_thingid={SOME_ID}", 404),
    ],
)
def test_an_address_that_is_no_key_is_refused(keyed: Caller, key: str, status: int) -> None:
    assert keyed.get(f"new_things({key})").status == status


def test_a_second_row_of_the_same_key_is_refused_at_create_and_update(keyed: Caller) -> None:
    keyed.created("new_things", {"new_code": "A"})
    other = keyed.created("new_things", {"new_code": "B"})
    for answer in (
        keyed.post("new_things", {"new_code": "a "}),
        keyed.patch(f"new_things({other})", {"new_code": "A"}),
    ):
        assert (answer.status, answer.code) == (412, "0x80060892")
        assert answer.message.startswith("Entity Key new_Code_Key violated. A record with the same value for new_code")
    assert keyed.patch(f"new_things({other})", {"new_code": "B", "new_name": "x"}).status == 204


def test_rows_without_a_value_share_nothing(keyed: Caller) -> None:
    for _ in range(2):
        keyed.created("new_things", {"new_name": "a"})
    assert len(keyed.get("new_things").json["value"]) == 2


def test_equal_rows_keep_the_index_from_being_built_until_it_is_reactivated(call: Caller, clock: Clock) -> None:
    ids = [call.created("new_things", {"new_code": "A"}) for _ in range(2)]
    post_key(call, "new_code")
    clock.advance(seconds=5)
    assert call.get(KEYS).json["value"][0]["EntityKeyIndexStatus"] == "Failed"
    assert call.get("new_things(new_code='A')").code == "0x80060890"
    call.delete(f"new_things({ids[0]})")
    again = {"EntityLogicalName": "new_thing", "EntityKeyLogicalName": "new_code_key"}
    assert call.post("ReactivateEntityKey", again).status == 204
    assert call.get(KEYS).json["value"][0]["EntityKeyIndexStatus"] == "Pending"
    clock.advance(seconds=5)
    assert call.get("new_things(new_code='A')").json["new_thingid"] == ids[1]
    assert call.post("ReactivateEntityKey", again).code == "0x80060897"


@pytest.mark.parametrize(
    "changes",
    [
        {"SchemaName": "other_key"},
        {"KeyAttributes": []},
        {"KeyAttributes": ["new_code", "new_code"]},
        {"KeyAttributes": "new_code"},
        {"KeyAttributes": ["new_long"]},
        {"KeyAttributes": ["ownerid"]},
        {"KeyAttributes": ["statecode"]},
    ],
)
def test_a_key_that_cannot_be_is_refused(call: Caller, changes: Mapping[str, Any]) -> None:
    posted = {"SchemaName": "new_key", "KeyAttributes": ["new_code"]} | dict(changes)
    assert call.post(KEYS, posted).status == 400
    assert call.get(KEYS).json["value"] == []


def test_a_key_of_a_column_that_is_not_there_is_not_found(call: Caller) -> None:
    assert post_key(call, "new_nothing").status == 404


def test_keys_are_distinct(keyed: Caller) -> None:
    assert post_key(keyed, "new_number").code == "0x80044363"
    assert post_key(keyed, "new_code", schema_name="new_other").status == 400


def test_a_deleted_key_addresses_nothing_and_allows_equal_rows(keyed: Caller) -> None:
    (key,) = keyed.get(KEYS).json["value"]
    assert keyed.delete(f"{KEYS}({key['MetadataId']})").status == 204
    for _ in range(2):
        keyed.created("new_things", {"new_code": "A"})
    assert keyed.get("new_things(new_code='A')").code == "0x80060890"
    assert keyed.delete(f"{KEYS}({key['MetadataId']})").status == 404
