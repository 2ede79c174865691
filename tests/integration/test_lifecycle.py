"""Models and rules through their Status Reason: what people ask for is done or refused, and nothing else stays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.drafts import Draft, read_model, read_rule
from connector.errors import PublicationError, QueueError
from connector.lifecycle import Lifecycle
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage, read_lifecycle_message
from connector.messages import LEAD_CHANGES_BULK, POISON
from connector.rules import parse_rule
from connector.tables import (
    ACTIVE,
    INACTIVE,
    PublishedVersion,
    QualificationRule,
    ScoringCondition,
    ScoringGroup,
    ScoringModel,
)
from connector.tables import Lifecycle as Status
from connector.versions import RULE as VERSION_OF_RULE
from dataverse import AlreadyExistsError, create, delete, query, update
from emulator.web_api import emulator as emulated
from emulator.web_api.errors import WebApiError
from scoring import parse_model
from tests.world import FIT, RULE, VISITS, World

NAME = "Marketing qualified"
MARKETING_QUALIFIED = 482100000


def apply(world: World, *definitions: dict[str, Any]) -> None:
    models = tuple(parse_model(each) for each in definitions if "model" in each)
    rules = tuple(parse_rule(each) for each in definitions if "rule" in each)
    apply_definitions(world.app.client, Definitions(models, rules))


def changed(model: dict[str, Any], points: int) -> dict[str, Any]:
    first, *others = model["groups"]
    return {**model, "groups": [{**first, "points": points}, *others]}


def draft(world: World, name: str) -> Draft:
    found = read_rule(world.app.client, name) if name == NAME else read_model(world.app.client, name)
    assert found is not None
    return found


def write(world: World, name: str, **columns: object) -> None:
    """An edit of the row by a person."""
    entity_set = QualificationRule.SET if name == NAME else ScoringModel.SET
    world.app.client.send(update(entity_set, str(draft(world, name).row_id), columns, etag="*"))


def row(world: World, name: str) -> dict[str, Any]:
    of = QualificationRule if name == NAME else ScoringModel
    columns = ["statecode", "statuscode", of.ERROR_DETAILS, of.UNPUBLISHED_CHANGES, f"_{of.CURRENT_VERSION}_value"]
    rows = world.app.client.rows(query(of.SET, select=[of.NAME, *columns]))
    return next(dict(found) for found in rows if found[of.NAME] == name)


def standing(world: World, name: str) -> tuple[int, int, str | None]:
    found = row(world, name)
    return found["statecode"], found["statuscode"], found[ScoringModel.ERROR_DETAILS]


def message(world: World, name: str) -> LifecycleMessage:
    table = QualificationRule.TABLE if name == NAME else ScoringModel.TABLE
    return LifecycleMessage(table=table, id=draft(world, name).row_id)


def look(world: World, name: str) -> None:
    world.app.lifecycle.work(message(world, name).text())


def ask(world: World, name: str, status: int) -> None:
    """What the form and the webhook do: the Status Reason is set, and a message is queued."""
    write(world, name, statuscode=status)
    look(world, name)


def versions(world: World) -> list[tuple[str, int]]:
    columns = [PublishedVersion.NAME, PublishedVersion.NUMBER, "statecode"]
    rows = world.app.client.rows(query(PublishedVersion.SET, select=columns, orderby=[PublishedVersion.NAME]))
    return [(str(found[PublishedVersion.NAME]), int(str(found["statecode"]))) for found in rows]


def score(world: World, lead: UUID) -> int:
    world.app.versions.fresh()
    world.work(lead)
    found: int = world.scores(lead)["Fit"]["lgate_score"]
    return found


def test_a_model_set_to_publishing_is_live(world: World) -> None:
    lead = world.new_lead(jobtitle="CEO")
    apply(world, FIT)
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", ACTIVE)]
    ((queue, text, delay_s),) = world.queue.sent
    assert (queue, delay_s, str(lead) in text) == (LEAD_CHANGES_BULK, 120, True)
    assert score(world, lead) == 100


def test_a_live_model_set_to_publishing_is_replaced_and_until_then_the_old_version_scores(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    apply(world, changed(FIT, 50))
    write(world, "Fit", statuscode=Status.PUBLISHING)
    assert score(world, lead) == 100
    look(world, "Fit")
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", INACTIVE), ("Fit 2", ACTIVE)]
    assert score(world, lead) == 50


def test_publishing_what_is_in_force_makes_no_version_and_the_row_is_live_again(world: World) -> None:
    world.publish(FIT)
    world.new_lead()
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", ACTIVE)]
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1


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


def eight_faults(world: World) -> None:
    """Live as it was, and edited since into a model with eight faults, of rows typed by hand too."""
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
    typed = {"c": {ScoringCondition.OPERATOR: "matches"}, "d": {ScoringCondition.OPERATOR: "matches"}}
    conditions = query(ScoringCondition.SET, select=[ScoringCondition.ID, ScoringCondition.COLUMN])
    for found in world.app.client.rows(conditions):
        if found[ScoringCondition.COLUMN] in {"telephone1", "fix"} and _belongs_to_visits(world, found):
            row_id = str(found[ScoringCondition.ID])
            world.app.client.send(update(ScoringCondition.SET, row_id, typed["c"], etag="*"))
    (group,) = (
        found
        for found in world.app.client.rows(query(ScoringGroup.SET, select=[ScoringGroup.ID, ScoringGroup.NAME]))
        if found[ScoringGroup.NAME] == "a"
    )
    world.app.client.send(
        update(ScoringGroup.SET, str(group[ScoringGroup.ID]), {ScoringGroup.NAME: "two\nlines"}, etag="*")
    )


def _belongs_to_visits(world: World, condition: Any) -> bool:
    return (ScoringCondition.SET, UUID(str(condition[ScoringCondition.ID]))) in draft(world, "Visits").children


EIGHT_AND_MORE = (
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
    eight_faults(world)
    lead = world.new_lead()
    world.visit(lead)
    world.queue.sent.clear()
    ask(world, "Visits", Status.PUBLISHING)
    assert standing(world, "Visits") == (ACTIVE, Status.LIVE, "\n".join(EIGHT_AND_MORE))
    assert versions(world) == [("Fit 1", ACTIVE), ("Visits 1", ACTIVE)]
    assert world.queue.sent == []
    world.app.versions.fresh()
    world.work(lead)
    assert world.scores(lead)["Visits"]["lgate_score"] == 5


def test_the_command_names_the_same_faults_and_writes_nothing(world: World) -> None:
    eight_faults(world)
    before = world.writes()
    with pytest.raises(PublicationError) as refused:
        world.publisher().publish_model("Visits")
    assert refused.value.problems == EIGHT_AND_MORE
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


def test_a_model_set_to_stopping_is_stopped_and_scores_until_then(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    write(world, "Fit", statuscode=Status.STOPPING)
    assert score(world, lead) == 100
    look(world, "Fit")
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)
    assert versions(world) == [("Fit 1", INACTIVE)]
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1
    world.app.versions.fresh()
    world.work(lead)
    assert world.scores(lead)["Fit"]["statecode"] == INACTIVE


def test_a_model_that_a_live_rule_names_is_live_again_and_says_which(world: World) -> None:
    world.publish(FIT, RULE)
    ask(world, "Fit", Status.STOPPING)
    refusal = f"rule {NAME!r} is live and names it: stop the rule first"
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, refusal)
    ask(world, NAME, Status.STOPPING)
    ask(world, "Fit", Status.STOPPING)
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)


def test_a_rule_that_somebody_stops_flips_nobody_from_then_on(world: World) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    write(world, NAME, statuscode=Status.STOPPING)
    world.clock.forward(seconds=60)
    world.work(lead)
    assert (world.scores(lead)["Fit"]["lgate_score"], world.lead(lead)["statuscode"]) == (110, 1)
    look(world, NAME)
    assert standing(world, NAME) == (INACTIVE, Status.STOPPED, None)


def test_a_stop_is_heard_by_every_worker_within_sixty_seconds(world: World) -> None:
    world.publish(FIT, RULE)
    _, other = world.another_app()
    other.versions.now()
    world.clock.forward(seconds=1)
    ask(world, NAME, Status.STOPPING)
    world.clock.forward(seconds=59)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    world.work(lead, app=other)
    other.client.close()
    assert world.lead(lead)["statuscode"] == 1


def test_no_lead_flips_on_the_score_of_a_model_that_is_stopped(world: World) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    # As when the rule was published in the moment in which the model was stopped.
    version = row(world, "Fit")[f"_{ScoringModel.CURRENT_VERSION}_value"]
    world.app.client.send(update(PublishedVersion.SET, version, {"statecode": INACTIVE, "statuscode": 2}, etag="*"))
    world.app.versions.fresh()
    world.work(lead)
    assert (world.lead(lead)["statuscode"], world.log(lead), world.scores(lead)) == (1, [], {})


PUT_BACK: dict[str, tuple[Callable[[World], None], dict[str, int], tuple[int, int], str]] = {
    "live by hand, never published": (
        lambda world: apply(world, FIT),
        {"statuscode": Status.LIVE},
        (ACTIVE, Status.DRAFT),
        "set the Status Reason to Publishing",
    ),
    "live by hand after it was stopped": (
        lambda world: (world.publish(FIT), world.publisher().stop_model("Fit"), None)[-1],
        {"statecode": ACTIVE, "statuscode": Status.LIVE},
        (INACTIVE, Status.STOPPED),
        "set the Status Reason to Publishing",
    ),
    "draft by hand while in force": (
        lambda world: world.publish(FIT),
        {"statuscode": Status.DRAFT},
        (ACTIVE, Status.LIVE),
        "set the Status Reason to Stopping",
    ),
    "deactivated while in force": (
        lambda world: world.publish(FIT),
        {"statecode": INACTIVE, "statuscode": Status.STOPPED},
        (ACTIVE, Status.LIVE),
        "set the Status Reason to Stopping",
    ),
    "stopping a draft": (
        lambda world: apply(world, FIT),
        {"statuscode": Status.STOPPING},
        (ACTIVE, Status.DRAFT),
        "there is nothing to stop",
    ),
}


@pytest.mark.parametrize(("begin", "by_hand", "expected", "text"), PUT_BACK.values(), ids=PUT_BACK.keys())
def test_what_people_set_otherwise_is_put_back_and_the_row_says_what_to_set(
    world: World, begin: Callable[[World], None], by_hand: dict[str, int], expected: tuple[int, int], text: str
) -> None:
    begin(world)
    write(world, "Fit", **by_hand)
    look(world, "Fit")
    state, status, said = standing(world, "Fit")
    assert (state, status) == expected
    assert text in str(said)
    before = world.writes()
    look(world, "Fit")
    assert world.writes() == before


def test_leads_decided_while_a_model_was_out_of_force_are_looked_at_again(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    write(world, "Fit", statuscode=Status.DRAFT)
    look(world, "Fit")
    ((queue, text, _),) = world.queue.sent
    assert (queue, str(lead) in text) == (LEAD_CHANGES_BULK, True)


def test_publishing_a_model_without_groups_is_refused(world: World) -> None:
    model_id = uuid4()
    columns = {ScoringModel.ID: str(model_id), ScoringModel.NAME: "Empty"}
    world.app.client.send(create(ScoringModel.SET, columns, id_column=ScoringModel.ID))
    ask(world, "Empty", Status.PUBLISHING)
    state, status, said = standing(world, "Empty")
    assert (state, status, str(said).partition(":")[0]) == (ACTIVE, Status.DRAFT, "groups")


def test_duplicated_and_late_messages_publish_one_version(world: World) -> None:
    world.new_lead()
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    for _ in range(3):
        look(world, "Fit")
    assert versions(world) == [("Fit 1", ACTIVE)]
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1


def test_two_functions_at_once_publish_one_version(world: World) -> None:
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    adapter, other = world.another_app()
    raced: list[bool] = []

    def race(request: requests.PreparedRequest) -> None:
        if not raced and b"changeset_" in (request.body or b""):
            raced.append(True)
            look(world, "Fit")

    adapter.before = race
    other.lifecycle.work(message(world, "Fit").text())
    other.client.close()
    assert raced
    assert versions(world) == [("Fit 1", ACTIVE)]
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert world.queue.of(LIFECYCLE) == []


def test_a_function_that_died_before_the_leads_were_queued_is_followed_by_one_that_queues_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.new_lead()
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)

    def down(queue: str, _text: str, *, delay_s: float = 0) -> None:
        raise QueueError(queue, "down")

    monkeypatch.setattr(world.queue, "send", down)
    with pytest.raises(QueueError):
        look(world, "Fit")
    monkeypatch.undo()
    assert versions(world) == [("Fit 1", ACTIVE)]
    assert standing(world, "Fit")[1] == Status.PUBLISHING
    look(world, "Fit")
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", ACTIVE)]


def test_a_stop_that_died_before_the_leads_were_queued_is_brought_to_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(FIT)
    world.new_lead()
    write(world, "Fit", statuscode=Status.STOPPING)

    def down(queue: str, _text: str, *, delay_s: float = 0) -> None:
        raise QueueError(queue, "down")

    monkeypatch.setattr(world.queue, "send", down)
    with pytest.raises(QueueError):
        look(world, "Fit")
    monkeypatch.undo()
    look(world, "Fit")
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1


def test_somebody_who_asks_for_a_stop_during_a_publication_is_heard(world: World) -> None:
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    asked: list[bool] = []

    def interrupt(request: requests.PreparedRequest) -> None:
        if not asked and b"changeset_" in (request.body or b""):
            asked.append(True)
            write(world, "Fit", statuscode=Status.STOPPING)

    world.adapter.after = interrupt
    look(world, "Fit")
    world.adapter.after = lambda _request: None
    assert standing(world, "Fit")[1] == Status.STOPPING
    look(world, "Fit")
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)


def test_a_fault_of_the_moment_queues_a_successor_and_an_older_one_waits_longer(world: World) -> None:
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    first = message(world, "Fit")

    def down(_request: requests.PreparedRequest) -> None:
        raise requests.ConnectionError

    world.adapter.before = down
    world.app.lifecycle.work(first.text())
    ((queue, text, delay_s),) = world.queue.sent
    world.queue.sent.clear()
    world.app.lifecycle.work(read_lifecycle_message(text).text())
    ((_, _, later_s),) = world.queue.sent
    world.adapter.before = lambda _request: None
    assert (queue, read_lifecycle_message(text)) == (LIFECYCLE, first.again())
    assert 0 < delay_s < later_s
    world.app.lifecycle.work(text)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)


def test_a_long_scan_goes_on_in_successors_and_then_the_rule_is_live(world: World) -> None:
    world.publish(FIT)
    leads = [world.new_lead(jobtitle="CEO", telephone1="1") for _ in range(5)]
    apply(world, {**RULE, "existing_leads": "exclude"})
    write(world, NAME, statuscode=Status.PUBLISHING)
    hasty = scanning(world, page_size=2)
    hasty.work(message(world, NAME).text())
    seen = []
    while texts := world.queue.of(LIFECYCLE):
        (text,) = texts
        world.queue.sent = [each for each in world.queue.sent if each[0] != LIFECYCLE]
        scan = read_lifecycle_message(text).scan
        assert scan is not None
        seen.append((scan.number, scan.seen, scan.met))
        hasty.work(text)
    assert seen == [(1, 2, 2), (1, 4, 4)]
    assert standing(world, NAME) == (ACTIVE, Status.LIVE, None)
    world.app.versions.fresh()
    world.work(*leads)
    assert {world.lead(lead)["statuscode"] for lead in leads} == {1}


class Ticking:
    """A clock that moves by two minutes at each look at it: the time of a function is soon up."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self) -> Any:
        self.world.clock.forward(minutes=2)
        return self.world.clock()


def scanning(world: World, page_size: int) -> Lifecycle:
    """The production life cycle with a page size and a clock that leave no time for a second page."""
    publisher = replace(world.app.publisher, page_size=page_size, clock=Ticking(world))
    return replace(world.app.lifecycle, publisher=publisher)


def test_a_rule_edited_while_it_is_scanned_begins_anew_and_is_published_as_edited(world: World) -> None:
    world.publish(FIT)
    leads = [world.new_lead(jobtitle="CEO", telephone1="1") for _ in range(3)]
    apply(world, {**RULE, "existing_leads": "exclude"})
    write(world, NAME, statuscode=Status.PUBLISHING)
    scanning(world, page_size=2).work(message(world, NAME).text())
    (text,) = world.queue.of(LIFECYCLE)
    criteria = query("lgate_qualificationcriterions", select=["lgate_qualificationcriterionid"])
    (criterion,) = world.app.client.rows(criteria)
    row_id = str(criterion["lgate_qualificationcriterionid"])
    world.app.client.send(update("lgate_qualificationcriterions", row_id, {"lgate_atleast": 111}, etag="*"))
    world.app.lifecycle.work(text)
    (live,) = world.app.versions.fresh().live.rules
    assert live.rule.criteria[0].at_least == 111
    assert len(leads) == 3


def test_more_flips_than_500_are_confirmed_in_the_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.publish.FLIPS_UNCONFIRMED_MAX", 1)
    world.publish(FIT)
    for _ in range(2):
        world.new_lead(jobtitle="CEO", telephone1="1")
    apply(world, {**RULE, "existing_leads": "include"})
    ask(world, NAME, Status.PUBLISHING)
    assert "2 open leads would be acted on at once: confirm 2" in str(standing(world, NAME)[2])
    write(world, NAME, lgate_confirmedflips=2)
    ask(world, NAME, Status.PUBLISHING)
    assert standing(world, NAME) == (ACTIVE, Status.LIVE, None)


def edit_points(world: World, points: int) -> UUID:
    """A person edits a group of Fit on its form; the group's id."""
    rows = world.app.client.rows(query(ScoringGroup.SET, select=[ScoringGroup.ID, ScoringGroup.NAME]))
    group = next(UUID(str(found[ScoringGroup.ID])) for found in rows if found[ScoringGroup.NAME] == "Job title given")
    world.app.client.send(update(ScoringGroup.SET, str(group), {ScoringGroup.POINTS: points}, etag="*"))
    return group


def test_an_edited_draft_has_unpublished_changes_until_it_says_the_same_again(world: World) -> None:
    world.publish({**FIT, "business_unit": "Emulated organization"})
    group = edit_points(world, 50)
    text = LifecycleMessage(table=ScoringGroup.TABLE, id=group).text()
    world.app.lifecycle.work(text)
    assert row(world, "Fit")[ScoringModel.UNPUBLISHED_CHANGES] is True
    edit_points(world, 100)
    world.app.lifecycle.work(text)
    assert row(world, "Fit")[ScoringModel.UNPUBLISHED_CHANGES] is False
    before = world.writes()
    world.app.lifecycle.work(text)
    assert world.writes() == before


def test_publishing_leaves_no_unpublished_changes(world: World) -> None:
    world.publish(FIT)
    apply(world, changed(FIT, 50))
    assert row(world, "Fit")[ScoringModel.UNPUBLISHED_CHANGES] is True
    ask(world, "Fit", Status.PUBLISHING)
    assert row(world, "Fit")[ScoringModel.UNPUBLISHED_CHANGES] is False


def test_a_draft_that_is_not_valid_has_unpublished_changes(world: World) -> None:
    world.publish(FIT, RULE)
    write(world, "Fit", lgate_entrycondition="{")
    write(world, NAME, lgate_actions="{")
    look(world, "Fit")
    look(world, NAME)
    assert row(world, "Fit")[ScoringModel.UNPUBLISHED_CHANGES] is True
    assert row(world, NAME)[ScoringModel.UNPUBLISHED_CHANGES] is True


def lost(world: World) -> list[tuple[str, UUID]]:
    """What one tick of the poll queues for models and rules."""
    world.queue.sent.clear()
    world.app.poll_changes.tick()
    found = [read_lifecycle_message(text) for text in world.queue.of(LIFECYCLE)]
    return [(each.table, each.id) for each in found]


def test_the_poll_finds_what_no_webhook_told_of(world: World) -> None:
    world.publish(FIT, RULE)
    apply(world, VISITS)
    assert lost(world) == []
    write(world, "Visits", statuscode=Status.PUBLISHING)
    write(world, NAME, statuscode=Status.STOPPING)
    write(world, "Fit", statecode=INACTIVE, statuscode=Status.STOPPED)
    rows = {(ScoringModel.TABLE, draft(world, name).row_id) for name in ("Visits", "Fit")}
    found = lost(world)
    assert set(found) == rows | {(QualificationRule.TABLE, draft(world, NAME).row_id)}
    for table, row_id in found:
        world.app.lifecycle.work(LifecycleMessage(table=table, id=row_id).text())
    assert standing(world, "Visits")[1] == Status.LIVE
    assert standing(world, "Fit")[1] == Status.LIVE
    assert standing(world, NAME)[1] == Status.STOPPED
    world.queue.sent.clear()
    assert lost(world) == []


def test_the_poll_finds_drafts_that_were_edited_and_edited_back(world: World) -> None:
    world.publish(FIT, VISITS, RULE)
    edit_points(world, 50)
    assert lost(world) == [(ScoringModel.TABLE, draft(world, "Fit").row_id)]
    look(world, "Fit")
    world.queue.sent.clear()
    assert lost(world) == []
    edit_points(world, 100)
    assert lost(world) == [(ScoringModel.TABLE, draft(world, "Fit").row_id)]


def test_a_rule_whose_criterion_was_deleted_has_unpublished_changes(world: World) -> None:
    world.publish(FIT, VISITS, {**RULE, "criteria": [*RULE["criteria"], {"model": "Visits", "at_least": 1}]})
    criteria = query("lgate_qualificationcriterions", select=["lgate_qualificationcriterionid", "lgate_atleast"])
    (gone,) = (found for found in world.app.client.rows(criteria) if found["lgate_atleast"] == 1)
    row_id = str(gone["lgate_qualificationcriterionid"])
    world.app.client.send(delete("lgate_qualificationcriterions", row_id, etag="*"))
    assert lost(world) == [(QualificationRule.TABLE, draft(world, NAME).row_id)]


def test_the_poll_compares_twenty_models_in_three_requests(world: World) -> None:
    models = [{**FIT, "model": f"Fit {number}", "show_on_lead": False} for number in range(20)]
    world.publish(*models)
    world.app.poll_changes.tick()
    world.app.versions.now()
    before = world.emulator.requests[("POST", "$batch")]
    assert lost(world) == []
    assert world.emulator.requests[("POST", "$batch")] - before == 3


def test_the_poll_queues_nothing_while_messages_wait(world: World) -> None:
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    world.queue.send(LIFECYCLE, "{}", delay_s=600)
    world.app.poll_changes.tick()
    assert world.queue.of(LIFECYCLE) == ["{}"]


def test_a_message_that_cannot_be_read_is_set_aside_without_its_text(world: World) -> None:
    world.app.lifecycle.work('{"v": 1, "table": "lead", "id": "canary"}')
    world.app.lifecycle.work('{"v": 2}')
    reasons = world.queue.of(LIFECYCLE + POISON)
    assert ["unreadable" in reasons[0], "unknown-version" in reasons[1], "canary" in str(reasons)] == [
        True,
        True,
        False,
    ]


def test_waiting_messages_of_one_row_are_one_look(world: World) -> None:
    world.publish(FIT)
    text = message(world, "Fit").text()
    for _ in range(20):
        world.queue.send(LIFECYCLE, message(world, "Fit").text())
    before = world.emulator.requests[("GET", ScoringModel.TABLE)]
    world.app.lifecycle.work(text)
    assert world.emulator.requests[("GET", ScoringModel.TABLE)] - before == 1
    assert (world.queue.of(LIFECYCLE), len(world.queue.deleted)) == ([], 20)


def test_a_model_that_is_gone_is_nothing_to_do(world: World) -> None:
    for table in (ScoringModel.TABLE, ScoringGroup.TABLE, QualificationRule.TABLE):
        world.app.lifecycle.work(LifecycleMessage(table=table, id=uuid4()).text())
    assert world.queue.sent == []


@pytest.mark.parametrize(("mode", "again"), [("off", 1), ("dry-run", 0)])
def test_switched_off_it_waits_and_in_a_dry_run_it_writes_nothing(world: World, mode: Any, again: int) -> None:
    apply(world, FIT)
    write(world, "Fit", statuscode=Status.PUBLISHING)
    before = world.writes()
    replace(world.app.lifecycle, mode=mode).work(message(world, "Fit").text())
    assert world.writes() == before
    assert [(queue, delay_s) for queue, _, delay_s in world.queue.sent] == [(LIFECYCLE, 60)] * again


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


def test_of_two_messages_of_a_rule_the_one_that_has_come_further_goes_on(world: World) -> None:
    world.publish(FIT)
    for _ in range(5):
        world.new_lead()
    apply(world, RULE)
    write(world, NAME, statuscode=Status.PUBLISHING)
    hasty = scanning(world, page_size=2)
    hasty.work(message(world, NAME).text())
    hasty.work(message(world, NAME).text())
    (text,) = world.queue.of(LIFECYCLE)
    scan = read_lifecycle_message(text).scan
    assert scan is not None
    assert scan.seen == 4


def test_a_version_that_is_written_already_is_taken_up_only_when_it_says_the_same(world: World) -> None:
    apply(world, RULE | {"criteria": [{"customer_insights": "Engagement", "at_least": 1}]})
    publications, rule = world.publisher().publications, draft(world, NAME)
    publications.write_version(rule, VERSION_OF_RULE, 1, "{}")
    publications.write_version(rule, VERSION_OF_RULE, 1, "{}")
    with pytest.raises(AlreadyExistsError):
        publications.write_version(rule, VERSION_OF_RULE, 1, "[]")


@pytest.mark.parametrize("is_valid", [True, False])
def test_somebody_whose_mind_changes_before_the_answer_is_written_is_heard(world: World, is_valid: bool) -> None:
    apply(world, FIT if is_valid else {**FIT, "entry": {"column": "jobtitel", "op": "null"}})
    write(world, "Fit", statuscode=Status.PUBLISHING)
    changed_mind: list[bool] = []

    def change_mind(sent: requests.PreparedRequest) -> None:
        if not changed_mind and (sent.method == "PATCH" or b"changeset_" in (sent.body or b"")):
            changed_mind.append(True)
            write(world, "Fit", statuscode=Status.DRAFT)

    world.adapter.before = change_mind
    look(world, "Fit")
    world.adapter.before = lambda _request: None
    assert changed_mind
    assert (standing(world, "Fit"), versions(world)) == ((ACTIVE, Status.DRAFT, None), [])
