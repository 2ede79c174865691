"""A change of what leads hang on reaches the leads by poll alone, a page at a time."""

import json
from uuid import UUID

import pytest
import requests

from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from dataverse import PrivilegeError, UnavailableError, delete
from tests.integration.polling import (
    DEALS,
    KNOWN_CONTACT,
    LARGE_ACCOUNT,
    bound,
    change,
    drain,
    merge,
    new_row,
    poller,
    queued,
    score,
    tick,
)
from tests.world import FIT, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    # Not shown on the lead: our own writes to leads would come back as changes of theirs.
    world.publish({**FIT, "show_on_lead": False}, LARGE_ACCOUNT, DEALS)
    world.queue.sent.clear()
    return world


def lead_of(world: World, account: UUID, **columns: object) -> UUID:
    return world.new_lead(**bound("parentaccountid", "accounts", account), **columns)


def test_a_changed_account_reaches_its_open_leads_by_poll_alone(live: World) -> None:
    account, other = (new_row(live, "accounts", name="A", numberofemployees=5) for _ in range(2))
    lead, elsewhere, closed = lead_of(live, account), lead_of(live, other), lead_of(live, account)
    live.edit(closed, statecode=2, statuscode=4)
    tick(live)
    drain(live)
    assert score(live, lead, "Account") == 0
    change(live, "accounts", account, numberofemployees=250)
    assert tick(live) == {"account": {account}}
    live.queue.sent.clear()
    change(live, "accounts", account, numberofemployees=251)
    poller(live).tick()
    live.app.worker.work(live.queue.sent.pop(0)[1], LEAD_CHANGES)
    assert queued(live) == {"lead": {lead}}
    drain(live)
    assert (score(live, lead, "Account"), score(live, elsewhere, "Account")) == (20, 0)
    assert tick(live) == {}


def test_the_first_reading_of_a_related_table_queues_nothing_and_one_after_an_expired_link_everything(
    live: World,
) -> None:
    account = new_row(live, "accounts", name="A")
    assert "account" not in tick(live)
    assert tick(live) == {}
    live.clock.forward(days=8)
    assert tick(live)["account"] == {account}
    assert queued(live, LEAD_CHANGES).get("account") is None
    assert tick(live) == {}


def test_leads_are_found_by_every_lookup_that_live_models_read_through(live: World) -> None:
    live.publish(KNOWN_CONTACT)
    contact = new_row(live, "contacts", lastname="Durand")
    lead = live.new_lead(**bound("parentcontactid", "contacts", contact))
    tick(live)
    drain(live)
    change(live, "contacts", contact, jobtitle="CTO")
    assert tick(live) == {"contact": {contact}}
    drain(live)
    assert score(live, lead, "Contact") == 3


def test_a_table_that_no_live_model_reads_is_not_followed(world: World) -> None:
    world.publish(FIT)
    account = new_row(world, "accounts", name="A")
    tick(world)
    change(world, "accounts", account, numberofemployees=7)
    assert tick(world) == {}
    assert ("GET", "account") not in world.emulator.requests


def test_an_account_with_many_leads_is_looked_up_page_by_page_and_every_lead_once(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.related.PAGE_SIZE", 60)
    account = new_row(live, "accounts", name="A")
    leads = {lead_of(live, account) for _ in range(130)}
    tick(live)
    live.queue.sent.clear()
    change(live, "accounts", account, numberofemployees=250)
    poller(live).tick()
    found: list[str] = []
    rounds = []
    while messages := [sent for sent in live.queue.sent if json.loads(sent[1])["table"] == "account"]:
        ((queue, text, _),) = messages
        live.queue.sent.clear()
        live.app.worker.work(text, queue)
        of_leads = [(name, json.loads(sent)) for name, sent, _ in live.queue.sent if '"lead"' in sent]
        found += [row_id for _, message in of_leads for row_id in message["ids"]]
        rounds.append((queue, [len(message["ids"]) for _, message in of_leads], {name for name, _ in of_leads}))
    assert rounds == [
        (LEAD_CHANGES, [50, 10], {LEAD_CHANGES}),
        (LEAD_CHANGES_BULK, [50, 10], {LEAD_CHANGES_BULK}),
        (LEAD_CHANGES_BULK, [10], {LEAD_CHANGES_BULK}),
    ]
    assert {UUID(row_id) for row_id in found} == leads
    assert len(found) == len(leads)


def test_a_lead_that_closes_between_two_pages_takes_no_other_with_it(
    live: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.related.PAGE_SIZE", 3)
    account = new_row(live, "accounts", name="A")
    leads = sorted((lead_of(live, account) for _ in range(8)), key=str)
    tick(live)
    drain(live)
    change(live, "accounts", account, numberofemployees=250)
    poller(live).tick()
    live.app.worker.work(live.queue.sent.pop(0)[1], LEAD_CHANGES)
    for lead in leads[1:3]:
        live.edit(lead, statecode=2, statuscode=4)
    drain(live)
    assert [score(live, lead, "Account") for lead in leads] == [20, None, None, 20, 20, 20, 20, 20]


def test_interactions_of_another_table_reach_their_lead_and_the_leads_of_their_contact(live: World) -> None:
    contact = new_row(live, "contacts", lastname="Durand")
    lead, of_contact = live.new_lead(), live.new_lead(**bound("parentcontactid", "contacts", contact))
    tick(live)
    drain(live)
    live.clock.forward(minutes=15)
    new_row(live, "opportunities", name="D", **bound("originatingleadid", "leads", lead))
    new_row(live, "opportunities", name="D", **bound("parentcontactid", "contacts", contact))
    assert tick(live) == {"lead": {lead}, "contact": {contact}}
    drain(live)
    assert (score(live, lead, "Deals"), score(live, of_contact, "Deals")) == (7, 7)


def test_a_deleted_interaction_names_nobody_to_the_poll(live: World) -> None:
    live.publish(VISITS)
    lead = live.new_lead()
    visit = live.visit(lead)
    tick(live)
    drain(live)
    live.remove_visit(visit)
    assert tick(live) == {}


def test_leads_every_tick_and_what_they_hang_on_once_in_a_quarter_of_an_hour(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    poll = poller(live)
    poll.tick()
    live.queue.sent.clear()
    heard = []
    for minute in range(5, 35, 5):
        live.clock.forward(minutes=5)
        change(live, "accounts", account, numberofemployees=minute)
        lead = live.new_lead()
        poll.tick()
        heard.append(queued(live).get("account") == {account})
        assert lead in queued(live)["lead"]
        live.queue.sent.clear()
    assert heard == [False, False, True, False, False, True]


def test_a_new_process_asks_about_everything_at_its_first_tick(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    tick(live)
    live.clock.forward(minutes=1)
    change(live, "accounts", account, numberofemployees=7)
    assert tick(live) == {"account": {account}}


def test_a_reading_that_ran_out_of_time_goes_on_at_the_next_tick_and_not_in_the_next_quarter(live: World) -> None:
    accounts = {new_row(live, "accounts", name="A") for _ in range(5)}
    tick(live)
    live.clock.forward(days=8)
    live.queue.sent.clear()
    poll = poller(live, tick_s=0, page_size=2)
    for _ in range(3):
        poll.tick()
        live.clock.forward(minutes=1)
    assert queued(live)["account"] == accounts


LOOKING_AFTER_MODELS = 3
"""Batches: which models and rules wait or are set wrongly, and what their drafts say, group by group."""


def test_a_quiet_tick_writes_nothing_and_asks_twice_for_each_table_and_twice_for_what_is_live(live: World) -> None:
    live.publish(VISITS)
    poll = poller(live)
    for _ in range(2):
        poll.tick()
        live.clock.forward(minutes=15)
    asked: list[str] = []
    live.adapter.before = lambda request: asked.append(str(request.url))
    writes = live.writes()
    poll.tick()
    assert live.writes() == writes
    assert len(asked) == 2 * 4 + 2 + LOOKING_AFTER_MODELS
    asked.clear()
    live.clock.forward(minutes=5)
    poll.tick()
    assert len(asked) == 2 * 1 + 2 + LOOKING_AFTER_MODELS


def test_a_table_that_may_not_be_read_is_said_at_the_end_and_keeps_no_other_from_being_followed(live: World) -> None:
    live.publish(KNOWN_CONTACT)
    tick(live)
    lead, contact = live.new_lead(), new_row(live, "contacts", lastname="Durand")

    def refuse(request: requests.PreparedRequest) -> None:
        if "/accounts?" in str(request.url):
            raise PrivilegeError(status=403, about="GET accounts")

    live.adapter.before = refuse
    with pytest.raises(PrivilegeError):
        tick(live)
    assert queued(live) == {"lead": {lead}, "contact": {contact}}


def test_a_fault_of_the_moment_ends_the_tick_and_nothing_is_lost(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    tick(live)
    change(live, "accounts", account, numberofemployees=7)

    def down(request: requests.PreparedRequest) -> None:
        if "/accounts?" in str(request.url):
            raise requests.ConnectionError

    live.adapter.before = down
    poll = poller(live)
    live.queue.sent.clear()
    with pytest.raises(UnavailableError):
        poll.tick()
    assert queued(live) == {}
    live.adapter.before = lambda _request: None
    poll.tick()
    assert queued(live) == {"account": {account}}


def test_merged_accounts_reach_the_leads_of_the_one_that_goes(live: World) -> None:
    stays, goes = (new_row(live, "accounts", name="A", numberofemployees=n) for n in (300, 5))
    lead = lead_of(live, goes)
    tick(live)
    drain(live)
    assert score(live, lead, "Account") == 0
    merge(live, stays, goes, "account")
    tick(live)
    drain(live)
    assert score(live, lead, "Account") == 20


def test_a_deleted_account_reaches_its_leads_because_they_change_with_it(live: World) -> None:
    account = new_row(live, "accounts", name="A", numberofemployees=300)
    lead = lead_of(live, account)
    tick(live)
    drain(live)
    assert score(live, lead, "Account") == 20
    live.app.client.send(delete("accounts", str(account), etag="*"))
    tick(live)
    drain(live)
    assert score(live, lead, "Account") == 0
