"""Webhooks of tables that live models reach: whatever a row pointed at before and after is looked at."""

import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from connector.receive import receive
from dataverse import Request, delete
from tests.integration.hearing import webhooks
from tests.integration.polling import DEALS, LARGE_ACCOUNT, bound, change, drain, merge, new_row, score
from tests.unit.connector.executed import context
from tests.world import SECRET, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    world.publish(DEALS, LARGE_ACCOUNT, VISITS)
    world.queue.sent.clear()
    return world


Link = Callable[[World], tuple[UUID, dict[str, object]]]


def by_lead(world: World) -> tuple[UUID, dict[str, object]]:
    lead = world.new_lead()
    return lead, bound("originatingleadid", "leads", lead)


def by_contact(world: World) -> tuple[UUID, dict[str, object]]:
    contact = new_row(world, "contacts", lastname="Durand")
    lead = world.new_lead(**bound("parentcontactid", "contacts", contact))
    return lead, bound("parentcontactid", "contacts", contact)


LINKS = pytest.mark.parametrize("link", [by_lead, by_contact])


@LINKS
def test_a_new_interaction_scores_its_lead(live: World, link: Link) -> None:
    lead, pointing = link(live)
    with webhooks(live) as statuses:
        new_row(live, "opportunities", name="D", **pointing)
        drain(live)
    assert set(statuses) == {202}
    assert score(live, lead, "Deals") == 7


@LINKS
def test_a_deleted_interaction_is_taken_off_the_lead_that_it_left(live: World, link: Link) -> None:
    lead, pointing = link(live)
    with webhooks(live):
        deal = new_row(live, "opportunities", name="D", **pointing)
        drain(live)
        live.app.client.send(delete("opportunities", str(deal), etag="*"))
        drain(live)
    assert score(live, lead, "Deals") == 0


@LINKS
def test_a_moved_interaction_is_taken_off_the_one_lead_and_counted_for_the_other(live: World, link: Link) -> None:
    (one, pointing), (other, pointing_on) = link(live), link(live)
    with webhooks(live):
        deal = new_row(live, "opportunities", name="D", **pointing)
        drain(live)
        assert (score(live, one, "Deals"), score(live, other, "Deals")) == (7, None)
        change(live, "opportunities", deal, **pointing_on)
        drain(live)
    assert (score(live, one, "Deals"), score(live, other, "Deals")) == (0, 7)


@LINKS
def test_an_interaction_whose_lookup_is_emptied_is_taken_off_its_lead(live: World, link: Link) -> None:
    lead, pointing = link(live)
    lookup = next(iter(pointing)).partition("@")[0]
    with webhooks(live):
        deal = new_row(live, "opportunities", name="D", **pointing)
        drain(live)
        live.app.client.send(Request("DELETE", f"opportunities({deal})/{lookup}/$ref"))
        drain(live)
    assert score(live, lead, "Deals") == 0


@LINKS
def test_a_changed_interaction_that_moves_nowhere_is_looked_at_where_it_is(live: World, link: Link) -> None:
    lead, pointing = link(live)
    deal = new_row(live, "opportunities", name="D", **pointing)
    with webhooks(live):
        change(live, "opportunities", deal, name="E")
        drain(live)
    assert score(live, lead, "Deals") == 7


def test_interactions_of_our_own_table_are_heard_as_before(live: World) -> None:
    lead = live.new_lead()
    with webhooks(live):
        visit = live.visit(lead)
        drain(live)
        assert score(live, lead, "Visits") == 5
        live.remove_visit(visit)
        drain(live)
    assert score(live, lead, "Visits") == 0


def test_a_changed_account_scores_its_leads(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    lead = live.new_lead(**bound("parentaccountid", "accounts", account))
    with webhooks(live) as statuses:
        change(live, "accounts", account, numberofemployees=250)
        drain(live)
    assert statuses == [202]
    assert score(live, lead, "Account") == 20


def test_merged_accounts_score_the_leads_that_moved(live: World) -> None:
    stays, goes = (new_row(live, "accounts", name="A", numberofemployees=n) for n in (300, 5))
    lead = live.new_lead(**bound("parentaccountid", "accounts", goes))
    with webhooks(live):
        merge(live, stays, goes, "account")
        drain(live)
    assert score(live, lead, "Account") == 20


def test_a_table_whose_model_was_stopped_is_refused_within_a_minute(live: World) -> None:
    account = new_row(live, "accounts", name="A")
    with webhooks(live) as statuses:
        live.publisher().stop_model("Account")
        live.clock.forward(seconds=60)
        change(live, "accounts", account, numberofemployees=250)
    assert statuses[-1] == 400


def test_what_a_synchronous_step_tells_of_is_looked_at_when_it_is_committed(live: World) -> None:
    lead = live.new_lead()
    body = context(
        Mode=0, IsInTransaction=True, PrimaryEntityId=str(lead), OrganizationId=str(live.emulator.organization_id)
    )
    assert receive(json.dumps(body).encode(), {"x-leadgate-secret": SECRET}, lambda: live.app) == 202
    assert [delay_s for _, _, delay_s in live.queue.sent] == [30]
    live.visit(lead)  # the commit that the webhook came before
    drain(live)
    assert score(live, lead, "Visits") == 5


def test_a_change_that_was_rolled_back_leaves_nothing(live: World) -> None:
    body = context(Mode=0, PrimaryEntityId=str(uuid4()), OrganizationId=str(live.emulator.organization_id))
    assert receive(json.dumps(body).encode(), {"x-leadgate-secret": SECRET}, lambda: live.app) == 202
    before = live.writes()
    drain(live)
    assert (live.writes(), live.queue.sent) == (before, [])
