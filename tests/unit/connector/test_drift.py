"""Every way in which a lead can be stored otherwise than it is computed has one name."""

from datetime import timedelta
from uuid import UUID

import pytest

from connector.decide import decide
from connector.drift import NOT_LIVE, Difference, differences
from connector.ids import lead_score_id
from connector.live import Live
from connector.look import Look, StoredScore
from connector.tables import Lead, LeadScore
from tests.unit.connector.fakes import (
    BOTH_GIVEN,
    FIT,
    LEAD,
    NOW,
    VISITS,
    acted,
    counting_model,
    lead_row,
    live,
    live_model,
    live_rule,
    look,
    stored,
    visit,
)

AT_ONCE = timedelta(0)
LEAVES_ON = NOW + timedelta(days=8)
"""When the visit of 12 July leaves its window of 28 days."""


def found(seen: Look, current: Live, in_flight: timedelta = AT_ONCE) -> list[tuple[str, str]]:
    return [(each.kind, each.of) for each in differences(decide(seen, current, NOW), seen, current, in_flight)]


def visits(**changed: object) -> StoredScore:
    row = {
        "model_id": VISITS,
        "row_id": lead_score_id(LEAD, VISITS),
        "score": 5,
        "grade": None,
        "explanation": '{"groups":[{"events":1,"group":1,"points":5}]}',
        "rescore_on": LEAVES_ON,
    }
    return stored(**{**row, **changed})  # type: ignore[arg-type]  # values of the columns' own types


def test_what_is_stored_as_computed_does_not_differ() -> None:
    assert found(look(scores=[stored()]), live(live_model())) == []


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ([], "missing-row"),
        ([stored(active=False)], "ended-row"),
        ([stored(score=109)], "score"),
        ([stored(score=109, grade="Cold", explanation="{}")], "score"),
        ([stored(score=None)], "score"),
        ([stored(grade="Cold")], "grade"),
        ([stored(grade=None, explanation=None)], "grade"),
        ([stored(explanation=BOTH_GIVEN.replace("10", "11"))], "explanation"),
        ([stored(rescore_on=NOW)], "due-instant"),
    ],
)
def test_a_row_differs_by_the_first_kind_that_holds(scores: list[StoredScore], kind: str) -> None:
    assert found(look(scores=scores), live(live_model())) == [(kind, "Fit")]


@pytest.mark.parametrize("rescore_on", [None, LEAVES_ON + timedelta(seconds=1)])
def test_an_instant_that_is_missing_or_too_late_differs(rescore_on: object) -> None:
    seen = look(scores=[visits(rescore_on=rescore_on)], visits=[visit("2026-07-12T12:00:00Z")])
    assert found(seen, live(counting_model())) == [("due-instant", "Visits")]


def test_an_instant_that_is_merely_early_does_not() -> None:
    seen = look(scores=[visits(rescore_on=LEAVES_ON - timedelta(days=1))], visits=[visit("2026-07-12T12:00:00Z")])
    assert found(seen, live(counting_model())) == []


@pytest.mark.parametrize("row", [lead_row(statecode=2), lead_row(merged=True), lead_row(msdyn_gdproptout=True)])
def test_a_row_that_is_active_without_an_audience_differs(row: dict[str, object]) -> None:
    assert found(look(row, scores=[stored()]), live(live_model())) == [("active-row", "Fit")]


def test_a_row_of_a_closed_lead_that_is_still_due_differs() -> None:
    seen = look(lead_row(statecode=2), scores=[stored(active=False, rescore_on=NOW)])
    assert found(seen, live(live_model())) == [("due-instant", "Fit")]


@pytest.mark.parametrize("model_id", [UUID(int=5), None])
def test_a_row_that_no_live_model_has_is_of_none(model_id: UUID | None) -> None:
    seen = look(scores=[stored(), stored(model_id=model_id, row_id=UUID(int=6))])
    assert found(seen, live(live_model())) == [("active-row", NOT_LIVE)]


def test_a_rule_that_should_have_acted_differs_and_one_that_has_does_not_whatever_became_of_it() -> None:
    current = live(live_model(), live_rule())
    assert found(look(scores=[stored()]), current) == [("rule", "Marketing qualified")]
    by_hand = lead_row(statuscode=Lead.NEW, msdyncrm_salesready=False)
    assert found(look(by_hand, scores=[stored()], log=[acted()]), current) == []


def test_a_lead_that_points_at_another_row_differs() -> None:
    shown = live(live_model(show_on_lead=True))
    right = lead_row(_lgate_primaryscoreid_value=str(lead_score_id(LEAD, FIT)))
    wrong = lead_row(_lgate_primaryscoreid_value=str(UUID(int=7)))
    assert found(look(right, scores=[stored()]), shown) == []
    assert found(look(wrong, scores=[stored()]), shown) == [("primary-score", "Fit")]


def test_all_that_differs_is_told() -> None:
    current = live(live_model(), counting_model(), live_rule())
    assert found(look(), current) == [
        ("missing-row", "Fit"),
        ("missing-row", "Visits"),
        ("rule", "Marketing qualified"),
    ]


def test_what_time_alone_changed_a_moment_ago_is_on_its_way_and_no_difference_yet() -> None:
    just_left = [visit((NOW - timedelta(days=28, minutes=5)).isoformat())]
    seen = look(scores=[visits(rescore_on=NOW - timedelta(minutes=5))], visits=just_left)
    assert found(seen, live(counting_model())) == [("score", "Visits")]
    assert found(seen, live(counting_model()), timedelta(minutes=20)) == []
    assert found(seen, live(counting_model()), timedelta(minutes=4)) == [("score", "Visits")]


def test_a_difference_holds_no_value_of_the_lead() -> None:
    seen, current = look(scores=[stored(score=1)]), live(live_model())
    (difference,) = differences(decide(seen, current, NOW), seen, current, AT_ONCE)
    assert difference == Difference("score", "Fit")
    assert LeadScore.SCORE not in repr(difference)
