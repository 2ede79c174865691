"""BulkDelete: a job that answers at once, deletes later, and says when it has."""

from typing import Any
from uuid import uuid4

import pytest

from emulator.web_api import Emulator, RowEvent
from tests.unit.emulator.web_api.calling import Answer, Caller, Clock


def bulk_delete(call: Caller, *ids: str, **changes: Any) -> Answer:
    """As Microsoft's client asks for it."""
    condition = {
        "AttributeName": "leadid",
        "Operator": "In",
        "Values": [{"Value": i, "Type": "System.Guid"} for i in ids],
    }
    query = {"EntityName": "lead", "Criteria": {"FilterOperator": "And", "Conditions": [condition]}, **changes}
    head = {"JobName": "Bulk delete", "SendEmailNotification": False, "ToRecipients": [], "CCRecipients": []}
    return call.post("BulkDelete", {**head, "RecurrencePattern": "", "QuerySet": [query]})


def test_the_rows_go_a_second_later_and_the_job_is_completed(
    call: Caller, clock: Clock, events: list[RowEvent]
) -> None:
    gone, kept = [call.created("leads", {}) for _ in range(2)], call.created("leads", {})
    events.clear()
    answer = bulk_delete(call, *gone, str(uuid4()))
    job = f"asyncoperations({answer.json['JobId']})"
    assert answer.status == 200
    assert len(call.get("leads").json["value"]) == 3
    row = call.get(job).json
    assert (row["name"], row["operationtype"], row["statecode"], row["statuscode"]) == ("Bulk delete", 13, 0, 0)
    clock.advance(seconds=1)
    assert [row["leadid"] for row in call.get("leads").json["value"]] == [kept]
    row = call.get(job).json
    assert (row["statecode"], row["statuscode"], row["completedon"]) == (3, 30, "2026-08-01T09:00:01Z")
    assert [(event.message, str(event.row_id)) for event in events] == [("Delete", row_id) for row_id in gone]


def test_a_job_waits_in_the_file(tmp_path: Any, clock: Clock) -> None:
    path = tmp_path / "dataverse.db"
    first = Caller(Emulator(path=path, clock=clock))
    bulk_delete(first, first.created("leads", {}))
    first.emulator.close()
    clock.advance(hours=1)
    second = Caller(Emulator(path=path, clock=clock))
    assert second.get("leads").json["value"] == []
    second.emulator.close()


def test_a_job_that_a_relationship_forbids_deletes_nothing_and_fails(call: Caller, clock: Clock) -> None:
    publisher = call.get("publishers").json["value"][0]["publisherid"]
    free = call.created(
        "publishers", {"uniquename": "x", "customizationprefix": "xyz", "customizationoptionvalueprefix": 20000}
    )
    condition = {"AttributeName": "publisherid", "Operator": "In", "Values": [free, publisher]}
    job = bulk_delete(call, EntityName="publisher", Criteria={"Conditions": [condition]}).json["JobId"]
    clock.advance(seconds=1)
    assert len(call.get("publishers").json["value"]) == 2
    assert call.get(f"asyncoperations({job})").json["statuscode"] == 31


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"EntityName": "nothing"}, 400),
        ({"Criteria": {"Conditions": []}}, 501),
        ({"Criteria": {"Conditions": [{"AttributeName": "subject", "Operator": "In", "Values": ["x"]}]}}, 501),
        ({"Criteria": {"Conditions": [{"AttributeName": "leadid", "Operator": "In", "Values": ["x"]}]}}, 501),
    ],
)
def test_other_queries_are_refused(call: Caller, changes: dict[str, Any], status: int) -> None:
    assert bulk_delete(call, **changes).status == status
    assert call.get("asyncoperations").json["value"] == []
