"""A table that is too large for change tracking is followed by `modifiedon`, and loses nothing by it."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
import requests

from connector.errors import QueueError
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.sync_state import read_stream
from connector.tables import SyncState
from connector.watermark import read_watermark
from dataverse import PagingError, UnavailableError, query, update
from dataverse.odata import eq
from tests.integration.polling import LARGE_ACCOUNT, bound, change, drain, new_row, poller, queued, score, tick
from tests.world import START, World

STREAM = "changes-account"
LARGE = {"rows_max": 2}


@pytest.fixture
def live(world: World) -> World:
    world.publish(LARGE_ACCOUNT)
    world.queue.sent.clear()
    return world


@pytest.fixture
def accounts(live: World) -> list[UUID]:
    """More accounts than a large table has here, followed by watermark, and long unchanged."""
    made = [new_row(live, "accounts", name="A", numberofemployees=5) for _ in range(7)]
    live.clock.forward(hours=1)
    tick(live, **LARGE)
    live.clock.forward(hours=1)
    return made


def kind(world: World) -> str:
    stored = read_stream(world.app.client, STREAM)
    assert stored is not None
    return stored.kind


def changed_in_one_second(world: World, accounts: list[UUID]) -> None:
    for account in accounts:
        change(world, "accounts", account, numberofemployees=300)


def test_only_a_table_with_more_rows_than_the_limit_is_followed_by_watermark(live: World) -> None:
    for _ in range(3):
        new_row(live, "accounts", name="A")
    tick(live, rows_max=3)
    assert kind(live) == "first"
    live.app.client.send(
        update(SyncState.SET, sync_state_id(live), {SyncState.DELTA_LINK: None, SyncState.CURSOR: None}, etag="*")
    )
    tick(live, rows_max=2)
    assert kind(live) == "watermark"


def sync_state_id(world: World) -> str:
    (row,) = world.app.client.rows(query(SyncState.SET, select=[SyncState.ID], filter=eq(SyncState.STREAM, STREAM)))
    return str(row[SyncState.ID])


def test_leads_are_never_followed_by_watermark(live: World) -> None:
    leads = {live.new_lead() for _ in range(5)}
    assert tick(live, rows_max=0)["lead"] == leads
    stored = read_stream(live.app.client, "changes-lead")
    assert stored is not None
    assert stored.delta_link


def test_the_first_tick_reads_no_row_of_the_large_table_and_the_next_finds_what_changed(
    live: World, accounts: list[UUID]
) -> None:
    lead = live.new_lead(**bound("parentaccountid", "accounts", accounts[3]))
    drain(live)
    assert kind(live) == "watermark"
    assert "account" not in tick(live, **LARGE)
    change(live, "accounts", accounts[3], numberofemployees=300)
    assert tick(live, **LARGE)["account"] == {accounts[3]}
    drain(live)
    assert score(live, lead, "Account") == 20


def test_what_changed_within_ten_minutes_is_queued_once_more_and_then_it_is_quiet(
    live: World, accounts: list[UUID]
) -> None:
    change(live, "accounts", accounts[0], numberofemployees=300)
    found = []
    for _ in range(4):
        found.append(tick(live, **LARGE).get("account"))
        live.clock.forward(minutes=15)
    assert found == [{accounts[0]}, {accounts[0]}, None, None]
    live.clock.forward(minutes=20)
    before = live.writes()
    assert tick(live, **LARGE) == {}
    assert live.writes() == before


@pytest.mark.parametrize(("late_min", "is_found"), [(9, True), (11, False)])
def test_a_transaction_that_commits_up_to_ten_minutes_late_is_found(
    live: World, accounts: list[UUID], late_min: int, is_found: bool
) -> None:
    change(live, "accounts", accounts[0], numberofemployees=6)
    tick(live, **LARGE)
    committed_as_of = live.clock() - timedelta(minutes=late_min)
    now, live.clock.at = live.clock(), committed_as_of
    change(live, "accounts", accounts[1], numberofemployees=6)
    live.clock.at = now
    assert (accounts[1] in tick(live, **LARGE)["account"]) == is_found


def test_many_rows_of_one_second_are_read_page_by_page_and_none_is_lost(live: World, accounts: list[UUID]) -> None:
    changed_in_one_second(live, accounts)
    assert tick(live, page_size=2, **LARGE)["account"] == set(accounts)
    now, later = (
        [len(json.loads(text)["ids"]) for text in live.queue.of(queue) if '"account"' in text]
        for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK)
    )
    # What is beyond a page is an import: it does not stand in the way of what people edit.
    assert (now, later) == ([2], [2, 2, 1])


def test_a_reading_that_is_stopped_after_each_page_goes_on_where_it_was(live: World, accounts: list[UUID]) -> None:
    changed_in_one_second(live, accounts)
    seen: list[UUID] = []
    for _ in range(4):
        found = tick(live, tick_s=0, page_size=2, **LARGE)["account"]
        assert len(found) <= 2
        seen += found
        live.clock.forward(minutes=15)
    assert sorted(seen, key=str) == sorted(accounts, key=str)
    stored = read_stream(live.app.client, STREAM)
    assert stored is not None
    # The next watermark is the instant at which the first of these ticks began.
    assert read_watermark(stored.cursor).upto == START + timedelta(hours=2)


def test_what_changes_while_a_long_reading_goes_on_is_found_by_it_or_by_the_next(
    live: World, accounts: list[UUID]
) -> None:
    changed_in_one_second(live, accounts)
    first = tick(live, tick_s=0, page_size=2, **LARGE)["account"]
    again = first.pop()
    live.clock.forward(minutes=15)
    change(live, "accounts", again, numberofemployees=1)
    found: set[UUID] = set()
    for _ in range(5):
        found |= tick(live, tick_s=0, page_size=2, **LARGE).get("account", set())
        live.clock.forward(minutes=15)
    assert again in found
    assert found >= set(accounts) - first


def test_a_watermark_moves_only_when_what_it_passes_is_queued(
    live: World, accounts: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(live, "accounts", accounts[0], numberofemployees=6)
    before = read_stream(live.app.client, STREAM)

    def refuse(_queue: str, _text: str, *, delay_s: float = 0) -> None:
        raise QueueError(LEAD_CHANGES, "down")

    monkeypatch.setattr(live.queue, "send", refuse)
    with pytest.raises(QueueError):
        poller(live, **LARGE).tick()
    monkeypatch.undo()
    assert read_stream(live.app.client, STREAM) == before
    assert tick(live, **LARGE)["account"] == {accounts[0]}


def test_of_two_pollers_at_a_watermark_one_goes_on_and_nothing_is_lost(live: World, accounts: list[UUID]) -> None:
    change(live, "accounts", accounts[0], numberofemployees=6)
    adapter, other = live.another_app()
    raced = False

    def race(request: requests.PreparedRequest) -> None:
        nonlocal raced
        if request.method == "PATCH" and "lgate_syncstates" in str(request.url) and not raced:
            raced = True
            poller(live, **LARGE).tick()

    adapter.before = race
    live.queue.sent.clear()
    poll = type(live.app.poll_changes)(other.client, other.versions, live.queue, live.clock, "live", **LARGE)
    poll.tick()
    other.client.close()
    assert raced
    assert queued(live)["account"] == {accounts[0]}


def test_a_table_that_grows_too_large_goes_over_to_a_watermark_and_misses_nothing(live: World) -> None:
    accounts = [new_row(live, "accounts", name="A") for _ in range(2)]
    tick(live, **LARGE)
    assert kind(live) == "first"
    tick(live, **LARGE)
    live.clock.forward(hours=1)
    grown = new_row(live, "accounts", name="A")
    change(live, "accounts", accounts[0], numberofemployees=6)
    # The process that asks now finds three rows: what it reads by the link is the last that is read so.
    assert tick(live, **LARGE)["account"] == {grown, accounts[0]}
    assert kind(live) == "watermark"
    change(live, "accounts", accounts[1], numberofemployees=6)
    assert accounts[1] in tick(live, **LARGE)["account"]


def test_a_table_that_grows_while_a_delta_is_read_over_several_ticks_goes_over_at_the_next_whole_one(
    live: World,
) -> None:
    accounts = [new_row(live, "accounts", name="A") for _ in range(5)]
    tick(live, rows_max=9)
    live.clock.forward(hours=1)
    changed_in_one_second(live, accounts)
    seen: set[UUID] = set()
    for rows_max in (9, 2, 2):
        seen |= tick(live, tick_s=0, page_size=2, rows_max=rows_max).get("account", set())
        # Behind the pages of this delta; the link at its end leads to it.
        live.clock.forward(hours=1)
        change(live, "accounts", accounts[0], numberofemployees=7)
    assert seen == set(accounts)
    assert kind(live) == "delta"
    assert tick(live, **LARGE)["account"] == {accounts[0]}
    assert kind(live) == "watermark"


def test_what_changes_while_the_last_delta_is_read_is_behind_the_watermark_that_follows_it(live: World) -> None:
    accounts = [new_row(live, "accounts", name="A") for _ in range(3)]
    tick(live, rows_max=9)
    live.clock.forward(hours=1)
    done = False

    def edit_and_dawdle(request: requests.PreparedRequest) -> None:
        nonlocal done
        if "/accounts?" in str(request.url) and not done:
            done = True
            change(live, "accounts", accounts[0], numberofemployees=6)
            live.clock.forward(minutes=11)

    live.adapter.after = edit_and_dawdle
    tick(live, **LARGE)
    live.adapter.after = lambda _request: None
    assert kind(live) == "watermark"
    assert tick(live, **LARGE)["account"] == {accounts[0]}


def test_an_expired_link_of_a_table_that_is_large_by_now_reads_on_from_when_it_was_kept(live: World) -> None:
    accounts = [new_row(live, "accounts", name="A") for _ in range(4)]
    tick(live, rows_max=9)
    live.clock.forward(hours=1)
    change(live, "accounts", accounts[0], numberofemployees=6)
    tick(live, rows_max=9)
    live.clock.forward(hours=1)
    change(live, "accounts", accounts[1], numberofemployees=6)
    live.clock.forward(days=8)
    # The first within the ten minutes before the link was kept; the two others not at all.
    assert tick(live, **LARGE)["account"] == {accounts[0], accounts[1]}
    assert kind(live) == "watermark"


def test_a_large_table_whose_reading_was_never_finished_is_read_whole_on_the_bulk_queue(live: World) -> None:
    accounts = {new_row(live, "accounts", name="A") for _ in range(5)}
    live.clock.forward(hours=1)
    tick(live, tick_s=0, page_size=2, rows_max=9)
    live.clock.forward(days=8)
    seen: set[UUID] = set()
    for _ in range(3):
        tick(live, tick_s=0, page_size=2, **LARGE)
        assert "account" not in queued(live, LEAD_CHANGES)
        seen |= queued(live, LEAD_CHANGES_BULK)["account"]
    assert seen == accounts
    live.clock.forward(hours=1)
    assert "account" not in tick(live, **LARGE)


def test_how_large_a_table_is_is_asked_once_a_day_by_a_process(live: World) -> None:
    new_row(live, "accounts", name="A")
    poll = poller(live, **LARGE)
    asked = []
    for _ in range(4):
        for _ in range(3):
            poll.tick()
            live.clock.forward(hours=4)
        asked.append(live.emulator.requests["GET", "RetrieveTotalRecordCount"])
    assert asked == [1, 1, 2, 2]
    for _ in range(2):
        new_row(live, "accounts", name="A")
    for _ in range(6):
        poll.tick()
        live.clock.forward(hours=4)
    assert kind(live) == "watermark"


def test_a_table_that_has_shrunk_stays_with_its_watermark(live: World, accounts: list[UUID]) -> None:
    change(live, "accounts", accounts[0], numberofemployees=6)
    assert tick(live, rows_max=1_000)["account"] == {accounts[0]}
    assert kind(live) == "watermark"


def test_a_table_without_change_tracking_is_followed_by_watermark_however_small(live: World) -> None:
    live.publish(
        {
            "model": "Deals",
            "groups": [
                {
                    "name": "Deals",
                    "points": 7,
                    "interactions": {"table": "opportunity", "lead": "originatingleadid", "at": "createdon"},
                }
            ],
        }
    )
    lead = live.new_lead()
    tick(live)
    live.clock.forward(minutes=15)
    new_row(live, "opportunities", name="D", **bound("originatingleadid", "leads", lead))
    assert tick(live) == {"lead": {lead}}


def test_a_watermark_that_cannot_be_read_is_read_from_the_beginning_and_never_from_now(
    live: World, accounts: list[UUID]
) -> None:
    live.app.client.send(update(SyncState.SET, sync_state_id(live), {SyncState.CURSOR: "nonsense"}, etag="*"))
    assert tick(live, **LARGE)["account"] == set(accounts)
    assert tick(live, **LARGE) == {}


def test_a_state_of_unknown_kind_means_reading_everything_again(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    tick(live)
    live.app.client.send(update(SyncState.SET, sync_state_id(live), {SyncState.COUNTS: '{"kind":"later"}'}, etag="*"))
    assert tick(live)["account"] == {account}
    assert tick(live) == {}


def test_a_watermark_whose_state_cannot_be_read_is_left_where_it_is(live: World, accounts: list[UUID]) -> None:
    change(live, "accounts", accounts[0], numberofemployees=6)

    def down(request: requests.PreparedRequest) -> None:
        if "lgate_syncstates" in str(request.url) and request.method == "GET":
            raise requests.ConnectionError

    live.queue.sent.clear()
    live.adapter.before = down
    with pytest.raises(UnavailableError):
        poller(live, **LARGE).tick()
    live.adapter.before = lambda _request: None
    assert live.queue.sent == []
    assert tick(live, **LARGE)["account"] == {accounts[0]}


def test_a_page_link_to_elsewhere_in_the_store_is_not_followed(live: World, accounts: list[UUID]) -> None:
    kept = {
        "upto": START.isoformat(),
        "begun": START.isoformat(),
        "next": "https://evil.example/api/data/v9.2/accounts",
    }
    live.app.client.send(update(SyncState.SET, sync_state_id(live), {SyncState.CURSOR: json.dumps(kept)}, etag="*"))
    hosts: set[str] = set()
    live.adapter.before = lambda request: hosts.add(str(request.url).split("/")[2])
    with pytest.raises(PagingError):
        tick(live, **LARGE)
    assert hosts == {"127.0.0.1:8765"}
    assert accounts
