"""What may go wrong with a poll, and that no change is lost by it (reliability.md R9, R10, H6)."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import requests

from connector.ids import computed_id
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.poll_changes import PollChanges
from connector.sources import LEADS
from connector.sync_state import Stream, read_stream
from connector.tables import SyncState
from dataverse import BadRequestError, ExpiredDeltaError, PagingError, create, update
from emulator.web_api import Request, Response
from tests.evidence import keep_evidence
from tests.integration.polling import poller, queued, tick
from tests.world import FIT, VISITS, World

STREAM = "changes-lead"


@pytest.fixture
def live(world: World) -> World:
    world.publish({**FIT, "show_on_lead": False})
    world.queue.sent.clear()
    return world


def stored(world: World) -> Stream:
    found = read_stream(world.app.client, STREAM)
    assert found is not None
    return found


def store(world: World, **columns: str | None) -> None:
    """Write into the row of the stream what somebody else would."""
    world.app.client.send(update(SyncState.SET, str(computed_id(STREAM)), columns, etag="*"))


@contextmanager
def answering(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Request], Response | None]
) -> Iterator[PollChanges]:
    """A poller whose requests are answered by `answer` where it has one, and by the emulator otherwise."""
    handle = world.emulator.handle
    monkeypatch.setattr(world.emulator, "handle", lambda request: answer(request) or handle(request))
    _, app = world.another_app()
    monkeypatch.undo()
    yield PollChanges(app.client, app.versions, world.queue, world.clock, "live")
    app.client.close()


def refusal(status: int, code: str, message: str) -> Response:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


@pytest.mark.parametrize("status", [410, 400, 500, 404, 412])
@pytest.mark.parametrize("code", ["0x80044352", "0X80044352"])
def test_an_expired_link_is_known_by_its_code_whatever_the_status_and_warned_of_once(
    live: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int, code: str
) -> None:
    open_leads = {live.new_lead() for _ in range(3)}
    tick(live)
    tick(live)
    live.queue.sent.clear()

    def expired(request: Request) -> Response | None:
        return refusal(status, code, "Version stamp has expired.") if "deltatoken" in request.target else None

    with answering(live, monkeypatch, expired) as poll:
        poll.tick()
    assert queued(live, LEAD_CHANGES_BULK) == {"lead": open_leads}
    assert queued(live, LEAD_CHANGES) == {}
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        '{"event": "link-expired", "stream": "changes-lead"}'
    ]
    assert tick(live) == {}


def test_a_refusal_with_another_code_is_not_taken_for_an_expired_link(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.new_lead()
    tick(live)
    before = stored(live)
    live.queue.sent.clear()

    def refuse(request: Request) -> Response | None:
        return refusal(400, "0x80060888", "Not supported.") if "deltatoken" in request.target else None

    with answering(live, monkeypatch, refuse) as poll, pytest.raises(BadRequestError):
        poll.tick()
    assert live.queue.sent == []
    assert stored(live) == before


def test_a_link_that_expires_at_once_again_ends_the_tick_and_is_not_gone_round_for_ever(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.new_lead()
    tick(live)
    asked: list[str] = []

    def expired(request: Request) -> Response | None:
        if "/leads?" not in request.target:
            return None
        asked.append(request.target)
        return refusal(410, "0x80044352", "Version stamp has expired.")

    with answering(live, monkeypatch, expired) as poll, pytest.raises(ExpiredDeltaError):
        poll.tick()
    assert len(asked) == 2


def test_an_app_that_was_stopped_for_eight_days_finds_all_that_changed_meanwhile(live: World) -> None:
    quiet, edited, closed = (live.new_lead() for _ in range(3))
    tick(live)
    live.clock.forward(days=4)
    live.edit(edited, jobtitle="CTO")
    live.edit(closed, statecode=2, statuscode=4)
    made = live.new_lead()
    live.clock.forward(days=4, seconds=1)
    assert tick(live)["lead"] == {quiet, edited, closed, made}
    assert tick(live) == {}
    live.edit(quiet, jobtitle="CTO")
    assert tick(live) == {"lead": {quiet}}


@pytest.mark.parametrize("lead_count", [300, pytest.param(100_000, marks=pytest.mark.slow)])
def test_after_an_expired_link_every_open_lead_is_queued_once_and_then_only_what_changes(
    live: World, lead_count: int
) -> None:
    leads = [uuid4() for _ in range(lead_count)]
    live.emulator.load("lead", ({"leadid": str(lead), "lastname": "Durand"} for lead in leads))
    tick(live, page_size=max(50, lead_count // 20))
    live.clock.forward(days=8)
    live.queue.sent.clear()
    poller(live, page_size=max(50, lead_count // 20)).tick()
    ids = [UUID(row_id) for text in live.queue.of(LEAD_CHANGES_BULK) for row_id in json.loads(text)["ids"]]
    lost = set(leads) - set(ids)
    keep_evidence(f"poll-resync-{lead_count}", leads=lead_count, queued=len(ids), lost=len(lost))
    assert (lost, len(ids)) == (set(), lead_count)
    live.edit(leads[0], jobtitle="CTO")
    assert tick(live) == {"lead": {leads[0]}}


def test_a_change_of_the_set_of_columns_means_reading_everything_again(live: World) -> None:
    leads = {live.new_lead() for _ in range(3)}
    tick(live)
    assert stored(live).columns_hash == LEADS.columns_hash
    store(live, **{SyncState.COLUMNS_HASH: "of the version before"})
    tick(live)
    assert queued(live, LEAD_CHANGES_BULK) == {"lead": leads}
    assert stored(live).columns_hash == LEADS.columns_hash
    assert tick(live) == {}


def test_a_model_that_counts_by_another_lookup_has_its_table_read_again(live: World) -> None:
    live.publish(VISITS)
    lead = live.new_lead()
    live.visit(lead)
    tick(live)
    tick(live)
    groups = VISITS["groups"]
    assert isinstance(groups, list)
    by_lead = {name: value for name, value in groups[0]["interactions"].items() if name != "contact"}
    live.publish({"model": "Visits", "groups": [{**groups[0], "interactions": by_lead}]})
    tick(live)
    assert queued(live, LEAD_CHANGES_BULK) == {"lead": {lead}}
    assert tick(live) == {}


@pytest.mark.parametrize("column", [SyncState.DELTA_LINK, SyncState.CURSOR])
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data/v9.2/leads?$deltatoken=1",
        "http://127.0.0.1:8766/api/data/v9.2/leads?$deltatoken=1",
        "http://user@127.0.0.1:8765/api/data/v9.2/leads?$deltatoken=1",
        "http://127.0.0.1:8765/other/leads?$deltatoken=1",
        "//evil.example/api/data/v9.2/leads?$deltatoken=1",
        "http://127.0.0.1:8765.evil.example/api/data/v9.2/leads?$deltatoken=1",
        "file:///etc/passwd",
        "http://127.0.0.1:8765\\@evil.example/api/data/v9.2/leads",
    ],
)
def test_a_link_in_the_store_that_leads_elsewhere_is_not_followed(live: World, column: str, link: str) -> None:
    live.new_lead()
    tick(live)
    store(live, **{column: link})
    live.queue.sent.clear()
    sent: list[requests.PreparedRequest] = []
    live.adapter.before = sent.append
    with pytest.raises(PagingError):
        live.app.poll_changes.tick()
    live.adapter.before = lambda _request: None
    assert {str(request.url).partition("/api/")[0] for request in sent} == {"http://127.0.0.1:8765"}
    assert not [request for request in sent if "/leads?" in str(request.url)]
    assert live.queue.sent == []


def test_what_is_beyond_a_page_of_changes_does_not_stand_in_the_way_of_what_people_edit(live: World) -> None:
    leads = [live.new_lead() for _ in range(5)]
    tick(live)
    for lead in leads:
        live.edit(lead, jobtitle="CTO")
    live.queue.sent.clear()
    poller(live, page_size=2).tick()
    assert len(queued(live, LEAD_CHANGES)["lead"]) == 2
    assert len(queued(live, LEAD_CHANGES_BULK)["lead"]) == 3
    assert queued(live)["lead"] == set(leads)


def test_edits_during_a_reading_are_found_by_it_or_by_the_next(live: World) -> None:
    leads = [live.new_lead() for _ in range(6)]
    tick(live)
    for lead in leads:
        live.edit(lead, jobtitle="CTO")
    pages = 0
    edited: list[UUID] = []

    def edit_during(request: requests.PreparedRequest) -> None:
        nonlocal pages
        if request.method == "GET" and "/leads?" in str(request.url):
            pages += 1
            live.adapter.after = lambda _request: None
            # One that was shown already, and one that is new.
            live.edit(leads[pages - 1], telephone1=str(pages))
            edited.append(leads[pages - 1])
            edited.append(live.new_lead())
            live.adapter.after = edit_during

    live.adapter.after = edit_during
    tick(live, page_size=2)
    live.adapter.after = lambda _request: None
    assert pages >= 3
    first = queued(live)["lead"]
    second = tick(live)["lead"]
    assert first | second == set(leads) | set(edited)
    assert second >= set(edited[-2:])
    assert tick(live) == {}


class KilledError(Exception):
    """The process is gone."""


def kill_at(world: World, pages: int, moment: str) -> Callable[[], None]:
    """Let `pages` pages be worked off and kill the next one: before it is read, before it is kept, or after."""
    saved = 0

    def watch(request: requests.PreparedRequest, at: str) -> None:
        nonlocal saved
        url = str(request.url)
        if request.method == "PATCH" and "lgate_syncstates" in url:
            if at == "before" and moment == "unsaved" and saved == pages:
                raise KilledError
            saved += at == "after"
            if at == "after" and moment == "saved" and saved > pages:
                raise KilledError
        if at == "before" and moment == "unread" and saved == pages and "/leads?" in url:
            raise KilledError

    world.adapter.before = lambda request: watch(request, "before")
    world.adapter.after = lambda request: watch(request, "after")

    def restart() -> None:
        world.adapter.before = world.adapter.after = lambda _request: None

    return restart


@pytest.mark.parametrize("page_count", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_reading_of_many_pages_that_is_killed_every_few_of_them_comes_to_its_end(
    live: World, page_count: int
) -> None:
    leads = {uuid4() for _ in range(page_count)}
    live.emulator.load("lead", ({"leadid": str(lead), "lastname": "Durand"} for lead in leads))
    live.app.versions.now()
    live.queue.sent.clear()
    ticks = 0
    while True:
        restart = kill_at(live, 2, ("unread", "unsaved", "saved")[ticks % 3])
        try:
            poller(live, page_size=1).tick()
            break
        except KilledError:
            ticks += 1
        finally:
            restart()
        assert ticks <= page_count, "it does not get on"
    ids = [row_id for text in live.queue.of(LEAD_CHANGES_BULK) for row_id in json.loads(text)["ids"]]
    lost = leads - {UUID(row_id) for row_id in ids}
    keep_evidence(f"poll-killed-{page_count}-pages", pages=page_count, kills=ticks, queued=len(ids), lost=len(lost))
    assert lost == set()
    assert set(map(UUID, ids)) <= leads
    assert stored(live).delta_link
    assert tick(live) == {}


@pytest.mark.parametrize(("updates", "deletes"), [(120, 80), pytest.param(3_000, 2_000, marks=pytest.mark.slow)])
def test_tombstones_among_many_changes_are_done_with(live: World, updates: int, deletes: int) -> None:
    leads = [uuid4() for _ in range(updates + deletes)]
    live.emulator.load("lead", ({"leadid": str(lead), "lastname": "Durand"} for lead in leads))
    tick(live)
    for lead in leads[:updates]:
        live.edit(lead, jobtitle="CTO")
    for lead in leads[updates:]:
        live.delete_lead(lead)
    # One that no link ever showed: made and gone in between. And one that came back under its id.
    live.delete_lead(live.new_lead())
    back = leads[-1]
    live.app.client.send(create("leads", {"leadid": str(back), "lastname": "Back"}, id_column="leadid"))
    expected = {*leads[:updates], back}
    found = tick(live, page_size=max(50, updates // 10)).get("lead", set())
    unexpected = found - expected
    keep_evidence(
        f"poll-tombstones-{updates}-{deletes}",
        updates=updates,
        deletes=deletes,
        lost=len(expected - found),
        unexpected=len(unexpected),
    )
    assert found == expected
    assert tick(live) == {}
