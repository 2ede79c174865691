"""What deletes and assignments do to the rows that point at a row."""

import pytest

from emulator.web_api import RowEvent
from tests.unit.emulator.web_api.calling import PARENTAL, Caller, relationship, table


@pytest.fixture
def score(call: Caller) -> str:
    """The entity set of a table whose rows belong to leads."""
    call.post("EntityDefinitions", table("new_Score"))
    call.post("RelationshipDefinitions", relationship("new_lead_score", "lead", "new_score", "new_LeadId", **PARENTAL))
    return "new_scores"


def linked(call: Caller, cascade: str) -> tuple[str, str]:
    """A parent and the child that points at it, with that cascade on delete."""
    call.post("EntityDefinitions", table("new_Parent"))
    call.post("EntityDefinitions", table("new_Child"))
    call.post(
        "RelationshipDefinitions", relationship("new_pc", "new_parent", "new_child", "new_ParentId", Delete=cascade)
    )
    parent = call.created("new_parents", {})
    return parent, call.created("new_childs", {"new_ParentId@odata.bind": f"/new_parents({parent})"})


def test_children_of_a_parental_relationship_go_with_the_row_and_are_told_of_first(
    call: Caller, score: str, events: list[RowEvent]
) -> None:
    lead_id = call.created("leads", {})
    child = call.created(score, {"new_LeadId@odata.bind": f"/leads({lead_id})"})
    other = call.created(score, {})
    events.clear()
    assert call.delete(f"leads({lead_id})").status == 204
    assert call.get(f"{score}({child})").status == 404
    assert call.get(f"{score}({other})").status == 200
    assert [(event.message, event.table) for event in events] == [("Delete", "new_score"), ("Delete", "lead")]


def test_removing_the_link_keeps_the_child_and_changes_its_version(call: Caller) -> None:
    parent, child = linked(call, "RemoveLink")
    before = call.get(f"new_childs({child})").json
    assert call.delete(f"new_parents({parent})").status == 204
    after = call.get(f"new_childs({child})").json
    assert (before["_new_parentid_value"], after["_new_parentid_value"]) == (parent, None)
    assert after["versionnumber"] > before["versionnumber"]


def test_a_restricted_relationship_keeps_the_row(call: Caller) -> None:
    parent, child = linked(call, "Restrict")
    answer = call.delete(f"new_parents({parent})")
    assert (answer.status, answer.code) == (405, "0x80040227")
    assert call.get(f"new_childs({child})").json["_new_parentid_value"] == parent
    call.delete(f"new_childs({child})")
    assert call.delete(f"new_parents({parent})").status == 204


def test_a_customer_that_is_deleted_is_unlinked(call: Caller) -> None:
    account = call.created("accounts", {"name": "Contoso"})
    lead_id = call.created("leads", {"customerid_account@odata.bind": f"/accounts({account})"})
    call.delete(f"accounts({account})")
    assert call.get(f"leads({lead_id})").json["_customerid_value"] is None


def test_children_of_a_parental_relationship_follow_to_the_new_owner(call: Caller, score: str) -> None:
    lead_id = call.created("leads", {})
    child = call.created(score, {"new_LeadId@odata.bind": f"/leads({lead_id})"})
    team = call.get("teams").json["value"][0]["teamid"]
    call.patch(f"leads({lead_id})", {"ownerid@odata.bind": f"/teams({team})"})
    row = call.get(f"{score}({child})").json
    assert (row["_ownerid_value"], row["_owningteam_value"], row["_owninguser_value"]) == (team, team, None)
