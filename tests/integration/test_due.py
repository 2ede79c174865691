"""Scores that time alone changes."""

import json

import pytest
import requests

from connector.messages import LEAD_CHANGES_BULK, RowChanges
from connector.rescore_due import WAITING_MAX
from connector.tables import Lead
from dataverse import update
from tests.world import FIT, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS)
    world.queue.sent.clear()
    return world


def due(world: World) -> list[str]:
    """The leads that a tick queues."""
    world.queue.sent.clear()
    world.app.rescore_due.tick()
    return [row_id for text in world.queue.of(LEAD_CHANGES_BULK) for row_id in json.loads(text)["ids"]]


def test_a_lead_is_looked_at_when_a_visit_leaves_its_window_and_then_no_more(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27)
    live.work(lead)
    live.clock.forward(hours=23)
    assert due(live) == []
    live.clock.forward(hours=1)
    assert due(live) == [str(lead)]
    live.work(lead)
    assert live.scores(lead)["Visits"]["lgate_score"] == 0
    assert due(live) == []


def test_the_lead_that_has_waited_longest_comes_first(live: World) -> None:
    late, early = live.new_lead(), live.new_lead()
    live.visit(late, days_ago=20)
    live.visit(early, days_ago=27)
    live.work(late, early)
    live.clock.forward(days=10)
    assert due(live) == [str(early), str(late)]


def test_a_closed_lead_is_not_looked_at(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27)
    live.work(lead)
    live.edit(lead, statecode=2, statuscode=4)
    live.clock.forward(days=2)
    assert due(live) == []


def test_nothing_is_added_to_a_long_backlog(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27)
    live.work(lead)
    live.clock.forward(days=2)
    text = RowChanges(table=Lead.TABLE, ids=(lead,), cause="test").text()
    live.queue.sent = [(LEAD_CHANGES_BULK, text, 0)] * (WAITING_MAX + 1)
    assert live.app.rescore_due.tick() == 0
    assert len(live.queue.sent) == WAITING_MAX + 1


def test_health_is_a_look_at_queue_and_leads_kept_for_half_a_minute(world: World) -> None:
    assert world.app.health.is_good()
    reads = world.emulator.requests[("GET", "lead")]
    assert world.app.health.is_good()
    assert world.emulator.requests[("GET", "lead")] == reads

    def down(_request: requests.PreparedRequest) -> None:
        raise requests.ConnectionError

    world.adapter.before = down
    assert world.app.health.is_good()
    world.clock.forward(seconds=30)
    assert not world.app.health.is_good()


def test_a_row_whose_model_has_ended_is_not_due_for_ever(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27)
    live.work(lead)
    row_id = live.scores(lead)["Visits"]["lgate_leadscoreid"]
    by_hand = {"statecode": 1, "statuscode": 2}
    live.app.client.send(update("lgate_leadscores", row_id, by_hand, etag="*"))
    live.publisher().stop_model("Visits")
    live.clock.forward(days=2)
    assert due(live) == [str(lead)]
    live.work(lead)
    assert due(live) == []
