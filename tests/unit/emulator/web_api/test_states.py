"""State and status in step, and closed leads read-only."""

import pytest

from tests.unit.emulator.web_api.calling import Caller, table


@pytest.fixture
def lead(call: Caller) -> str:
    return call.created("leads", {"subject": "Salon"})


def state(call: Caller, lead: str) -> tuple[int, int]:
    row = call.get(f"leads({lead})?$select=statecode,statuscode").json
    return row["statecode"], row["statuscode"]


def test_a_status_of_the_rows_state_is_taken(call: Caller, lead: str) -> None:
    assert call.patch(f"leads({lead})", {"statuscode": 2}).status == 204
    assert state(call, lead) == (0, 2)
    assert call.get(f"leads({call.created('leads', {'statuscode': 2})})").json["statuscode"] == 2


def test_a_status_of_another_state_is_refused(call: Caller, lead: str) -> None:
    answer = call.patch(f"leads({lead})", {"statuscode": 3})
    assert (answer.status, answer.code) == (400, "0x80048408")
    assert answer.message == f"3 is not a valid status code for state code LeadState.Open on lead with Id {lead}."
    assert call.post("leads", {"statuscode": 4}).code == "0x80048408"
    assert call.patch(f"leads({lead})", {"statecode": 1, "statuscode": 4}).code == "0x80048408"
    assert state(call, lead) == (0, 1)


@pytest.mark.parametrize(("to_state", "status"), [(1, 3), (2, 4), (0, 1)])
def test_a_state_alone_brings_its_default_status(call: Caller, lead: str, to_state: int, status: int) -> None:
    call.patch(f"leads({lead})", {"statecode": 2, "statuscode": 5})
    call.patch(f"leads({lead})", {"statecode": to_state} if to_state != 2 else {"statecode": 1})
    if to_state == 2:
        call.patch(f"leads({lead})", {"statecode": 2})
    assert state(call, lead) == (to_state, status)


def test_the_state_a_row_has_already_keeps_its_status(call: Caller, lead: str) -> None:
    call.patch(f"leads({lead})", {"statuscode": 2})
    call.patch(f"leads({lead})", {"statecode": 0})
    assert state(call, lead) == (0, 2)


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_lead_is_read_only_until_it_is_reopened(call: Caller, lead: str, closed: int) -> None:
    call.patch(f"leads({lead})", {"statecode": closed, "subject": "Closing words"})
    answer = call.patch(f"leads({lead})", {"subject": "Too late"})
    assert (answer.status, answer.code) == (400, "0x80040230")
    assert call.get(f"leads({lead})").json["subject"] == "Closing words"
    reopened = call.patch(f"leads({lead})", {"statecode": 0, "statuscode": 1, "subject": "Again"})
    assert reopened.status == 204
    assert call.get(f"leads({lead})").json["subject"] == "Again"


def test_inactive_rows_of_other_tables_stay_writable(call: Caller) -> None:
    call.post("EntityDefinitions", table("new_Thing"))
    thing = call.created("new_things", {"new_name": "a"})
    assert call.patch(f"new_things({thing})", {"statecode": 1}).status == 204
    assert call.patch(f"new_things({thing})", {"new_name": "b"}).status == 204
    row = call.get(f"new_things({thing})").json
    assert (row["statecode"], row["statuscode"], row["new_name"]) == (1, 2, "b")
