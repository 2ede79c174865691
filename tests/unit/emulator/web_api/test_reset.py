"""Emulator.load and Emulator.reset: rows by the thousand, and back to those of a new environment."""

import pytest

from emulator.web_api import Emulator, RowEvent
from tests.unit.emulator.web_api.calling import SOME_ID, Caller, Clock, table
from tests.unit.emulator.web_api.test_change_tracking import follow, synced


def test_loaded_rows_are_as_created_ones(call: Caller, clock: Clock, events: list[RowEvent]) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    events.clear()
    values = {"firstname": "Ada", "lastname": "L", "revenue": 5, "donotemail": True}
    created = call.get(f"leads({call.created('leads', values)})").json
    events.clear()
    row = {**values, "leadid": SOME_ID, "_parentaccountid_value": account, "createdon": "2020-01-01T00:00:00Z"}
    assert call.emulator.load("lead", [row]) == 1
    loaded = call.get(f"leads({SOME_ID})").json
    assert events == []
    assert loaded["createdon"] == "2020-01-01T00:00:00Z"
    differing = {name for name in created if created[name] != loaded[name]}
    assert differing == {
        *("@odata.context", "@odata.etag", "leadid", "versionnumber", "_parentaccountid_value", "createdon"),
    } - {"@odata.context"}


def test_a_row_that_cannot_be_loads_nothing(call: Caller) -> None:
    for wrong in ({"nothing": 1}, {"subject": 5}, {"_parentaccountid_value": "x"}):
        with pytest.raises(Exception, match=r"Payload|Guid|property|literal"):
            call.emulator.load("lead", [{"subject": "good"}, wrong])
    assert call.get("leads").json["value"] == []


def test_a_load_is_a_change_that_deltas_show(call: Caller) -> None:
    link = synced(call)
    call.emulator.load("lead", [{"subject": "a"}, {"subject": "b"}])
    assert [row["subject"] for row in follow(call, link).json["value"]] == ["a", "b"]


def test_reset_takes_rows_away_and_keeps_definitions(call: Caller, events: list[RowEvent]) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    call.created("new_things", {})
    lead = call.created("leads", {})
    link = synced(call)
    events.clear()
    call.emulator.reset()
    assert events == []
    assert call.get("leads").json["value"] == call.get("new_things").json["value"] == []
    assert call.get("WhoAmI").json["UserId"] == str(call.emulator.user_id)
    assert call.get(f"systemusers({call.emulator.user_id})").status == 200
    assert len(call.get("publishers").json["value"]) == 1
    assert len(call.get("sdkmessagefilters").json["value"]) > 10
    assert [row["id"] for row in follow(call, link).json["value"]] == [lead]
    assert call.created("leads", {"revenue": 5})


def test_reset_before_anything_was_written_changes_nothing() -> None:
    emulator = Emulator()
    emulator.reset()
    assert Caller(emulator).created("leads", {})
    emulator.close()
