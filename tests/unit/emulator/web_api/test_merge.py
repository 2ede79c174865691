"""Merge: the subordinate is closed and marked, and what pointed at it points at the target."""

from typing import Any

import pytest

from emulator.web_api import RowEvent
from tests.unit.emulator.web_api.calling import PARENTAL, SOME_ID, Answer, Caller, relationship, table

LEAD = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}


def merge(call: Caller, target: str, subordinate: str, **more: Any) -> Answer:
    body = {
        "Target": {**LEAD, "leadid": target},
        "Subordinate": {**LEAD, "leadid": subordinate},
        "PerformParentingChecks": False,
        **more,
    }
    return call.post("Merge", body)


@pytest.fixture
def leads(call: Caller) -> tuple[str, str]:
    """The lead that stays, and the one that goes."""
    return call.created("leads", {"subject": "stays"}), call.created("leads", {"subject": "goes"})


def test_the_subordinate_is_disqualified_merged_and_names_its_master(call: Caller, leads: tuple[str, str]) -> None:
    assert merge(call, *leads).status == 204
    row = call.get(f"leads({leads[1]})").json
    assert (row["statecode"], row["statuscode"], row["merged"]) == (2, 4, True)
    assert row["_masterid_value"] == leads[0]
    target = call.get(f"leads({leads[0]})").json
    assert (target["statecode"], target["merged"]) == (0, False)


def test_update_content_goes_to_the_target(call: Caller, leads: tuple[str, str]) -> None:
    assert merge(call, *leads, UpdateContent={**LEAD, "jobtitle": "CTO"}).status == 204
    assert call.get(f"leads({leads[0]})").json["jobtitle"] == "CTO"
    assert call.get(f"leads({leads[1]})").json["jobtitle"] is None


def test_children_of_relationships_that_cascade_follow(call: Caller, leads: tuple[str, str]) -> None:
    call.post("EntityDefinitions", table("new_Score"))
    call.post("RelationshipDefinitions", relationship("new_r", "lead", "new_score", "new_LeadId", **PARENTAL))
    bound = {"new_LeadId@odata.bind": f"/leads({leads[1]})"}
    score = call.created("new_scores", bound)
    version = call.get(f"new_scores({score})").json["versionnumber"]
    contact = call.created("contacts", {"originatingleadid@odata.bind": f"/leads({leads[1]})"})
    merge(call, *leads)
    moved = call.get(f"new_scores({score})").json
    assert moved["_new_leadid_value"] == leads[0]
    assert moved["versionnumber"] > version
    assert call.get(f"contacts({contact})").json["_originatingleadid_value"] == leads[0]


def test_the_leads_are_told_of(call: Caller, leads: tuple[str, str], events: list[RowEvent]) -> None:
    merge(call, *leads, UpdateContent={**LEAD, "jobtitle": "CTO"})
    assert [(event.message, str(event.row_id)) for event in events] == [
        ("Update", leads[0]),
        ("Update", leads[1]),
        ("Merge", leads[0]),
    ]
    assert events[1].target["statecode"] == 2
    assert (events[2].target, str(events[2].subordinate_id)) == ({"jobtitle": "CTO"}, leads[1])
    assert [event.subordinate_id for event in events[:2]] == [None, None]


def test_without_content_the_lead_that_stays_has_no_change_of_its_own(
    call: Caller, leads: tuple[str, str], events: list[RowEvent]
) -> None:
    version = call.get(f"leads({leads[0]})").json["versionnumber"]
    merge(call, *leads)
    assert [(event.message, str(event.row_id)) for event in events] == [("Update", leads[1]), ("Merge", leads[0])]
    assert call.get(f"leads({leads[0]})").json["versionnumber"] == version


def test_steps_on_merge_can_be_registered_where_rows_merge_and_nowhere_else(call: Caller) -> None:
    query = "sdkmessagefilters?$select=primaryobjecttypecode&$filter=sdkmessageid/name eq 'Merge'"
    filters = call.get(query).json["value"]
    assert sorted(row["primaryobjecttypecode"] for row in filters) == ["account", "contact", "lead"]


@pytest.mark.parametrize("kind", ["account", "contact"])
def test_accounts_and_contacts_merge_too(call: Caller, kind: str) -> None:
    target, subordinate = (call.created(f"{kind}s", {}) for _ in range(2))
    typed = {"@odata.type": f"Microsoft.Dynamics.CRM.{kind}"}
    ends = {"Target": {**typed, f"{kind}id": target}, "Subordinate": {**typed, f"{kind}id": subordinate}}
    assert call.post("Merge", {**ends, "PerformParentingChecks": False}).status == 204
    row = call.get(f"{kind}s({subordinate})").json
    assert (row["statecode"], row["statuscode"], row["merged"]) == (1, 2, True)
    assert call.post("Merge", {**ends, "PerformParentingChecks": True}).status in {400, 501}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Subordinate": {**LEAD, "leadid": SOME_ID}}, 404),
        ({"Subordinate": {"leadid": SOME_ID}}, 400),
        ({"SubordinateId": SOME_ID}, 400),
        ({"PerformParentingChecks": None}, 400),
        ({"UpdateContent": {"@odata.type": "Microsoft.Dynamics.CRM.contact"}}, 400),
        ({"UpdateContent": {**LEAD, "nothing": 1}}, 400),
    ],
)
def test_a_merge_that_is_wrong_changes_nothing(
    call: Caller, leads: tuple[str, str], changes: dict[str, Any], status: int
) -> None:
    before = call.get("leads").json
    assert merge(call, *leads, **changes).status == status
    assert call.get("leads").json == before


def test_a_row_is_not_merged_with_itself_nor_twice(call: Caller, leads: tuple[str, str]) -> None:
    assert merge(call, leads[0], leads[0]).status == 400
    merge(call, *leads)
    assert merge(call, *leads).status == 400


def test_tables_that_do_not_merge_are_refused(call: Caller) -> None:
    campaigns = [call.created("campaigns", {"name": "x"}) for _ in range(2)]
    typed = {"@odata.type": "Microsoft.Dynamics.CRM.campaign"}
    ends = [{**typed, "campaignid": campaign} for campaign in campaigns]
    body = {"Target": ends[0], "Subordinate": ends[1], "PerformParentingChecks": False}
    assert call.post("Merge", body).status == 501
