"""The emulator as a whole: its token, its file, its threads, its counts."""

import threading
from pathlib import Path
from uuid import uuid4

import pytest

from emulator.web_api import Emulator, Request
from tests.unit.emulator.web_api.calling import ROOT, Caller, label, relationship, table, text_column


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "secret"}, {"Authorization": "Bearer sécret"}]
)
def test_with_a_token_every_request_needs_it(headers: dict[str, str]) -> None:
    emulator = Emulator(token="secret")
    for target in ("leads", "$batch", "nothing"):
        answer = emulator.handle(Request("GET", ROOT + target, headers))
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert emulator.handle(Request("GET", f"{ROOT}leads", {"authorization": "Bearer secret"})).status == 200
    emulator.close()


@pytest.mark.parametrize("path", ["/", "/api/data/v8.2/leads", "/api/data/v9.2", "/leads", "/api/data/v9.2x/leads"])
def test_other_paths_are_not_found(call: Caller, path: str) -> None:
    assert call.raw(Request("GET", path)).status == 404


def test_a_file_keeps_rows_definitions_versions_and_the_organisation(tmp_path: Path) -> None:
    path, organization = tmp_path / "dataverse.db", uuid4()
    first = Caller(Emulator(path=path, organization_id=organization))
    first.post("EntityDefinitions", table("new_Thing", text_column("new_Title")))
    first.post("RelationshipDefinitions", relationship("new_r", "lead", "new_thing", "new_LeadId", Merge="Cascade"))
    option = {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": "statuscode",
        "StateCode": 0,
        "Value": 100000001,
        "Label": label("MQL"),
    }
    first.post("InsertStatusValue", option)
    lead_id = first.created("leads", {"subject": "Salon", "statuscode": 100000001, "revenue": 1.5})
    thing = first.created("new_things", {"new_title": "a", "new_LeadId@odata.bind": f"/leads({lead_id})"})
    before = [first.get(address).json for address in (f"leads({lead_id})", f"new_things({thing})")]
    user = first.emulator.user_id
    first.emulator.close()

    second = Caller(Emulator(path=path, organization_id=uuid4()))
    assert [second.get(address).json for address in (f"leads({lead_id})", f"new_things({thing})")] == before
    assert (second.emulator.organization_id, second.emulator.user_id) == (organization, user)
    newer = second.get(f"leads({second.created('leads', {})})").json["versionnumber"]
    assert newer > max(row["versionnumber"] for row in before)
    assert second.delete(f"leads({lead_id})").status == 204
    second.emulator.close()


def test_a_write_is_in_the_file_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "dataverse.db"
    writer = Caller(Emulator(path=path))
    lead_id = writer.created("leads", {"subject": "Salon"})
    reader = Caller(Emulator(path=path))
    assert reader.get(f"leads({lead_id})").json["subject"] == "Salon"
    reader.emulator.close()
    writer.emulator.close()


def test_writers_in_many_threads_all_get_through_and_one_version_each(call: Caller) -> None:
    lead_id = call.created("leads", {"numberofemployees": 0})

    def add_one() -> None:
        for _ in range(20):
            while True:
                row = call.get(f"leads({lead_id})").json
                changes = {"numberofemployees": row["numberofemployees"] + 1}
                if call.patch(f"leads({lead_id})", changes, {"If-Match": row["@odata.etag"]}).status == 204:
                    break

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call.get(f"leads({lead_id})").json["numberofemployees"] == 80


def test_requests_are_counted_by_method_and_table(call: Caller) -> None:
    call.created("leads", {})
    call.get("leads")
    call.get("leads")
    call.get("WhoAmI")
    call.get("EntityDefinitions(LogicalName='lead')")
    assert call.emulator.requests == {
        ("POST", "lead"): 1,
        ("GET", "lead"): 2,
        ("GET", "WhoAmI"): 1,
        ("GET", "EntityDefinitions"): 1,
    }


def test_a_failed_write_leaves_the_version_counter_and_rows_alone(call: Caller) -> None:
    lead_id = call.created("leads", {"subject": "a"})
    before = call.get("leads").json
    call.post("leads", {"subject": "b", "statuscode": 3})
    call.patch(f"leads({lead_id})", {"subject": "c", "statuscode": 3})
    assert call.get("leads").json == before
