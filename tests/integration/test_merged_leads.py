"""Two leads become one: the one that stays is scored on all it now owns, and nothing counts of the one that went."""

from collections import Counter
from uuid import UUID

import pytest

from connector.ids import lead_score_id
from connector.tables import Lead, LeadScore, QualificationLog
from tests.integration.hearing import webhooks
from tests.integration.polling import drain, merge, score, score_rows, tick
from tests.world import FIT, RULE, VISITS, World


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS, RULE)
    world.queue.sent.clear()
    return world


def two_leads(world: World) -> tuple[UUID, UUID]:
    """One with a visit, one with two and all that the rule wants; both scored, and all quiet."""
    stays, goes = world.new_lead(jobtitle="CEO"), world.new_lead(jobtitle="CTO", telephone1="1")
    for lead in (stays, goes, goes):
        world.visit(lead)
    world.work(stays, goes)
    assert (score(world, stays, "Visits"), score(world, goes, "Visits")) == (5, 10)
    tick(world)
    drain(world)
    tick(world)
    drain(world)
    return stays, goes


def model_ids(world: World) -> dict[str, UUID]:
    return {model.name: model.model_id for model in world.app.versions.now().live.models}


def assert_merged(world: World, stays: UUID, goes: UUID) -> None:
    ids = model_ids(world)
    rows = {UUID(str(row[LeadScore.ID])): row for row in score_rows(world, stays)}
    assert (score(world, stays, "Fit"), score(world, stays, "Visits")) == (100, 15)
    assert score_rows(world, goes) == []
    for name in ("Fit", "Visits"):
        assert rows[lead_score_id(stays, ids[name])]["statecode"] == 0
        moved = rows[lead_score_id(goes, ids[name])]
        assert (moved["statecode"], moved["statuscode"]) == (1, LeadScore.MERGED)
        assert moved[LeadScore.RESCORE_ON] is None
    assert len(rows) == 4


def test_by_poll_alone(live: World) -> None:
    stays, goes = two_leads(live)
    merge(live, stays, goes)
    assert tick(live)["lead"] >= {stays, goes}
    drain(live)
    assert_merged(live, stays, goes)


def test_by_poll_alone_when_nothing_of_the_one_that_stays_changes_and_it_has_no_interactions(live: World) -> None:
    stays, goes = live.new_lead(jobtitle="CEO"), live.new_lead(jobtitle="CTO")
    for _ in range(2):
        tick(live)
        drain(live)
    merge(live, stays, goes)
    # The survivor's row is as it was: it is named by the lead that went.
    assert tick(live) == {"lead": {stays, goes}}
    drain(live)
    assert Counter(row["statuscode"] for row in score_rows(live, stays)) == {1: 2, LeadScore.MERGED: 2}


def test_by_the_webhook_of_the_merge(live: World) -> None:
    stays, goes = two_leads(live)
    with webhooks(live) as statuses:
        live.queue.sent.clear()
        merge(live, stays, goes)
        drain(live)
    assert set(statuses) == {202}
    assert_merged(live, stays, goes)
    assert tick(live)["lead"] >= {stays, goes}
    writes = live.writes()
    drain(live)
    assert live.writes() == writes


def test_with_content_for_the_one_that_stays(live: World) -> None:
    stays, goes = two_leads(live)
    with webhooks(live):
        merge(live, stays, goes, telephone1="1")
        drain(live)
    assert (score(live, stays, "Fit"), score(live, stays, "Visits")) == (110, 15)


def test_a_worker_that_read_the_lead_before_it_went_leaves_nothing_that_counts(live: World) -> None:
    stays, goes = two_leads(live)
    live.visit(goes)
    done = False

    def race(_request: object) -> None:
        nonlocal done
        if not done and b"changeset_" in (getattr(_request, "body", None) or b""):
            done = True
            merge(live, stays, goes)

    live.adapter.before = race
    live.work(goes)
    live.adapter.before = lambda _request: None
    assert done
    tick(live)
    drain(live)
    assert score_rows(live, goes) == [] or {row["statecode"] for row in score_rows(live, goes)} == {1}
    assert score(live, stays, "Visits") == 20


def test_a_merge_is_found_again_when_everything_is_read_anew(live: World) -> None:
    stays, goes = two_leads(live)
    merge(live, stays, goes)
    live.clock.forward(days=8)
    assert stays in tick(live)["lead"]
    drain(live)
    assert_merged(live, stays, goes)


def test_a_chain_of_merges_ends_at_the_last(live: World) -> None:
    first, second = two_leads(live)
    last = live.new_lead(jobtitle="CFO")
    live.visit(last)
    live.work(last)
    merge(live, first, second)
    merge(live, last, first)
    tick(live)
    drain(live)
    assert score(live, last, "Visits") == 20
    ids = model_ids(live)
    active = [row[LeadScore.ID] for row in score_rows(live, last) if row["statecode"] == 0]
    assert sorted(active) == sorted(str(lead_score_id(last, model)) for model in ids.values())


def test_that_a_rule_acted_on_the_one_that_went_does_not_keep_it_from_the_one_that_stays(live: World) -> None:
    stays, goes = two_leads(live)
    merge(live, stays, goes, telephone1="1")
    assert [entry["lgate_outcome"] for entry in live.log(stays)] == [QualificationLog.QUALIFIED]
    assert live.lead(stays)["statuscode"] == Lead.NEW
    for _ in range(2):
        live.work(stays, goes)
        assert live.lead(stays)["statuscode"] == Lead.MARKETING_QUALIFIED
        assert len(live.log(stays)) == 2
    # A person takes it back, and no entry of either lead has the rule act again.
    live.edit(stays, statuscode=Lead.NEW)
    live.work(stays)
    assert live.lead(stays)["statuscode"] == Lead.NEW


def test_that_the_one_that_went_was_seen_closed_does_not_have_a_rule_act_again_on_the_one_that_stays(
    live: World,
) -> None:
    stays, goes = live.new_lead(jobtitle="CEO", telephone1="1"), live.new_lead(jobtitle="CTO")
    live.work(stays, goes)
    live.edit(goes, statecode=2)
    live.work(goes)
    live.edit(goes, statecode=Lead.OPEN)
    live.edit(stays, statuscode=Lead.NEW)
    merge(live, stays, goes)
    live.work(stays, goes)
    assert [entry["lgate_outcome"] for entry in live.log(stays)] == [QualificationLog.QUALIFIED]
    assert live.lead(stays)["statuscode"] == Lead.NEW
