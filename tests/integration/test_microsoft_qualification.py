"""Microsoft's page "Qualify the best leads", a test for each of its sentences (dataverse.md 1.2)."""

from typing import Any
from uuid import UUID

import pytest

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.errors import PublicationError
from scoring import parse_model
from tests.world import FIT, RULE, VISITS, World

MARKETING_QUALIFIED = 482100000


def rule(**members: Any) -> dict[str, Any]:
    return {**RULE, "existing_leads": "include", **members}


def ready(world: World) -> UUID:
    return world.new_lead(jobtitle="CEO", telephone1="1")


def marks(world: World, lead: UUID) -> tuple[int, bool]:
    world.work(lead)
    row = world.lead(lead, "statuscode", "lgate_salesready")
    return row["statuscode"], bool(row["lgate_salesready"])


def test_you_can_only_qualify_leads_based_on_scoring_models_that_are_live(world: World) -> None:
    apply_definitions(world.app.client, Definitions((parse_model(FIT),), ()))
    with pytest.raises(PublicationError, match="'Fit' is not live: publish it first"):
        world.publish(rule())


@pytest.mark.parametrize(
    ("match", "visits", "expected"), [("all", 0, 1), ("all", 1, MARKETING_QUALIFIED), ("any", 0, MARKETING_QUALIFIED)]
)
def test_leads_that_meet_both_models_or_at_least_one_of_those_models(
    world: World, match: str, visits: int, expected: int
) -> None:
    criteria = [{"model": "Fit", "at_least": 110}, {"model": "Visits", "at_least": 5}]
    world.publish(FIT, VISITS, rule(match=match, criteria=criteria))
    lead = ready(world)
    for _ in range(visits):
        world.visit(lead)
    assert marks(world, lead)[0] == expected


def test_a_score_is_input_that_qualifies_a_lead_and_the_lead_meets_it_from_there_on(world: World) -> None:
    world.publish(FIT, rule(criteria=[{"model": "Fit", "at_least": 100}]))
    assert marks(world, world.new_lead(telephone1="1"))[0] == 1
    assert marks(world, world.new_lead(jobtitle="CEO"))[0] == MARKETING_QUALIFIED
    assert marks(world, ready(world))[0] == MARKETING_QUALIFIED


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ({"status_reason": "Marketing Qualified"}, (MARKETING_QUALIFIED, False)),
        ({"sales_ready": True}, (1, True)),
        ({"status_reason": "Marketing Qualified", "sales_ready": True}, (MARKETING_QUALIFIED, True)),
    ],
)
def test_actions_are_updates_to_the_status_reason_or_the_sales_ready_attribute(
    world: World, actions: dict[str, object], expected: tuple[int, bool]
) -> None:
    world.publish(FIT, rule(actions=actions))
    assert marks(world, ready(world)) == expected


def test_select_publish_to_make_sure_that_the_qualification_is_live_and_starts_qualifying_your_leads(
    world: World,
) -> None:
    world.publish(FIT)
    lead = ready(world)
    assert marks(world, lead) == (1, False)
    world.publish(rule())
    assert marks(world, lead) == (MARKETING_QUALIFIED, True)


def test_only_leads_in_an_open_status_can_be_marketing_qualified(world: World) -> None:
    world.publish(FIT, rule())
    lead = ready(world)
    world.edit(lead, statecode=2, statuscode=4)
    assert marks(world, lead) == (4, False)


def test_a_lead_that_is_already_qualified_and_meets_the_criteria_is_not_marked(world: World) -> None:
    world.publish(FIT, rule())
    lead = ready(world)
    world.edit(lead, statecode=1, statuscode=3)
    assert marks(world, lead) == (3, False)


def test_a_lead_whose_scores_diminish_below_the_threshold_remains_marketing_qualified(world: World) -> None:
    world.publish(FIT, rule())
    lead = ready(world)
    assert marks(world, lead) == (MARKETING_QUALIFIED, True)
    world.edit(lead, jobtitle=None, telephone1=None)
    assert marks(world, lead) == (MARKETING_QUALIFIED, True)
    assert world.scores(lead)["Fit"]["lgate_score"] == 0


def test_to_modify_the_criteria_you_stop_the_current_qualification_model_and_publish_it_again(world: World) -> None:
    world.publish(FIT, rule())
    world.publisher().stop_rule("Marketing qualified")
    world.app.versions.fresh()
    lead = world.new_lead(jobtitle="CEO")
    assert marks(world, lead) == (1, False)
    world.publish(rule(criteria=[{"model": "Fit", "at_least": 100}]))
    assert marks(world, lead) == (MARKETING_QUALIFIED, True)
