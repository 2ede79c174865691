"""What listeners are told, and when."""

from uuid import UUID

import pytest

from emulator.web_api import Reference, RowEvent
from tests.unit.emulator.web_api.calling import Caller


def test_a_create_tells_of_the_whole_new_row(call: Caller, events: list[RowEvent]) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    body = {
        "lastname": "Durand",
        "subject": None,
        "revenue": 5,
        "customerid_account@odata.bind": f"/accounts({account})",
    }
    lead_id = call.created("leads", body)
    event = events[-1]
    assert (event.message, event.table, event.row_id, event.before) == ("Create", "lead", UUID(lead_id), None)
    assert event.target["leadid"] == lead_id
    assert (event.target["fullname"], event.target["subject"], event.target["statecode"]) == ("Durand", None, 0)
    assert event.target["customerid"] == Reference("account", UUID(account))
    assert event.target["ownerid"] == Reference("systemuser", call.emulator.user_id)
    assert event.target["createdon"] == "2026-08-01T09:00:00Z"
    assert "jobtitle" not in event.target
    assert event.after is not None
    assert (event.after["jobtitle"], event.after["revenue_base"]) == (None, 5)


def test_an_update_tells_of_what_was_submitted_and_what_followed(call: Caller, events: list[RowEvent]) -> None:
    lead_id = call.created("leads", {"firstname": "Ada", "jobtitle": "CTO"})
    call.patch(f"leads({lead_id})?tag=run-7", {"lastname": "Lovelace", "jobtitle": None})
    event = events[-1]
    assert event.target.keys() == {
        "leadid",
        "lastname",
        "jobtitle",
        "fullname",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
    }
    assert (event.target["jobtitle"], event.target["fullname"]) == (None, "Ada Lovelace")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["jobtitle"], event.after["jobtitle"]) == ("CTO", None)
    assert (event.tag, event.user_id) == ("run-7", call.emulator.user_id)


def test_a_delete_tells_of_what_was_there(call: Caller, events: list[RowEvent]) -> None:
    lead_id = call.created("leads", {"jobtitle": "CTO"})
    call.delete(f"leads({lead_id})")
    event = events[-1]
    assert (event.message, dict(event.target), event.after) == ("Delete", {"leadid": lead_id}, None)
    assert event.before is not None
    assert event.before["jobtitle"] == "CTO"


def test_what_is_refused_and_what_is_read_tells_nobody(call: Caller, events: list[RowEvent]) -> None:
    call.post("leads", {"subject": 42})
    call.get("leads")
    assert events == []


def test_a_listener_may_call_the_emulator(call: Caller) -> None:
    seen: list[int] = []
    call.emulator.listeners.append(lambda event: seen.append(call.get(f"leads({event.row_id})").status))
    call.created("leads", {})
    assert seen == [200]


@pytest.mark.parametrize("count", [3])
def test_events_come_in_the_order_of_the_commits(call: Caller, events: list[RowEvent], count: int) -> None:
    ids = [call.created("leads", {}) for _ in range(count)]
    assert [str(event.row_id) for event in events] == ids
