"""A company that scores in Customer Insights - Journeys uses Leadgate as just the flow."""

from typing import Any
from uuid import UUID

import pytest

from connector.errors import PublicationError
from tests.customer_insights import ERROR, OBSOLETE, install, new_model, new_score, rescore
from tests.world import FIT, World

MARKETING_QUALIFIED = 482100000


def rule(*criteria: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {
        "rule": "Flow",
        "match": match,
        "existing_leads": "include",
        "criteria": list(criteria) or [{"customer_insights": "Engagement", "at_least": 20}],
        "actions": {"status_reason": "Marketing Qualified"},
    }


@pytest.fixture
def installed(world: World) -> World:
    install(world)
    return world


def is_qualified(world: World, lead: UUID) -> bool:
    world.work(lead)
    return bool(world.lead(lead)["statuscode"] == MARKETING_QUALIFIED)


@pytest.mark.parametrize(("score", "qualified"), [(19, False), (20, True), (21, True), (None, False)])
def test_their_score_qualifies_from_the_threshold_on(installed: World, score: int | None, qualified: bool) -> None:
    model = new_model(installed, "Engagement")
    installed.publish(rule())
    lead = installed.new_lead()
    new_score(installed, lead, model, score)
    assert is_qualified(installed, lead) is qualified


def test_a_lead_without_their_score_is_not_met(installed: World) -> None:
    new_model(installed, "Engagement")
    installed.publish(rule())
    assert not is_qualified(installed, installed.new_lead())


@pytest.mark.parametrize("status", [OBSOLETE, ERROR])
def test_scores_that_are_obsolete_or_in_error_do_not_count(installed: World, status: int) -> None:
    model = new_model(installed, "Engagement")
    installed.publish(rule())
    lead = installed.new_lead()
    new_score(installed, lead, model, 99, status=status)
    assert not is_qualified(installed, lead)


def test_the_newest_score_over_all_versions_of_the_model_counts(installed: World) -> None:
    old, new = new_model(installed, "Engagement"), new_model(installed, "Engagement")
    installed.publish(rule())
    lead = installed.new_lead()
    older = new_score(installed, lead, old, 50)
    installed.clock.forward(minutes=1)
    new_score(installed, lead, new, 5)
    assert not is_qualified(installed, lead)
    installed.clock.forward(minutes=1)
    rescore(installed, older, 51)
    assert is_qualified(installed, lead)


def test_a_score_of_another_model_does_not_count(installed: World) -> None:
    new_model(installed, "Engagement")
    other = new_model(installed, "Fit")
    installed.publish(rule())
    lead = installed.new_lead()
    new_score(installed, lead, other, 99)
    assert not is_qualified(installed, lead)


@pytest.mark.parametrize(("match", "qualified"), [("all", False), ("any", True)])
def test_both_models_or_at_least_one_of_them(installed: World, match: str, qualified: bool) -> None:
    model = new_model(installed, "Engagement")
    criteria = [{"model": "Fit", "at_least": 110}, {"customer_insights": "Engagement", "at_least": 20}]
    installed.publish(FIT, rule(*criteria, match=match))
    lead = installed.new_lead(jobtitle="CEO")
    new_score(installed, lead, model, 20)
    assert is_qualified(installed, lead) is qualified
    installed.edit(lead, telephone1="1")
    assert is_qualified(installed, lead)
    (entry,) = installed.log(lead)
    assert '"Customer Insights: Engagement": 20' in entry["lgate_scores"]


def test_a_rule_over_a_model_that_they_do_not_have_is_refused(installed: World) -> None:
    with pytest.raises(PublicationError, match="Customer Insights has no scoring model 'Engagement'"):
        installed.publish(rule())


def test_where_customer_insights_is_not_installed_the_rule_is_refused(world: World) -> None:
    with pytest.raises(PublicationError, match="is Customer Insights - Journeys installed"):
        world.publish(rule())


def test_their_rows_are_only_read(installed: World) -> None:
    model = new_model(installed, "Engagement")
    installed.publish(rule())
    lead = installed.new_lead()
    new_score(installed, lead, model, 20)
    before = installed.emulator.requests.copy()
    assert is_qualified(installed, lead)
    made = installed.emulator.requests - before
    assert {table for method, table in made if method != "GET"} == {"$batch", "lead", "lgate_qualificationlog"}
    assert "msdyncrm_leadscore_v2" in {table for _, table in made}
