"""Models and rules through their Status Reason: what people ask for is done, and nothing else stays."""

from collections.abc import Callable

import pytest

from connector.messages import LEAD_CHANGES_BULK
from connector.tables import (
    ACTIVE,
    INACTIVE,
    PublishedVersion,
    ScoringModel,
)
from connector.tables import Lifecycle as Status
from dataverse import update
from tests.forms import (
    NAME,
    apply,
    ask,
    changed,
    look,
    row,
    score,
    standing,
    versions,
    write,
)
from tests.world import FIT, RULE, World


def test_a_model_set_to_publishing_is_live(world: World) -> None:
    lead = world.new_lead(jobtitle="CEO")
    apply(world, FIT)
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", ACTIVE)]
    ((queue, text, delay_s),) = world.queue.sent
    assert (queue, delay_s, str(lead) in text) == (LEAD_CHANGES_BULK, 120, True)
    assert score(world, lead) == 100


def test_a_live_model_set_to_publishing_is_replaced_and_until_then_the_old_version_scores(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    apply(world, changed(FIT, 50))
    write(world, "Fit", statuscode=Status.PUBLISHING)
    assert score(world, lead) == 100
    look(world, "Fit")
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", INACTIVE), ("Fit 2", ACTIVE)]
    assert score(world, lead) == 50


def test_publishing_what_is_in_force_makes_no_version_and_the_row_is_live_again(world: World) -> None:
    world.publish(FIT)
    world.new_lead()
    ask(world, "Fit", Status.PUBLISHING)
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, None)
    assert versions(world) == [("Fit 1", ACTIVE)]
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1


def test_a_model_set_to_stopping_is_stopped_and_scores_until_then(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    write(world, "Fit", statuscode=Status.STOPPING)
    assert score(world, lead) == 100
    look(world, "Fit")
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)
    assert versions(world) == [("Fit 1", INACTIVE)]
    assert len(world.queue.of(LEAD_CHANGES_BULK)) == 1
    world.app.versions.fresh()
    world.work(lead)
    assert world.scores(lead)["Fit"]["statecode"] == INACTIVE


def test_a_model_that_a_live_rule_names_is_live_again_and_says_which(world: World) -> None:
    world.publish(FIT, RULE)
    ask(world, "Fit", Status.STOPPING)
    refusal = f"rule {NAME!r} is live and names it: stop the rule first"
    assert standing(world, "Fit") == (ACTIVE, Status.LIVE, refusal)
    ask(world, NAME, Status.STOPPING)
    ask(world, "Fit", Status.STOPPING)
    assert standing(world, "Fit") == (INACTIVE, Status.STOPPED, None)


def test_a_rule_that_somebody_stops_flips_nobody_from_then_on(world: World) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    write(world, NAME, statuscode=Status.STOPPING)
    world.clock.forward(seconds=60)
    world.work(lead)
    assert (world.scores(lead)["Fit"]["lgate_score"], world.lead(lead)["statuscode"]) == (110, 1)
    look(world, NAME)
    assert standing(world, NAME) == (INACTIVE, Status.STOPPED, None)


def test_a_stop_is_heard_by_every_worker_within_sixty_seconds(world: World) -> None:
    world.publish(FIT, RULE)
    _, other = world.another_app()
    other.versions.now()
    world.clock.forward(seconds=1)
    ask(world, NAME, Status.STOPPING)
    world.clock.forward(seconds=59)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    world.work(lead, app=other)
    other.client.close()
    assert world.lead(lead)["statuscode"] == 1


def test_no_lead_flips_on_the_score_of_a_model_that_is_stopped(world: World) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    # As when the rule was published in the moment in which the model was stopped.
    version = row(world, "Fit")[f"_{ScoringModel.CURRENT_VERSION}_value"]
    world.app.client.send(update(PublishedVersion.SET, version, {"statecode": INACTIVE, "statuscode": 2}, etag="*"))
    world.app.versions.fresh()
    world.work(lead)
    assert (world.lead(lead)["statuscode"], world.log(lead), world.scores(lead)) == (1, [], {})


PUT_BACK: dict[str, tuple[Callable[[World], None], dict[str, int], tuple[int, int], str]] = {
    "live by hand, never published": (
        lambda world: apply(world, FIT),
        {"statuscode": Status.LIVE},
        (ACTIVE, Status.DRAFT),
        "set the Status Reason to Publishing",
    ),
    "live by hand after it was stopped": (
        lambda world: (world.publish(FIT), world.publisher().stop_model("Fit"), None)[-1],
        {"statecode": ACTIVE, "statuscode": Status.LIVE},
        (INACTIVE, Status.STOPPED),
        "set the Status Reason to Publishing",
    ),
    "draft by hand while in force": (
        lambda world: world.publish(FIT),
        {"statuscode": Status.DRAFT},
        (ACTIVE, Status.LIVE),
        "set the Status Reason to Stopping",
    ),
    "deactivated while in force": (
        lambda world: world.publish(FIT),
        {"statecode": INACTIVE, "statuscode": Status.STOPPED},
        (ACTIVE, Status.LIVE),
        "set the Status Reason to Stopping",
    ),
    "stopping a draft": (
        lambda world: apply(world, FIT),
        {"statuscode": Status.STOPPING},
        (ACTIVE, Status.DRAFT),
        "there is nothing to stop",
    ),
}


@pytest.mark.parametrize(("begin", "by_hand", "expected", "text"), PUT_BACK.values(), ids=PUT_BACK.keys())
def test_what_people_set_otherwise_is_put_back_and_the_row_says_what_to_set(
    world: World, begin: Callable[[World], None], by_hand: dict[str, int], expected: tuple[int, int], text: str
) -> None:
    begin(world)
    write(world, "Fit", **by_hand)
    look(world, "Fit")
    state, status, said = standing(world, "Fit")
    assert (state, status) == expected
    assert text in str(said)
    before = world.writes()
    look(world, "Fit")
    assert world.writes() == before


def test_leads_decided_while_a_model_was_out_of_force_are_looked_at_again(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    write(world, "Fit", statuscode=Status.DRAFT)
    look(world, "Fit")
    ((queue, text, _),) = world.queue.sent
    assert (queue, str(lead) in text) == (LEAD_CHANGES_BULK, True)


def test_more_flips_than_500_are_confirmed_in_the_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.publish.FLIPS_UNCONFIRMED_MAX", 1)
    world.publish(FIT)
    for _ in range(2):
        world.new_lead(jobtitle="CEO", telephone1="1")
    apply(world, {**RULE, "existing_leads": "include"})
    ask(world, NAME, Status.PUBLISHING)
    assert "2 open leads would be acted on at once: confirm 2" in str(standing(world, NAME)[2])
    write(world, NAME, lgate_confirmedflips=2)
    ask(world, NAME, Status.PUBLISHING)
    assert standing(world, NAME) == (ACTIVE, Status.LIVE, None)
