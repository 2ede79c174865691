"""A refusal names everything at once, in the row and in the command, and nothing goes live."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from connector.errors import PublicationError
from connector.tables import (
    ACTIVE,
    PublishedVersion,
    ScoringCondition,
    ScoringGroup,
    ScoringModel,
)
from connector.tables import Lifecycle as Status
from dataverse import create, query, update
from emulator.web_api import emulator as emulated
from emulator.web_api.errors import WebApiError
from tests.forms import NAME, apply, ask, draft, look, standing, versions, write
from tests.world import FIT, RULE, VISITS, World


def test_a_refusal_of_a_draft_is_written_into_the_row_which_is_a_draft_again(world: World) -> None:
    apply(world, FIT, RULE)
    ask(world, NAME, Status.PUBLISHING)
    refusal = "criteria[0].model: 'Fit' is not live: publish it first"
    assert standing(world, NAME) == (ACTIVE, Status.DRAFT, refusal)
    apply(world, {**FIT, "entry": {"column": "jobtitel", "op": "null"}})
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.DRAFT, "entry.column: lead.jobtitel does not exist")
    apply(world, FIT)
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)


def test_a_stopped_model_that_is_refused_is_a_draft(world: World) -> None:
    world.publish(FIT)
    ask(world, "Fit", Status.STOPPING)
    apply(world, {**FIT, "entry": {"column": "jobtitel", "op": "null"}})
    write(world, "Fit", statecode=ACTIVE, statuscode=Status.PUBLISHING)
    look(world, "Fit")
    assert standing(world, "Fit")[:2] == (ACTIVE, Status.DRAFT)


def eleven_faults(world: World) -> None:
    """Live as it was, and edited since into a model with eleven faults, three of them typed into rows by hand."""
    world.publish(FIT, VISITS)
    groups = [
        {"name": "a", "points": 1, "when": {"column": "jobtitel", "op": "not-null"}},
        {"name": "b", "points": 1, "when": {"column": "numberofemployees", "op": "ge", "value": "many"}},
        {"name": "c", "points": 1, "when": {"column": "telephone1", "op": "not-null"}},
        {"name": "d", "points": 1, "when": {"all": [{"column": "fax", "op": "null"}, {"column": "fix", "op": "null"}]}},
        {"name": "e", "points": 1, "interactions": {"table": "new_visits", "lead": "new_leadid", "at": "createdon"}},
        {
            "name": "f",
            "points": 1,
            "interactions": {"table": "lgate_leadinteraction", "lead": "lgate_type", "at": "lgate_source"},
        },
    ]
    apply(world, {**VISITS, "show_on_lead": True, "groups": groups, "business_unit": "Nowhere"})
    client = world.app.client
    children = draft(world, "Visits").children
    of_conditions = query(ScoringCondition.SET, select=[ScoringCondition.ID, ScoringCondition.COLUMN])
    for found in list(client.rows(of_conditions)):
        key = (ScoringCondition.SET, UUID(str(found[ScoringCondition.ID])))
        if key in children and found[ScoringCondition.COLUMN] in {"telephone1", "fix"}:
            client.send(update(*map(str, key), {ScoringCondition.OPERATOR: "matches"}, etag="*"))
    for found in list(client.rows(query(ScoringGroup.SET, select=[ScoringGroup.ID, ScoringGroup.NAME]))):
        if found[ScoringGroup.NAME] == "a":
            row_id = str(found[ScoringGroup.ID])
            client.send(update(ScoringGroup.SET, row_id, {ScoringGroup.NAME: "two\nlines"}, etag="*"))


ELEVEN = (
    "groups[0].name: must be one line of printable text",
    "groups[2].when.op: unknown operator 'matches'",
    "groups[3].when.all[1].op: unknown operator 'matches'",
    "business_unit: there is no business unit of this name",
    "groups[0].when.column: lead.jobtitel does not exist",
    "groups[1].when: lead.numberofemployees is of type Integer: the value must be a number",
    "groups[3].when.all[1].column: lead.fix does not exist",
    "groups[4].interactions.table: there is no table new_visits",
    "groups[5].interactions.lead: lgate_leadinteraction.lgate_type is not a lookup to lead",
    "groups[5].interactions.at: lgate_leadinteraction.lgate_source is not a date column",
    "show_on_lead: 'Fit' is live and shown on the lead already",
)


def test_a_refusal_names_every_fault_in_the_row_and_the_version_before_stays_in_force(world: World) -> None:
    eleven_faults(world)
    lead = world.new_lead()
    world.visit(lead)
    world.queue.sent.clear()
    ask(world, "Visits", Status.PUBLISHING)
    assert standing(world, "Visits") == (ACTIVE, Status.LIVE, "\n".join(ELEVEN))
    assert versions(world) == [("Fit 1", ACTIVE), ("Visits 1", ACTIVE)]
    assert world.queue.sent == []
    world.app.versions.fresh()
    world.work(lead)
    assert world.scores(lead)["Visits"]["lgate_score"] == 5


def test_the_command_names_the_same_faults_and_writes_nothing(world: World) -> None:
    eleven_faults(world)
    before = world.writes()
    with pytest.raises(PublicationError) as refused:
        world.publisher().publish_model("Visits")
    assert refused.value.problems == ELEVEN
    assert world.writes() == before


def test_broken_json_is_named_with_its_place_beside_all_else(world: World) -> None:
    deep = {"any": [{"not": {"column": "fax", "op": "null"}}, {"column": "fax", "op": "null"}]}
    groups = [
        {"name": "a", "points": 1, "when": {"column": "jobtitel", "op": "null"}},
        {"name": "b", "points": 1, "when": deep},
    ]
    apply(world, {"model": "Fit", "groups": groups})
    client = world.app.client
    for found in client.rows(query(ScoringGroup.SET, select=[ScoringGroup.ID, ScoringGroup.DEFINITION])):
        if found[ScoringGroup.DEFINITION]:
            broken = {ScoringGroup.DEFINITION: "{'not'"}
            client.send(update(ScoringGroup.SET, str(found[ScoringGroup.ID]), broken, etag="*"))
    write(world, "Fit", lgate_entrycondition="[")
    ask(world, "Fit", Status.PUBLISHING)
    assert str(standing(world, "Fit")[2]).splitlines() == [
        "lgate_entrycondition: is not JSON",
        "groups[1].lgate_definition: is not JSON",
        "groups[0].when.column: lead.jobtitel does not exist",
    ]


class PrivilegeDenied(WebApiError):  # noqa: N818  the platform's own name
    def __init__(self) -> None:
        super().__init__(403, "0x80040220", "Principal user is missing prvReadAccount privilege")


@pytest.fixture
def unreadable_accounts(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An environment whose service user may not read accounts, by themselves or expanded."""
    route = emulated.route

    def guarded(environment: Any, call: Any) -> Any:
        first = call.address.segments[0].name if call.address.segments else ""
        if first == "accounts" or "parentaccountid(" in call.request.target:
            raise PrivilegeDenied
        return route(environment, call)

    monkeypatch.setattr(emulated, "route", guarded)
    return world


def test_a_table_that_the_service_may_not_read_is_named_with_its_privilege(unreadable_accounts: World) -> None:
    when = {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 250}
    apply(unreadable_accounts, {"model": "Fit", "groups": [{"name": "Large", "points": 20, "when": when}]})
    ask(unreadable_accounts, "Fit", Status.PUBLISHING)
    refusal = "the app may not read account: its security role lacks prvReadaccount"
    assert standing(unreadable_accounts, "Fit") == (ACTIVE, Status.DRAFT, refusal)
    assert versions(unreadable_accounts) == []


def test_publishing_a_model_without_groups_is_refused(world: World) -> None:
    model_id = uuid4()
    columns = {ScoringModel.ID: str(model_id), ScoringModel.NAME: "Empty"}
    world.app.client.send(create(ScoringModel.SET, columns, id_column=ScoringModel.ID))
    ask(world, "Empty", Status.PUBLISHING)
    state, status, said = standing(world, "Empty")
    assert (state, status, str(said).partition(":")[0]) == (ACTIVE, Status.DRAFT, "groups")


def test_a_version_that_cannot_be_read_is_the_answer_and_nobody_waits_for_one(world: World) -> None:
    world.publish(FIT, VISITS)
    (found,) = (
        each
        for each in world.app.client.rows(
            query(PublishedVersion.SET, select=[PublishedVersion.ID, PublishedVersion.NAME])
        )
        if each[PublishedVersion.NAME] == "Fit 1"
    )
    tampered = {PublishedVersion.DEFINITION: "{}"}
    world.app.client.send(update(PublishedVersion.SET, str(found[PublishedVersion.ID]), tampered, etag="*"))
    ask(world, "Visits", Status.PUBLISHING)
    assert "has changed since its publication" in str(standing(world, "Visits")[2])
    assert standing(world, "Visits")[:2] == (ACTIVE, Status.LIVE)


def test_a_file_mends_a_draft_whose_json_is_broken(world: World) -> None:
    apply(world, FIT, RULE)
    write(world, "Fit", lgate_entrycondition="{")
    write(world, NAME, lgate_actions="{")
    apply(world, FIT, RULE)
    ask(world, "Fit", Status.PUBLISHING)
    ask(world, NAME, Status.PUBLISHING)
    assert {standing(world, name) for name in ("Fit", NAME)} == {(ACTIVE, Status.LIVE, None)}


def test_a_refusal_of_a_rule_names_what_is_typed_wrongly_beside_what_is_not_there(world: World) -> None:
    apply(world, FIT, {**RULE, "from_status": ["New"]})
    write(world, NAME, lgate_actions="{'status'", lgate_fromstatus="New", lgate_order=7)
    ask(world, NAME, Status.PUBLISHING)
    assert str(standing(world, NAME)[2]).splitlines() == [
        "lgate_fromstatus: is not JSON",
        "lgate_actions: is not JSON",
        "criteria[0].model: 'Fit' is not live: publish it first",
    ]
    write(world, NAME, lgate_actions='{"status_reason": "Sehr gut", "delete": true}', lgate_fromstatus='"New"')
    ask(world, NAME, Status.PUBLISHING)
    places = [line.partition(":")[0] for line in str(standing(world, NAME)[2]).splitlines()]
    assert places == ["from_status", "actions.delete", "criteria[0].model"]
