"""QualifyLead, end to end: the lead becomes a contact, once, whatever is lost, refused or there already."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from connector.tables import Lead, QualificationLog
from dataverse import create, delete, query, update
from dataverse.odata import eq
from emulator.web_api import Request
from emulator.web_api.errors import BadRequestError, WebApiError
from tests.world import FIT, RULE, World, once

QUALIFIED, QUALIFYING, BLOCKED, FAILED, REOPENED = (
    QualificationLog.QUALIFIED,
    QualificationLog.QUALIFYING,
    QualificationLog.BLOCKED,
    QualificationLog.FAILED,
    QualificationLog.REOPENED,
)


def rule(*, qualify: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    actions = {"qualify_lead": {"match_contact": "emailaddress1"} if qualify is None else qualify}
    return {**RULE, "rule": "Becomes a contact", "existing_leads": "include", "actions": actions, **members}


def contacts(world: World) -> list[dict[str, Any]]:
    columns = ["contactid", "lastname", "emailaddress1"]
    return [dict(row) for row in world.app.client.rows(query("contacts", select=columns))]


def new_contact(world: World, **columns: object) -> UUID:
    contact = uuid4()
    row = {"contactid": str(contact), "lastname": "Durand", **columns}
    world.app.client.send(create("contacts", row, id_column="contactid"))
    return contact


def ready(world: World, **columns: object) -> UUID:
    """A lead of 110 points."""
    return world.new_lead(jobtitle="CEO", telephone1="1", emailaddress1="ines@example.org", **columns)


def outcomes(world: World, lead: UUID) -> list[tuple[int, str | None, int]]:
    entries = [(entry["lgate_outcome"], entry["lgate_reason"], entry["lgate_occurrence"]) for entry in world.log(lead)]
    return sorted(entries, key=str)


def state(world: World, lead: UUID) -> tuple[int, int]:
    row = world.lead(lead)
    return row["statecode"], row["statuscode"]


def refusing(error: WebApiError, path: str = "QualifyLead", *, only_in_changesets: bool = False) -> Any:
    """A plug-in that refuses the operations of a path."""

    def plug_in(request: Request, in_changeset: bool) -> None:
        is_meant = path in request.target and request.method != "GET"
        if is_meant and (in_changeset or not only_in_changesets):
            raise error

    return plug_in


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, rule())
    return world


def test_a_lead_of_110_points_becomes_a_contact(live: World) -> None:
    """The worked example to its end: job title 100, business phone 10, threshold 110, the lead is a contact."""
    lead = ready(live, lastname="Durand")
    live.work(lead)
    (contact,) = contacts(live)
    assert (contact["lastname"], contact["emailaddress1"]) == ("Durand", "ines@example.org")
    assert state(live, lead) == (1, 3)
    assert outcomes(live, lead) == [(QUALIFIED, None, 1)]
    (entry,) = live.log(lead)
    assert json.loads(entry["lgate_actions"])["qualify_lead"] == {
        "contact": True,
        "account": False,
        "opportunity": False,
        "status": 3,
    }
    fit = live.scores(lead)["Fit"]
    assert (fit["lgate_score"], fit["statecode"], fit["statuscode"]) == (110, 1, 482100003)
    assert live.queue.sent == []


def test_a_lead_below_the_threshold_stays_a_lead(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", emailaddress1="ines@example.org")
    live.work(lead)
    assert (contacts(live), state(live, lead), outcomes(live, lead)) == ([], (0, 1), [])


def test_the_one_active_contact_with_the_address_is_linked_and_no_second_one_made(live: World) -> None:
    known = new_contact(live, emailaddress1="INES@example.org")
    other = new_contact(live, emailaddress1="other@example.org")
    lead = ready(live)
    live.work(lead)
    assert {row["contactid"] for row in contacts(live)} == {str(known), str(other)}
    assert live.lead(lead, "_parentcontactid_value")["_parentcontactid_value"] == str(known)
    assert state(live, lead) == (1, 3)


def test_several_contacts_with_the_address_block_the_rule_and_the_log_says_so_once(live: World) -> None:
    first, _ = new_contact(live, emailaddress1="ines@example.org"), new_contact(live, emailaddress1="ines@example.org")
    lead = ready(live)
    live.work(lead)
    live.work(lead)
    assert outcomes(live, lead) == [(BLOCKED, "ambiguous-contact", 1)]
    assert state(live, lead) == (0, 1)
    assert live.scores(lead)["Fit"]["lgate_score"] == 110
    live.app.client.send(delete("contacts", str(first), etag="*"))
    live.work(lead)
    assert outcomes(live, lead) == [(QUALIFIED, None, 1), (BLOCKED, "ambiguous-contact", 1)]
    assert len(contacts(live)) == 1


def test_no_address_of_a_lead_stands_in_a_url(live: World) -> None:
    seen: list[str] = []
    live.adapter.before = lambda request: seen.append(str(request.url))
    live.work(ready(live))
    assert len(seen) > 2
    assert not [url for url in seen if "example" in url]


def test_a_parent_contact_and_account_are_kept_and_not_made_again(world: World) -> None:
    world.publish(FIT, rule(qualify={"account": True, "opportunity": True}))
    contact = new_contact(world)
    account = uuid4()
    world.app.client.send(create("accounts", {"accountid": str(account), "name": "Contoso"}, id_column="accountid"))
    binds = {
        "parentcontactid@odata.bind": f"/contacts({contact})",
        "parentaccountid@odata.bind": f"/accounts({account})",
    }
    world.work(ready(world, **binds))
    assert [row["contactid"] for row in contacts(world)] == [str(contact)]
    accounts = list(world.app.client.rows(query("accounts", select=["accountid"])))
    assert [row["accountid"] for row in accounts] == [str(account)]
    columns = ["_customerid_value", "_transactioncurrencyid_value"]
    (opportunity,) = world.app.client.rows(query("opportunities", select=columns))
    assert opportunity["_customerid_value"] == str(account)


def test_a_lost_answer_makes_no_second_contact(live: World) -> None:
    lead = ready(live)

    def lose() -> None:
        raise requests.ConnectionError

    with once(live.adapter, "after", lose):
        live.work(lead)
    assert len(contacts(live)) == 1
    assert outcomes(live, lead) == [(QUALIFIED, None, 1)]


def test_two_workers_at_once_make_one_contact(live: World) -> None:
    lead = ready(live)
    adapter, other = live.another_app()
    with once(adapter, "before", lambda: live.work(lead)):
        live.work(lead, app=other)
    other.client.close()
    assert len(contacts(live)) == 1
    assert outcomes(live, lead) == [(QUALIFIED, None, 1)]


@pytest.mark.parametrize("lost", [False, True])
def test_where_no_changeset_takes_the_action_it_follows_alone_and_is_finished(live: World, lost: bool) -> None:
    refusal = BadRequestError("The action is not allowed in a change set.", "0x80060888")
    live.emulator.plug_ins.append(refusing(refusal, only_in_changesets=True))
    lead = ready(live)

    def lose(request: requests.PreparedRequest) -> None:
        body = request.body or b""
        text = body if isinstance(body, bytes) else body.encode()
        if lost and b"QualifyLead" in text and b"changeset_" not in text:
            live.adapter.after = lambda _request: None
            assert outcomes(live, lead) == [(QUALIFYING, None, 1)]
            raise requests.ConnectionError

    live.adapter.after = lose
    live.work(lead)
    live.work(lead)
    assert live.adapter.after is not lose or not lost
    assert len(contacts(live)) == 1
    assert outcomes(live, lead) == [(QUALIFIED, None, 1)]
    assert state(live, lead) == (1, 3)


def test_an_action_under_way_whose_lead_was_disqualified_meanwhile_has_failed(live: World) -> None:
    refusal = BadRequestError("The action is not allowed in a change set.", "0x80060888")
    live.emulator.plug_ins.append(refusing(refusal, only_in_changesets=True))
    lead = ready(live)
    disqualified = False

    def disqualify(request: requests.PreparedRequest) -> None:
        nonlocal disqualified
        body = request.body or b""
        text = body if isinstance(body, bytes) else body.encode()
        if not disqualified and b"QualifyLead" in text and b"changeset_" not in text:
            disqualified = True
            live.edit(lead, statecode=2, statuscode=4)

    live.adapter.before = disqualify
    live.work(lead)
    assert disqualified
    assert contacts(live) == []
    assert outcomes(live, lead) == [(FAILED, "disqualified-meanwhile", 1)]


def test_a_refused_action_leaves_the_score_a_failed_entry_and_a_message_to_redrive(live: World) -> None:
    live.emulator.plug_ins.append(refusing(BadRequestError("No, Inès Durand!", "0x80040265")))
    lead = ready(live)
    live.work(lead)
    live.work(lead)
    assert state(live, lead) == (0, 1)
    assert live.scores(lead)["Fit"]["lgate_score"] == 110
    assert outcomes(live, lead) == [(FAILED, "0x80040265", 1)]
    assert [json.loads(text)["reason"] for text in live.queue.of("leadgate-lead-changes-poison")] == ["0x80040265"] * 2
    live.emulator.plug_ins.clear()
    live.work(lead)
    assert outcomes(live, lead) == [(QUALIFIED, None, 1), (FAILED, "0x80040265", 1)]


def test_a_duplicate_that_dataverse_finds_is_an_outcome_and_no_poison(live: World) -> None:
    live.emulator.plug_ins.append(refusing(BadRequestError("A record was not created or updated.", "0x80040333")))
    lead = ready(live)
    live.work(lead)
    live.work(lead)
    assert outcomes(live, lead) == [(BLOCKED, "duplicate", 1)]
    assert (live.queue.sent, contacts(live)) == ([], [])


def test_no_more_than_max_per_hour_are_qualified_and_the_rest_follow(world: World) -> None:
    world.publish(FIT, rule(qualify={}, max_per_hour=3))
    leads = [ready(world) for _ in range(8)]
    world.work(*leads)
    assert len(contacts(world)) == 3
    waiting = [lead for lead in leads if state(world, lead) == (0, 1)]
    assert all(outcomes(world, lead) == [(BLOCKED, "max-per-hour", 1)] for lead in waiting)
    ((_, text, delay_s),) = world.queue.sent
    assert ({UUID(each) for each in json.loads(text)["ids"]}, delay_s) == (set(waiting), 900)
    for hours in range(1, 3):
        world.clock.forward(hours=1, seconds=1)
        world.work(*waiting)
        assert len(contacts(world)) == min(8, 3 * (hours + 1))
    assert all(state(world, lead) == (1, 3) for lead in leads)


def test_a_lead_seen_closed_and_open_again_may_be_qualified_again(live: World) -> None:
    lead = ready(live)
    live.work(lead)
    live.edit(lead, statecode=0, statuscode=1)
    live.work(lead)
    assert outcomes(live, lead) == [(QUALIFIED, None, 1), (QUALIFIED, None, 2), (REOPENED, "lead-reopened", 2)]
    assert state(live, lead) == (1, 3)
    assert len(contacts(live)) == 1


def test_the_first_rule_that_runs_the_action_is_the_one_that_closes_the_lead(world: World) -> None:
    second = {**rule(qualify={"account": True}), "rule": "Second", "order": 2}
    world.publish(FIT, rule(qualify={}), second)
    lead = ready(world)
    world.work(lead)
    assert len(contacts(world)) == 1
    assert list(world.app.client.rows(query("accounts", select=["accountid"]))) == []
    assert sorted(entry["lgate_name"] for entry in world.log(lead)) == ["Becomes a contact", "Second"]


def test_status_sales_ready_and_the_action_happen_together(world: World) -> None:
    actions = {"status_reason": "Marketing Qualified", "sales_ready": True, "qualify_lead": {}}
    world.publish(FIT, {**rule(), "actions": actions})
    lead = ready(world)
    world.work(lead)
    row = world.lead(lead, "lgate_salesready", "lgate_qualifiedon")
    assert (row["lgate_salesready"], row["lgate_qualifiedon"]) == (True, "2026-03-02T09:00:00Z")
    assert state(world, lead) == (1, 3)


def test_a_lead_without_what_contacts_are_matched_by_becomes_a_new_contact(live: World) -> None:
    new_contact(live)
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    assert len(contacts(live)) == 2
    assert state(live, lead) == (1, 3)


def test_an_inactive_contact_is_not_the_one(live: World) -> None:
    gone = new_contact(live, emailaddress1="ines@example.org")
    live.app.client.send(update("contacts", str(gone), {"statecode": 1, "statuscode": 2}, etag="*"))
    lead = ready(live)
    live.work(lead)
    row = live.lead(lead, "_parentcontactid_value")
    assert row["_parentcontactid_value"] != str(gone)
    active = query("contacts", select=["contactid"], filter=eq("statecode", 0))
    assert len(list(live.app.client.rows(active))) == 1


def test_the_lead_that_closes_between_read_and_write_becomes_no_contact(live: World) -> None:
    lead = ready(live)
    with once(live.adapter, "before", lambda: live.edit(lead, statecode=2, statuscode=4)):
        live.work(lead)
    assert (contacts(live), outcomes(live, lead)) == ([], [])
    assert state(live, lead) == (2, 4)
    assert live.lead(lead, Lead.QUALIFIED_ON)[Lead.QUALIFIED_ON] is None
