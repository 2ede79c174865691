"""`$ref`: links made and undone from either end."""

import pytest

from emulator.web_api import RowEvent
from tests.unit.emulator.web_api.calling import ROOT, SOME_ID, Caller

CHILDREN = "lead_parentaccountid_account"


@pytest.fixture
def account(call: Caller) -> str:
    return call.created("accounts", {"name": "Contoso"})


@pytest.fixture
def lead(call: Caller) -> str:
    return call.created("leads", {})


def parent(call: Caller, lead: str) -> object:
    return call.get(f"leads({lead})").json["_parentaccountid_value"]


def test_a_lookup_is_put_and_deleted(call: Caller, account: str, lead: str, events: list[RowEvent]) -> None:
    events.clear()
    for url in (f"accounts({account})", f"http://127.0.0.1{ROOT}accounts({account})"):
        assert call("PUT", f"leads({lead})/parentaccountid/$ref", {"@odata.id": url}).status == 204
        assert parent(call, lead) == account
    assert call.delete(f"leads({lead})/parentaccountid/$ref").status == 204
    assert parent(call, lead) is None
    assert [event.target["parentaccountid"] is None for event in events] == [False, False, True]


def test_a_row_is_added_to_a_collection_and_taken_out_by_either_address(call: Caller, account: str, lead: str) -> None:
    collection = f"accounts({account})/{CHILDREN}"
    for undo in (f"{collection}({lead})/$ref", f"{collection}/$ref?$id={ROOT}leads({lead})"):
        assert call.post(f"{collection}/$ref", {"@odata.id": f"leads({lead})"}).status == 204
        assert parent(call, lead) == account
        assert call.delete(undo).status == 204
        assert parent(call, lead) is None


def test_what_is_not_there_or_not_of_the_type_is_refused(call: Caller, account: str, lead: str) -> None:
    put = f"leads({lead})/parentaccountid/$ref"
    assert call("PUT", put, {"@odata.id": f"accounts({SOME_ID})"}).code == "0x80040217"
    assert call("PUT", put, {"@odata.id": f"leads({lead})"}).status == 400
    assert call("PUT", put, {}).status == 400
    assert call("PUT", f"leads({SOME_ID})/parentaccountid/$ref", {"@odata.id": f"accounts({account})"}).status == 404
    assert call("PUT", f"leads({lead})/nothing/$ref", {"@odata.id": f"accounts({account})"}).status == 404
    assert call.post(put, {"@odata.id": f"accounts({account})"}).status == 405
    assert parent(call, lead) is None
