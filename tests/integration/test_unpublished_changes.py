"""What no webhook told of is found by the poll, and drafts that were edited since are marked."""

from uuid import UUID

from connector.lifecycle_message import LIFECYCLE, LifecycleMessage, read_lifecycle_message
from connector.tables import (
    INACTIVE,
    QualificationRule,
    ScoringGroup,
    ScoringModel,
)
from connector.tables import Lifecycle as Status
from dataverse import delete, query
from tests.forms import NAME, apply, ask, changed, draft, edit_points, look, row, standing, write
from tests.world import FIT, RULE, VISITS, World


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
