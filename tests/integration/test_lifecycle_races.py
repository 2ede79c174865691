"""Duplicates, late messages, two functions, faults and people in between: one version, and every wish is heard."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from connector.errors import QueueError
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage, read_lifecycle_message
from connector.messages import LEAD_CHANGES_BULK, POISON
from connector.tables import (
    ACTIVE,
    INACTIVE,
    QualificationRule,
    ScoringGroup,
    ScoringModel,
)
from connector.tables import Lifecycle as Status
from connector.versions import RULE as VERSION_OF_RULE
from dataverse import AlreadyExistsError, query, update
from tests.forms import NAME, apply, draft, look, message, scanning, standing, versions, write
from tests.world import FIT, RULE, World


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
