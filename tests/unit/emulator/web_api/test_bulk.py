"""CreateMultiple, UpdateMultiple and UpsertMultiple: all rows or none, an event per row."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from emulator.web_api import RowEvent
from tests.unit.emulator.web_api.calling import SOME_ID, Answer, Caller, Clock, table, text_column

LEAD = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}


def bulk(call: Caller, action: str, *targets: Any, entity_set: str = "leads") -> Answer:
    return call.post(f"{entity_set}/Microsoft.Dynamics.CRM.{action}?tag=bulk", {"Targets": list(targets)})


@pytest.fixture
def keyed(call: Caller, clock: Clock) -> Caller:
    """A caller whose emulator has a table with an active alternate key."""
    call.post("EntityDefinitions", table("new_Thing", text_column("new_Code"), text_column("new_Title")))
    call.post("EntityDefinitions(LogicalName='new_thing')/Keys", {"SchemaName": "new_k", "KeyAttributes": ["new_code"]})
    clock.advance(seconds=5)
    return call


def test_create_multiple_answers_the_ids_in_order(call: Caller, events: list[RowEvent]) -> None:
    given = str(uuid4())
    answer = bulk(call, "CreateMultiple", {**LEAD, "subject": "a"}, {**LEAD, "subject": "b", "leadid": given})
    assert (answer.status, answer.json["Ids"][1]) == (200, given)
    assert answer.json["@odata.context"].endswith("#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    assert [call.get(f"leads({row_id})").json["subject"] for row_id in answer.json["Ids"]] == ["a", "b"]
    assert [(event.message, str(event.row_id), event.tag) for event in events] == [
        ("Create", row_id, "bulk") for row_id in answer.json["Ids"]
    ]


def test_update_multiple_changes_each_row_and_tells_of_each(call: Caller, events: list[RowEvent]) -> None:
    ids = [call.created("leads", {"subject": "old"}) for _ in range(2)]
    events.clear()
    answer = bulk(call, "UpdateMultiple", *({**LEAD, "leadid": row_id, "subject": "new"} for row_id in ids))
    assert (answer.status, answer.body) == (204, b"")
    assert [event.target["subject"] for event in events] == ["new", "new"]
    assert {event.message for event in events} == {"Update"}


def test_upsert_multiple_creates_and_updates_by_id(call: Caller, events: list[RowEvent]) -> None:
    there, missing = call.created("leads", {"subject": "old"}), str(uuid4())
    events.clear()
    answer = bulk(
        call,
        "UpsertMultiple",
        {**LEAD, "leadid": there, "subject": "new"},
        {**LEAD, "@odata.id": f"leads({missing})", "subject": "made"},
    )
    assert (answer.status, answer.body) == (204, b"")
    assert [(event.message, event.row_id) for event in events] == [("Update", UUID(there)), ("Create", UUID(missing))]


def test_upsert_multiple_finds_rows_by_alternate_key(keyed: Caller) -> None:
    thing = {"@odata.type": "#Microsoft.Dynamics.CRM.new_thing"}
    targets = [{**thing, "@odata.id": "new_things(new_code='A')", "new_title": title} for title in ("first", "second")]
    assert bulk(keyed, "UpsertMultiple", *targets, entity_set="new_things").status == 204
    rows = keyed.get("new_things?$select=new_code,new_title").json["value"]
    assert [(row["new_code"], row["new_title"]) for row in rows] == [("A", "second")]
    assert bulk(keyed, "UpdateMultiple", targets[0], entity_set="new_things").status == 204
    missing = {**thing, "@odata.id": "new_things(new_code='B')"}
    assert bulk(keyed, "UpdateMultiple", missing, entity_set="new_things").code == "0x80060891"


@pytest.mark.parametrize("action", ["CreateMultiple", "UpsertMultiple"])
def test_one_bad_row_undoes_all(call: Caller, events: list[RowEvent], action: str) -> None:
    good = {**LEAD, "leadid": str(uuid4()), "subject": "good"}
    answer = bulk(call, action, good, {**LEAD, "leadqualitycode": 99})
    assert (answer.status, answer.code) == (400, "0x8004431A")
    assert call.get("leads").json["value"] == []
    assert events == []


def test_one_missing_row_undoes_an_update(call: Caller, events: list[RowEvent]) -> None:
    lead = call.created("leads", {"subject": "old"})
    before = call.get("leads").json
    events.clear()
    changes = ({**LEAD, "leadid": row_id, "subject": "new"} for row_id in (lead, SOME_ID))
    answer = bulk(call, "UpdateMultiple", *changes)
    assert (answer.status, answer.code) == (404, "0x80040217")
    assert call.get("leads").json == before
    assert events == []


def test_a_closed_lead_stops_an_update(call: Caller) -> None:
    lead = call.created("leads", {})
    call.patch(f"leads({lead})", {"statecode": 2})
    assert bulk(call, "UpdateMultiple", {**LEAD, "leadid": lead, "subject": "x"}).code == "0x80040230"


def test_an_existing_row_stops_a_create(call: Caller) -> None:
    lead = call.created("leads", {})
    assert bulk(call, "CreateMultiple", {**LEAD}, {**LEAD, "leadid": lead}).code == "0x80040237"
    assert len(call.get("leads").json["value"]) == 1


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ([{"subject": "x"}], "0x80048d19"),
        ([{"@odata.type": "lead"}], "0x80048d19"),
        ([{"@odata.type": "Microsoft.Dynamics.CRM.contact"}], "0x80048d19"),
        ([], "0x80048d19"),
        ([None], "0x80048d19"),
        ([{**LEAD, "nothing": 1}], "0x80048d19"),
    ],
)
@pytest.mark.parametrize("action", ["CreateMultiple", "UpsertMultiple"])
def test_targets_that_are_no_rows_of_the_table_are_refused(
    call: Caller, action: str, targets: list[Any], code: str
) -> None:
    answer = bulk(call, action, *targets)
    assert (answer.status, answer.code) == (400, code)


def test_a_row_without_an_id_cannot_be_updated(call: Caller) -> None:
    assert bulk(call, "UpdateMultiple", {**LEAD, "subject": "x"}).status == 400


def test_a_bulk_message_is_a_post_with_its_namespace(call: Caller) -> None:
    assert call.post("leads/CreateMultiple", {"Targets": [LEAD]}).status == 404
    assert call.get("leads/Microsoft.Dynamics.CRM.CreateMultiple").status == 405
    assert call.post("leads/Microsoft.Dynamics.CRM.DeleteMultiple", {"Targets": [LEAD]}).status == 501


def test_sdkmessagefilters_say_which_bulk_messages_a_table_has(keyed: Caller) -> None:
    where = "sdkmessageid/name eq 'UpsertMultiple' and primaryobjecttypecode eq 'new_thing'"
    assert len(keyed.ids("sdkmessagefilters", "sdkmessagefilterid", where)) == 1
