"""Odd rows, edited rules and refusals beside each other: a lead is acted on once, and no other lead suffers."""

import json
from uuid import UUID, uuid4

import pytest
import requests

from connector.changeset import bind
from connector.tables import Lead, QualificationLog, QualificationRule
from dataverse import create, delete, query, update
from dataverse.odata import eq
from emulator.web_api.errors import BadRequestError
from tests import customer_insights
from tests.integration.polling import merge
from tests.integration.test_qualify_lead import contacts, new_contact, outcomes, ready, refusing, rule, state
from tests.world import FIT, RULE, World

QUALIFIED, QUALIFYING, BLOCKED, FAILED, REOPENED = (
    QualificationLog.QUALIFIED,
    QualificationLog.QUALIFYING,
    QualificationLog.BLOCKED,
    QualificationLog.FAILED,
    QualificationLog.REOPENED,
)
MARKED = {**RULE, "existing_leads": "include"}


def entries(world: World, lead: UUID) -> list[tuple[UUID, str, int, int]]:
    """The log of a lead: id, rule, outcome, occurrence."""
    columns = [QualificationLog.ID, QualificationLog.NAME, QualificationLog.OUTCOME, QualificationLog.OCCURRENCE]
    found = query(QualificationLog.SET, select=columns, filter=eq(f"_{QualificationLog.LEAD}_value", lead))
    rows = (tuple(row[name] for name in columns) for row in world.app.client.rows(found))
    return [(UUID(str(row_id)), str(name), outcome, number) for row_id, name, outcome, number in rows]  # type: ignore[misc]


def write_log(world: World, row_id: UUID, **columns: object) -> None:
    world.app.client.send(update(QualificationLog.SET, str(row_id), columns, etag="*"))


@pytest.mark.parametrize("typed", ["not JSON", "[]", "7", "null", '"qualify_lead"'])
def test_text_typed_into_the_log_stops_no_lead_and_the_rule_acts_no_second_time(world: World, typed: str) -> None:
    world.publish(FIT, MARKED)
    marked, other = ready(world), ready(world)
    world.work(marked)
    ((row_id, *_),) = entries(world, marked)
    write_log(world, row_id, lgate_actions=typed)
    world.edit(marked, statuscode=1)
    world.work(marked, other)
    assert (state(world, marked), state(world, other)) == ((0, 1), (0, Lead.MARKETING_QUALIFIED))
    assert len(entries(world, marked)) == 1


@pytest.mark.parametrize("column", ["lgate_occurrence", "lgate_outcome", "lgate_actions", "lgate_decidedon"])
def test_an_entry_with_an_empty_column_stops_no_lead_and_the_rule_acts_no_second_time(
    world: World, column: str
) -> None:
    world.publish(FIT, MARKED)
    marked, other = ready(world), ready(world)
    world.work(marked)
    ((row_id, *_),) = entries(world, marked)
    write_log(world, row_id, **{column: None})
    world.edit(marked, statuscode=1)
    world.work(marked, other)
    assert (state(world, marked), state(world, other)) == ((0, 1), (0, Lead.MARKETING_QUALIFIED))
    assert world.queue.sent == []


def test_a_rule_acts_no_second_time_when_old_entries_are_deleted(world: World) -> None:
    """As a deletion by age leaves it: the entry by which the occurrence began is gone, that of the act is not."""
    world.publish(FIT, MARKED)
    lead = ready(world)
    world.work(lead)
    for state_code, status in ((2, 4), (0, 1)):
        world.edit(lead, statecode=state_code, statuscode=status)
        world.work(lead)
    assert sorted(entry[2:] for entry in entries(world, lead)) == [(QUALIFIED, 1), (QUALIFIED, 2), (REOPENED, 2)]
    for row_id, _, outcome, number in entries(world, lead):
        if (outcome, number) != (QUALIFIED, 2):
            world.app.client.send(delete(QualificationLog.SET, str(row_id), etag="*"))
    world.edit(lead, statuscode=1)
    world.work(lead)
    assert state(world, lead) == (0, 1)
    assert [entry[2:] for entry in entries(world, lead)] == [(QUALIFIED, 2)]


def test_a_refused_action_keeps_no_other_rule_from_acting(world: World) -> None:
    world.emulator.plug_ins.append(refusing(BadRequestError("No.", "0x80040265")))
    world.publish(FIT, MARKED, rule(order=2))
    lead = ready(world)
    world.work(lead)
    assert state(world, lead) == (0, Lead.MARKETING_QUALIFIED)
    assert sorted(entry[1:3] for entry in entries(world, lead)) == [
        ("Becomes a contact", FAILED),
        (MARKED["rule"], QUALIFIED),
    ]
    world.emulator.plug_ins.clear()
    world.work(lead)
    assert state(world, lead) == (1, 3)
    assert len(contacts(world)) == 1


def test_a_role_that_lacks_contacts_keeps_no_score_back_and_the_lead_is_tried_again(world: World) -> None:
    world.emulator.plug_ins.append(refusing(BadRequestError("prvCreateContact", "0x80040220")))
    world.publish(FIT, MARKED, rule(order=2))
    lead = ready(world)
    world.work(lead)
    assert state(world, lead) == (0, Lead.MARKETING_QUALIFIED)
    assert world.scores(lead)["Fit"]["lgate_score"] == 110
    assert (FAILED, "0x80040220", 1) in outcomes(world, lead)
    assert [queue for queue, *_ in world.queue.sent] == ["leadgate-lead-changes"]
    world.emulator.plug_ins.clear()
    ((queue, text, _),) = world.queue.sent
    world.app.worker.work(text, queue)
    assert state(world, lead) == (1, 3)
    assert len(contacts(world)) == 1


@pytest.mark.parametrize("code", ["0x80040203", "0x80040265"])
def test_a_message_given_back_once_the_cause_is_mended_qualifies_the_lead(world: World, code: str) -> None:
    actions = {"status_reason": "Marketing Qualified", "qualify_lead": {}}
    world.publish(FIT, {**rule(), "actions": actions})
    world.emulator.plug_ins.append(refusing(BadRequestError("No.", code)))
    lead = ready(world)
    world.work(lead)
    world.work(lead)
    assert state(world, lead)[0] == Lead.OPEN
    assert FAILED in [entry[2] for entry in entries(world, lead)]
    world.emulator.plug_ins.clear()
    world.work(lead)
    assert state(world, lead) == (1, 3)
    assert len(contacts(world)) == 1
    world.work(lead)
    assert len(contacts(world)) == 1


@pytest.mark.parametrize("change", [{"msdyn_gdproptout": True}, {"jobtitle": None}])
def test_a_refused_action_is_not_tried_again_on_a_lead_that_is_qualified_no_more(
    world: World, change: dict[str, object]
) -> None:
    world.emulator.plug_ins.append(refusing(BadRequestError("No.", "0x80040203")))
    world.publish(FIT, rule())
    lead = ready(world)
    world.work(lead)
    assert sorted(entry[2] for entry in entries(world, lead)) == [QUALIFYING, FAILED]
    world.emulator.plug_ins.clear()
    world.edit(lead, **change)
    world.work(lead)
    assert (state(world, lead), contacts(world)) == ((0, 1), [])
    world.edit(lead, msdyn_gdproptout=False, jobtitle="CEO")
    world.work(lead)
    assert (state(world, lead), len(contacts(world))) == ((1, 3), 1)
    assert sorted(entry[2] for entry in entries(world, lead)) == [QUALIFIED, FAILED]


def test_an_action_under_way_takes_no_other_rule_along(world: World) -> None:
    """The action goes alone: what another rule would write beside it is not written, nor said to be refused."""
    world.emulator.plug_ins.append(refusing(BadRequestError("Not in a change set.", "0x80060888")))
    world.publish(FIT, rule(order=2))
    lead = ready(world)

    def stop(request: requests.PreparedRequest) -> None:
        body = request.body or b""
        text = body if isinstance(body, bytes) else body.encode()
        if b"QualifyLead" in text and b"changeset_" not in text:
            raise requests.ConnectionError

    world.adapter.before = stop
    world.work(lead)
    world.adapter.before = lambda _request: None
    assert [entry[2] for entry in entries(world, lead)] == [QUALIFYING]
    world.publish({**MARKED, "order": 1})
    world.work(lead)
    world.work(lead)
    assert [entry[2] for entry in entries(world, lead) if entry[1] == MARKED["rule"]] == [QUALIFIED]
    assert state(world, lead)[0] == Lead.OPEN


@pytest.mark.parametrize(
    "value", ["o'neil@example.org", "a&b=c+d#e%20@example.org", " ines@example.org ", "INÈS@example.org", "x" * 100]
)
def test_a_contact_is_found_by_whatever_the_value_holds(world: World, value: str) -> None:
    world.publish(FIT, rule())
    known = new_contact(world, emailaddress1=value.strip().lower())
    lead = world.new_lead(jobtitle="CEO", telephone1="1", emailaddress1=value)
    world.work(lead)
    assert world.lead(lead, "_parentcontactid_value")["_parentcontactid_value"] == str(known)
    assert len(contacts(world)) == 1


@pytest.mark.parametrize("value", ["two\nlines", "tab\tbed", "\x01", "   "])
def test_a_value_that_nobody_can_have_stops_no_other_lead(world: World, value: str) -> None:
    world.publish(FIT, rule())
    odd = world.new_lead(jobtitle="CEO", telephone1="1", emailaddress1=value)
    other = ready(world)
    world.work(odd, other)
    assert (state(world, odd), state(world, other)) == ((1, 3), (1, 3))
    assert world.queue.sent == []


def test_a_score_of_customer_insights_is_known_by_its_models_name_in_any_case(world: World) -> None:
    customer_insights.install(world)
    model = customer_insights.new_model(world, "Engagement")
    theirs = {**MARKED, "criteria": [{"customer_insights": "engagement", "at_least": 20}]}
    world.publish(theirs)
    lead = world.new_lead()
    customer_insights.new_score(world, lead, model, 25)
    world.work(lead)
    assert state(world, lead) == (0, Lead.MARKETING_QUALIFIED)


def test_a_quiet_change_costs_one_request_and_a_written_one_two(world: World) -> None:
    world.publish(FIT, MARKED)
    lead = world.new_lead(jobtitle="CEO")
    seen: list[str] = []
    world.adapter.before = lambda request: seen.append(str(request.url))
    world.work(lead)
    assert len(seen) == 2
    seen.clear()
    world.work(lead)
    assert len(seen) == 1


def test_a_status_that_the_run_has_set_lets_the_next_rule_act(world: World) -> None:
    after = {**MARKED, "rule": "After", "order": 0, "from_status": ["Marketing Qualified"]}
    world.publish(FIT, MARKED, {**after, "actions": {"sales_ready": True}})
    lead = ready(world)
    world.work(lead)
    assert world.lead(lead, "lgate_salesready")["lgate_salesready"] is True
    assert [entry[1:] for entry in entries(world, lead)].count(("After", QUALIFIED, 1)) == 1


def log_entry(world: World, lead: UUID, rule_id: UUID, **columns: object) -> UUID:
    """An entry as somebody might write it by hand."""
    row_id = uuid4()
    row = {
        QualificationLog.ID: str(row_id),
        QualificationLog.NAME: "by hand",
        **bind(QualificationLog.LEAD, Lead.SET, lead),
        **bind(QualificationLog.RULE, QualificationRule.SET, rule_id),
        **columns,
    }
    world.app.client.send(create(QualificationLog.SET, row, id_column=QualificationLog.ID))
    return row_id


def test_entries_written_by_hand_stop_no_lead_and_bind_nobody(world: World) -> None:
    world.publish(FIT, MARKED)
    (live_rule,) = world.app.versions.now().live.rules
    lead, other = ready(world), ready(world)
    log_entry(world, lead, live_rule.rule_id)
    now = "2026-03-02T09:00:00Z"
    for reason in (None, "asked-for", None):
        refused = {"lgate_outcome": BLOCKED, "lgate_occurrence": 1, "lgate_decidedon": now, "lgate_reason": reason}
        log_entry(world, lead, live_rule.rule_id, **refused)
    world.work(lead, other)
    assert [state(world, each) for each in (lead, other)] == [(0, Lead.MARKETING_QUALIFIED)] * 2


def test_a_lead_with_hundreds_of_entries_is_acted_on_once(world: World) -> None:
    world.publish(FIT, MARKED)
    (live_rule,) = world.app.versions.now().live.rules
    lead = ready(world)
    world.work(lead)
    for number in range(260):
        log_entry(world, lead, live_rule.rule_id, lgate_outcome=BLOCKED, lgate_occurrence=1, lgate_reason=str(number))
    world.edit(lead, statuscode=1)
    world.work(lead)
    assert state(world, lead) == (0, 1)
    assert len(entries(world, lead)) == 261


def delete_rule(world: World, rule_id: UUID) -> None:
    world.app.client.send(delete(QualificationRule.SET, str(rule_id), etag="*"))


def test_a_rule_whose_row_was_deleted_a_moment_ago_keeps_no_lead_from_its_score(world: World) -> None:
    world.publish(FIT, MARKED)
    (live_rule,) = world.app.versions.now().live.rules
    lead = ready(world)
    delete_rule(world, live_rule.rule_id)
    world.work(lead)
    world.clock.forward(seconds=61)
    for queue, text, _ in list(world.queue.sent):
        assert not queue.endswith("poison")
        world.app.worker.work(text, queue)
    assert state(world, lead) == (0, 1)
    assert world.scores(lead)["Fit"]["lgate_score"] == 110


def test_a_rule_moved_before_another_does_not_act_on_a_lead_twice(world: World) -> None:
    second = {**MARKED, "rule": "Second", "order": 2, "actions": {"status_reason": "Contacted"}}
    world.publish(FIT, MARKED, second)
    lead = ready(world)
    world.work(lead)
    world.publish({**second, "order": 0})
    world.work(lead)
    assert state(world, lead) == (0, Lead.MARKETING_QUALIFIED)
    assert len(entries(world, lead)) == 2


def test_a_lead_whose_person_asked_to_be_left_alone_is_left_alone_by_all_rules(world: World) -> None:
    world.publish(FIT, MARKED, rule(order=2))
    lead = ready(world, msdyn_gdproptout=True)
    world.work(lead)
    assert (state(world, lead), entries(world, lead), contacts(world)) == ((0, 1), [], [])


def test_a_deleted_version_or_model_lets_no_rule_act_twice(world: World) -> None:
    world.publish(FIT, MARKED)
    lead = ready(world)
    world.work(lead)
    world.publish({**MARKED, "order": 3})
    versions = query("lgate_publishedversions", select=["lgate_publishedversionid", "lgate_name", "statecode"])
    for row in list(world.app.client.rows(versions)):
        if row["statecode"] == 1:
            world.app.client.send(delete("lgate_publishedversions", str(row["lgate_publishedversionid"]), etag="*"))
    world.edit(lead, statuscode=1)
    world.work(lead)
    assert state(world, lead) == (0, 1)
    assert len(entries(world, lead)) == 1


def test_scores_that_change_while_the_action_is_under_way_end_as_those_of_a_closed_lead(world: World) -> None:
    world.emulator.plug_ins.append(refusing(BadRequestError("Not here.", "0x80060888"), only_in_changesets=True))
    world.publish(FIT, rule())
    lead, changed = ready(world), False

    def change(request: requests.PreparedRequest) -> None:
        nonlocal changed
        body = request.body or b""
        text = body if isinstance(body, bytes) else body.encode()
        if not changed and b"QualifyLead" in text and b"changeset_" not in text:
            changed = True
            world.edit(lead, telephone1=None)

    world.adapter.before = change
    world.work(lead)
    world.adapter.before = lambda _request: None
    assert changed
    assert outcomes(world, lead) == [(QUALIFIED, None, 1)]
    assert world.scores(lead)["Fit"]["statuscode"] == 482100003
    before = world.writes()
    world.work(lead)
    assert world.writes() == before


def test_nothing_of_a_lead_is_in_a_log_a_message_or_a_url(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    world.publish(FIT, rule())
    urls: list[str] = []
    world.adapter.before = lambda request: urls.append(str(request.url))
    world.emulator.plug_ins.append(refusing(BadRequestError("No Inès, Zaphod@example.org!", "0x80040265")))
    lead = world.new_lead(jobtitle="CEO", telephone1="1", emailaddress1="Zaphod@example.org", lastname="Zaphod")
    world.work(lead)
    told = caplog.text + json.dumps(world.queue.sent) + "".join(urls) + str(world.log(lead))
    assert "80040265" in told
    assert "Zaphod" not in told


def test_what_came_along_with_a_merge_lets_no_rule_act_twice(world: World) -> None:
    world.publish(FIT, MARKED)
    stays, goes = ready(world), ready(world)
    world.work(stays, goes)
    for state_code, status in ((2, 4), (0, 1)):
        world.edit(goes, statecode=state_code, statuscode=status)
        world.work(goes)
    world.edit(stays, statuscode=1)
    merge(world, stays, goes)
    world.work(stays, goes)
    world.work(stays)
    assert state(world, stays) == (0, 1)
    assert len(entries(world, stays)) == 4
