"""Change tracking finds what no webhook told of, and keeps its link only for what is queued."""

import json
from typing import Any
from uuid import UUID

import pytest
import requests

from connector.errors import QueueError
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.poll_changes import PollChanges
from connector.sync_state import read_stream
from dataverse import UnavailableError
from tests.world import FIT, VISITS, World

STREAM = "changes-lead"


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS)
    world.queue.sent.clear()
    return world


def tick(world: World, **limits: Any) -> tuple[set[UUID], set[UUID]]:
    """One tick: the leads it queued for now, and those for when there is time."""
    world.queue.sent.clear()
    poll = world.app.poll_changes
    PollChanges(poll.client, poll.versions, world.queue, world.clock, "live", **limits).tick()
    return found(world, LEAD_CHANGES), found(world, LEAD_CHANGES_BULK)


def found(world: World, queue: str) -> set[UUID]:
    messages = [json.loads(text) for text in world.queue.of(queue)]
    return {UUID(row_id) for message in messages if message["table"] == "lead" for row_id in message["ids"]}


def test_the_first_tick_queues_every_open_lead_and_the_next_only_what_changed(live: World) -> None:
    open_lead, closed = live.new_lead(), live.new_lead()
    live.edit(closed, statecode=2, statuscode=4)
    assert tick(live) == (set(), {open_lead})
    assert tick(live) == (set(), set())
    live.edit(closed, statecode=0, statuscode=1)
    assert tick(live) == ({closed}, set())


def test_with_every_webhook_lost_a_changed_lead_is_scored_all_the_same(live: World) -> None:
    tick(live)
    lead = live.new_lead(jobtitle="CEO")
    live.app.poll_changes.tick()
    for text in live.queue.of(LEAD_CHANGES):
        live.app.worker.work(text, LEAD_CHANGES)
    assert live.scores(lead)["Fit"]["lgate_score"] == 100


def test_an_interaction_leads_to_its_lead_but_the_first_reading_of_its_table_to_none(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead)
    tick(live)
    assert tick(live) == (set(), set())
    live.visit(lead)
    assert tick(live) == ({lead}, set())


def test_a_link_is_kept_only_when_what_it_led_to_is_queued(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tick(live)
    before = read_stream(live.app.client, STREAM)
    lead = live.new_lead()

    def refuse(_queue: str, _text: str, *, delay_s: float = 0) -> None:
        raise QueueError(LEAD_CHANGES, "down")

    monkeypatch.setattr(live.queue, "send", refuse)
    with pytest.raises(QueueError):
        live.app.poll_changes.tick()
    monkeypatch.undo()
    assert read_stream(live.app.client, STREAM) == before
    assert tick(live) == ({lead}, set())


def test_a_state_that_cannot_be_read_is_not_a_beginning(live: World) -> None:
    live.new_lead()
    tick(live)
    live.app.versions.now()

    def down(request: requests.PreparedRequest) -> None:
        if "lgate_syncstates" in str(request.url):
            raise requests.ConnectionError

    live.queue.sent.clear()
    live.adapter.before = down
    with pytest.raises(UnavailableError):
        live.app.poll_changes.tick()
    live.adapter.before = lambda _request: None
    assert live.queue.sent == []
    assert tick(live) == (set(), set())


def test_an_expired_link_means_reading_everything_again(live: World) -> None:
    lead = live.new_lead()
    tick(live)
    live.clock.forward(days=8)
    assert tick(live) == (set(), {lead})
    assert tick(live) == (set(), set())


def test_a_lead_that_closed_while_the_link_expired_is_scored_no_more(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    tick(live)
    live.work(lead)
    live.edit(lead, statecode=2, statuscode=4)
    live.clock.forward(days=8)
    assert tick(live) == (set(), {lead})
    live.work(lead)
    assert live.scores(lead)["Fit"]["statecode"] == 1


def test_a_reading_that_runs_out_of_time_goes_on_where_it_was(live: World) -> None:
    leads = {live.new_lead() for _ in range(7)}
    seen: set[UUID] = set()
    ticks = 0
    while read_stream(live.app.client, STREAM) is None or read_stream(live.app.client, STREAM).cursor:  # type: ignore[union-attr]
        now, later = tick(live, tick_s=0, page_size=2)
        assert len(now | later) <= 2
        seen |= later
        ticks += 1
        assert ticks < 10
    assert seen == leads
    assert ticks == 4


def test_of_two_pollers_one_goes_on_and_nothing_is_lost(live: World) -> None:
    tick(live)
    lead = live.new_lead()
    adapter, other = live.another_app()
    raced = False

    def race(request: requests.PreparedRequest) -> None:
        nonlocal raced
        if request.method == "PATCH" and "lgate_syncstates" in str(request.url) and not raced:
            raced = True
            live.app.poll_changes.tick()

    adapter.before = race
    other.poll_changes.tick()
    other.client.close()
    assert raced
    assert found(live, LEAD_CHANGES) == {lead}
    assert tick(live) == (set(), set())


def test_a_quiet_tick_writes_nothing_until_the_link_is_a_day_old(live: World) -> None:
    live.new_lead()
    tick(live)
    tick(live)
    before = live.writes()
    tick(live)
    assert live.writes() == before
    live.clock.forward(days=1)
    tick(live)
    assert live.writes() > before
