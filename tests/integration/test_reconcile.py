"""The nightly run: drift is noticed, confirmed and queued, and nothing is lost on the way (reliability R18, 6.11)."""

import json
import logging
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from connector import compare_leads
from connector import reconcile as reconcile_module
from connector.errors import QueueError
from connector.ids import computed_id
from connector.messages import LEAD_CHANGES_BULK
from connector.reconcile import IN_FLIGHT, REST, STREAM
from connector.reconcile_run import Run, read_run
from connector.rescore_due import WAITING_MAX
from connector.sync_state import read_stream
from connector.tables import Lead, SyncState
from dataverse import BadRequestError, Table, UnavailableError, create, update, write_rows
from tests.faults.checker import drain, drifted
from tests.world import FIT, RULE, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS, RULE)
    world.queue.sent.clear()
    return world


def queued(world: World) -> set[UUID]:
    return {UUID(row_id) for text in world.queue.of(LEAD_CHANGES_BULK) for row_id in json.loads(text)["ids"]}


def whole_night(world: World, **limits: Any) -> list[Run]:
    """Ticks of five minutes until the run is done; the run after each."""
    runs = []
    for _ in range(60):
        found = tick(world, **limits)
        if found is None:
            return runs
        runs.append(found)
        if found.is_done:
            return runs
        world.clock.forward(minutes=5)
    pytest.fail("the night was too short")


def tick(world: World, **limits: Any) -> Run | None:
    return replace(world.app.reconcile, **limits).tick()


def test_a_night_finds_what_differs_looks_again_and_queues_what_still_does(
    live: World, caplog: pytest.LogCaptureFixture
) -> None:
    lead, settled = live.new_lead(jobtitle="CEO"), live.new_lead(jobtitle="CTO")
    live.work(lead, settled)
    live.overwrite_score(lead, "Fit", lgate_score=7)
    first = tick(live)
    assert first is not None
    assert (first.leads, first.suspects, first.drifted, first.is_done) == (2, (lead,), 0, False)
    assert queued(live) == set()
    live.clock.forward(minutes=19)
    assert tick(live) == first
    live.clock.forward(minutes=1)
    with caplog.at_level(logging.INFO):
        last = tick(live)
    assert last is not None
    assert last.is_done
    assert last.counts() == {"leads": 2, "drifted": 1, "enqueued": 1, "unscorable": 0, "drift_score": 1}
    assert "reconcile: done leads=2 drifted=1 enqueued=1 unscorable=0 drift_score=1" in caplog.messages
    assert queued(live) == {lead}
    drain(live)
    assert list(drifted(live)) == []


def test_a_lead_whose_message_was_on_its_way_is_not_drift(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    first = tick(live)
    assert first is not None
    assert first.suspects == (lead,)
    live.work(lead)
    live.clock.forward(minutes=20)
    last = tick(live)
    assert last is not None
    assert (last.is_done, last.drifted, queued(live)) == (True, 0, set())


def test_there_is_one_run_a_night_however_often_the_timer_ticks(live: World) -> None:
    live.work(live.new_lead())
    (run,) = whole_night(live)
    assert (run.leads, run.is_done) == (1, True)
    before = live.writes()
    live.clock.forward(hours=3)
    assert tick(live) is None
    assert live.writes() == before
    live.clock.at = run.begun_on + REST
    again = tick(live)
    assert again is not None
    assert (again.begun_on, again.leads) == (run.begun_on + REST, 1)


def test_a_run_that_does_not_fit_into_one_tick_goes_on_at_the_next(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_module, "lead_pages", lambda *args: compare_leads.lead_pages(*args, page_size=2))
    leads = {live.new_lead(jobtitle="CEO") for _ in range(5)}
    closed = live.new_lead()
    live.work(closed)
    live.edit(closed, statecode=2, statuscode=4)
    runs = whole_night(live, tick_s=0)
    assert [run.leads for run in runs[:4]] == [2, 4, 5, 6]
    assert all(run.leads == 6 for run in runs[3:])
    assert queued(live) == leads | {closed}
    assert runs[-1].counts()["enqueued"] == 6


def test_a_page_is_read_in_parts_and_every_lead_of_it_is_compared(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_leads, "READ_AT_ONCE", 2)
    leads = {live.new_lead(jobtitle="CEO") for _ in range(5)}
    first = tick(live)
    assert first is not None
    assert (first.leads, set(first.suspects)) == (5, leads)


def test_a_lead_whose_rows_are_on_two_pages_is_one_suspect(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_module, "lead_pages", lambda *args: compare_leads.lead_pages(*args, page_size=1))
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    live.edit(lead, statecode=2, statuscode=4)
    runs = whole_night(live)
    assert runs[0].suspects == (lead,)
    assert (runs[-1].drifted, runs[-1].drift) == (1, {"active-row": 2})


def test_a_run_that_was_killed_before_its_save_loses_nothing(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    tick(live)
    live.clock.forward(minutes=20)

    def killed(request: requests.PreparedRequest) -> None:
        if request.method == "PATCH" and SyncState.SET in str(request.url):
            raise requests.ConnectionError

    live.adapter.before = killed
    with pytest.raises(UnavailableError):
        tick(live)
    assert queued(live) == {lead}
    live.adapter.before = lambda _request: None
    last = tick(live)
    assert last is not None
    assert (last.is_done, last.drifted) == (True, 1)


def test_what_differs_is_queued_before_the_run_says_that_it_was(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = live.new_lead(jobtitle="CEO")
    tick(live)
    live.clock.forward(minutes=20)
    before = read_stream(live.app.client, STREAM)

    def refuse(queue: str, _text: str, *, delay_s: float = 0) -> None:
        raise QueueError(queue, "down")

    monkeypatch.setattr(live.queue, "send", refuse)
    with pytest.raises(QueueError):
        tick(live)
    monkeypatch.undo()
    assert read_stream(live.app.client, STREAM) == before
    tick(live)
    assert queued(live) == {lead}


def test_of_two_at_once_one_goes_on_and_nothing_is_lost(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    adapter, other = live.another_app()
    raced = False

    def race(request: requests.PreparedRequest) -> None:
        nonlocal raced
        if request.method == "PATCH" and SyncState.SET in str(request.url) and not raced:
            raced = True
            assert tick(live) is not None

    adapter.before = race
    assert other.reconcile.tick() is None
    other.client.close()
    assert raced
    live.clock.forward(minutes=20)
    last = tick(live)
    assert last is not None
    assert (last.is_done, queued(live)) == (True, {lead})


def test_a_state_that_cannot_be_read_is_not_a_beginning(live: World) -> None:
    live.new_lead(jobtitle="CEO")
    first = tick(live)
    live.app.versions.now()

    def down(request: requests.PreparedRequest) -> None:
        if SyncState.SET in str(request.url):
            raise requests.ConnectionError

    live.adapter.before = down
    with pytest.raises(UnavailableError):
        tick(live)
    live.adapter.before = lambda _request: None
    assert tick(live) == first


def test_a_link_that_dataverse_refuses_means_beginning_anew(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_module, "lead_pages", lambda *args: compare_leads.lead_pages(*args, page_size=1))
    leads = {live.new_lead(jobtitle="CEO") for _ in range(3)}
    tick(live, tick_s=0)
    stream = read_stream(live.app.client, STREAM)
    assert stream is not None
    run = read_run(stream.cursor)
    assert run is not None
    stale = run.model_copy(update={"link": f"{str(run.link).partition('skiptoken=')[0]}skiptoken=stale"})
    row = {SyncState.CURSOR: stale.model_dump_json()}
    live.app.client.send(update(SyncState.SET, str(computed_id(STREAM)), row, etag="*"))
    with pytest.raises(BadRequestError):
        tick(live)
    whole_night(live)
    assert queued(live) == leads


def test_more_suspects_than_are_kept_are_queued_at_first_sight(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_module, "SUSPECTS_MAX", 2)
    leads = {live.new_lead(jobtitle="CEO") for _ in range(5)}
    first = tick(live)
    assert first is not None
    assert (len(first.suspects), first.drifted, len(queued(live))) == (2, 3, 3)
    live.clock.forward(minutes=20)
    last = tick(live)
    assert last is not None
    assert (last.drifted, last.enqueued, queued(live)) == (5, 5, leads)


def test_a_second_look_at_many_is_taken_in_parts(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_module, "AGAIN_AT_ONCE", 2)
    leads = {live.new_lead(jobtitle="CEO") for _ in range(5)}
    tick(live)
    live.clock.forward(minutes=20)
    runs = whole_night(live, tick_s=0)
    assert [len(run.suspects) for run in runs] == [3, 1, 0]
    assert (runs[-1].drifted, queued(live)) == (5, leads)


def test_in_a_dry_run_drift_is_counted_and_nothing_is_queued(live: World) -> None:
    live.new_lead(jobtitle="CEO")
    last = whole_night(live, mode="dry-run")[-1]
    assert (last.is_done, last.drifted, last.enqueued, live.queue.sent) == (True, 1, 0, [])


def test_when_off_nothing_is_read_or_written(live: World) -> None:
    before = sum(live.emulator.requests.values())
    assert tick(live, mode="off") is None
    assert sum(live.emulator.requests.values()) == before


def test_nothing_is_added_to_a_long_backlog(live: World) -> None:
    live.new_lead(jobtitle="CEO")
    live.queue.sent = [(LEAD_CHANGES_BULK, "{}", 0)] * (WAITING_MAX + 1)
    assert tick(live) is None
    live.queue.sent.clear()
    assert tick(live) is not None


def test_what_is_due_is_left_to_the_look_for_what_is_due(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27.99)
    live.work(lead)
    live.clock.forward(minutes=16)
    first = tick(live)
    assert first is not None
    assert (first.leads, first.suspects) == (1, ())
    assert list(drifted(live)) == [f"{lead}: score of Visits"]
    live.clock.at += REST + IN_FLIGHT
    last = whole_night(live)[-1]
    assert (last.drift, queued(live)) == ({"score": 1}, {lead})


def test_a_change_that_change_tracking_never_tells_of_is_found_by_the_next_night(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    live.app.poll_changes.tick()
    live.queue.sent.clear()
    live.edit(lead, telephone1="1")
    live.app.poll_changes.tick()
    live.queue.sent.clear()  # as if the token had moved past a transaction that was committed later
    whole_night(live)
    assert queued(live) == {lead}


def test_only_its_own_progress_is_written(live: World) -> None:
    live.new_lead(jobtitle="CEO")
    before = dict(live.emulator.requests)
    whole_night(live)
    written = {
        table
        for (method, table), number in live.emulator.requests.items()
        if method != "GET" and table != "$batch" and number != before.get((method, table), 0)
    }
    assert written == {SyncState.TABLE}


def test_a_night_over_a_thousand_leads_is_fifteen_requests(world: World) -> None:
    world.publish({**VISITS, "entry": {"column": "jobtitle", "op": "not-null"}})
    contact = str(uuid4())
    world.app.client.send(create("contacts", {"contactid": contact, "lastname": "Durand"}, id_column="contactid"))
    row = {"lastname": "Durand", "parentcontactid@odata.bind": f"/contacts({contact})"}
    write_rows(world.app.client, "CreateMultiple", Table(Lead.SET, Lead.TABLE, Lead.ID), [row] * 1_000)
    sent: list[str] = []
    world.adapter.before = lambda request: sent.append(f"{request.method} {str(request.url).partition('/v9.2/')[2]}")
    (run,) = whole_night(world)
    assert (run.leads, run.is_done, run.drifted) == (1_000, True, 0)
    pages = [each for each in sent if each.startswith(("GET leads?", "GET lgate_leadscores?"))]
    of_contacts = [each for each in sent if each.startswith("GET lgate_leadinteractions?")]
    saves = [each for each in sent if SyncState.SET in each]
    assert (len(pages), sent.count("POST $batch"), len(of_contacts), len(saves)) == (2, 4, 4, 5)
    assert len(sent) == 15
