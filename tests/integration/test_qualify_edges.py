"""Odd rows, edited rules and refusals beside each other: a lead is acted on once, and no other lead suffers."""

from uuid import UUID

import pytest
import requests

from connector.tables import Lead, QualificationLog
from dataverse import delete, query, update
from dataverse.odata import eq
from emulator.web_api.errors import BadRequestError
from tests import customer_insights
from tests.integration.test_qualify_lead import contacts, new_contact, ready, refusing, rule, state
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


@pytest.mark.parametrize(
    "value",
    ["two\nlines", "tab\tbed", "\x01", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "   "],
)
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
