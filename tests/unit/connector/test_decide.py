"""Rules act once, on open leads alone, from an inclusive threshold on; nothing is ever taken back."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from connector.decide import decide
from connector.ids import lead_score_id
from connector.live import LiveRule
from connector.look import Look
from connector.tables import Lead, QualificationLog
from tests.unit.connector.fakes import (
    FIT,
    LEAD,
    MARKETING_QUALIFIED,
    NOW,
    RULE,
    RULE_VERSION,
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

QUALIFIED_NOW = {
    "lgate_qualifiedon": "2026-08-01T12:00:00Z",
    "statuscode": MARKETING_QUALIFIED,
    "msdyncrm_salesready": True,
}
SHOWN = lead_row(_lgate_primaryscoreid_value=str(lead_score_id(LEAD, FIT)))


def changes(seen: Look, *rules: LiveRule) -> Mapping[str, object]:
    return decide(seen, live(live_model(), counting_model(), *rules), NOW).lead_changes


def names(seen: Look, *rules: LiveRule) -> list[str]:
    return [entry.name for entry in decide(seen, live(live_model(), counting_model(), *rules), NOW).qualifications]


def test_a_lead_that_meets_a_rule_is_qualified_in_one_decision() -> None:
    decision = decide(look(), live(live_model(), live_rule()), NOW)
    assert decision.lead_changes == QUALIFIED_NOW
    (entry,) = decision.qualifications
    assert (entry.rule_id, entry.version_id, entry.name, entry.occurrence) == (
        RULE,
        RULE_VERSION,
        "Marketing qualified",
        1,
    )
    assert entry.scores == {"Fit": 110}
    assert (decision.lead_id, decision.etag, decision.decided_on) == (LEAD, 'W/"7"', NOW)


@pytest.mark.parametrize(("at_least", "met"), [(109, True), (110, True), (111, False)])
def test_the_threshold_is_inclusive(at_least: int, met: bool) -> None:
    assert bool(changes(look(), live_rule(("Fit", at_least)))) is met


@pytest.mark.parametrize(
    ("match", "criteria", "met"),
    [
        ("all", [("Fit", 110), ("Visits", 5)], True),
        ("all", [("Fit", 110), ("Visits", 6)], False),
        ("all", [("Visits", 6), ("Fit", 110)], False),
        ("any", [("Fit", 111), ("Visits", 5)], True),
        ("any", [("Fit", 110), ("Visits", 6)], True),
        ("any", [("Fit", 111), ("Visits", 6)], False),
    ],
)
def test_all_or_any_of_the_criteria(match: str, criteria: list[tuple[str, int]], met: bool) -> None:
    seen = look(visits=[visit("2026-07-31T12:00:00Z")])
    assert bool(changes(seen, live_rule(*criteria, match=match))) is met


@pytest.mark.parametrize("at_least", [-1_000_000, 0])
@pytest.mark.parametrize("match", ["all", "any"])
def test_a_model_that_gives_the_lead_no_score_is_not_met_however_low_the_threshold(at_least: int, match: str) -> None:
    absent = live_model(entry={"column": "jobtitle", "op": "null"})
    for models in ([], [absent]):
        decision = decide(look(), live(*models, live_rule(("Fit", at_least), match=match)), NOW)
        assert not decision.qualifications


def test_a_score_of_zero_meets_a_threshold_of_zero() -> None:
    assert names(look(), live_rule(("Visits", 0))) == ["Marketing qualified"]


@pytest.mark.parametrize(("status", "met"), [(Lead.NEW, True), (2, True), (MARKETING_QUALIFIED, False)])
def test_a_rule_acts_from_the_open_reasons_it_names(status: int, met: bool) -> None:
    assert bool(changes(look(lead_row(statuscode=status)), live_rule(from_status=(Lead.NEW, 2)))) is met


@pytest.mark.parametrize("status", [Lead.NEW, 2, MARKETING_QUALIFIED])
def test_a_rule_that_names_no_reason_acts_from_all(status: int) -> None:
    assert changes(look(lead_row(statuscode=status)), live_rule())


@pytest.mark.parametrize("outcome", [QualificationLog.QUALIFIED, QualificationLog.QUALIFYING])
@pytest.mark.parametrize("row", [lead_row(), lead_row(statuscode=MARKETING_QUALIFIED), lead_row(jobtitle=None)])
def test_a_rule_that_has_acted_never_acts_again(outcome: int, row: Mapping[str, object]) -> None:
    assert not changes(look(row, log=[acted(outcome)]), live_rule(("Fit", 10)))


def test_what_another_rule_did_does_not_keep_a_rule_from_acting() -> None:
    assert changes(look(log=[acted(rule_id=UUID(int=5))]), live_rule())


@pytest.mark.parametrize("outcome", [QualificationLog.BLOCKED, QualificationLog.FAILED])
def test_a_refusal_in_the_log_is_no_action(outcome: int) -> None:
    assert changes(look(log=[acted(outcome)]), live_rule())


@pytest.mark.parametrize("state", [1, 2])
@pytest.mark.parametrize("at_least", [109, 110, 111])
def test_a_closed_lead_is_neither_scored_nor_qualified(state: int, at_least: int) -> None:
    decision = decide(
        look(lead_row(statecode=state)), live(live_model(show_on_lead=True), live_rule(("Fit", at_least))), NOW
    )
    assert decision.is_empty


@pytest.mark.parametrize("mark", [Lead.MERGED, Lead.GDPR_OPT_OUT])
def test_a_lead_that_was_merged_away_or_opted_out_is_in_no_audience(mark: str) -> None:
    seen = look(lead_row(**{mark: True}))
    assert decide(seen, live(live_model(show_on_lead=True), live_rule(("Fit", -5))), NOW).is_empty
    assert not decide(look(lead_row(**{mark: None})), live(live_model(), live_rule()), NOW).is_empty


def test_a_score_that_falls_takes_nothing_back() -> None:
    seen = look(lead_row(jobtitle=None, telephone1=None, statuscode=MARKETING_QUALIFIED), log=[acted()])
    assert changes(seen, live_rule()) == {}


def test_the_first_rule_that_matches_sets_a_column_and_later_ones_the_rest() -> None:
    first = live_rule(("Fit", 200), rule_id=UUID(int=1), name="no match", changes={"statuscode": 4})
    second = live_rule(rule_id=UUID(int=2), name="second", changes={"statuscode": 5})
    third = live_rule(rule_id=UUID(int=3), name="third", changes={"statuscode": 6, "lgate_salesready": True})
    fourth = live_rule(rule_id=UUID(int=4), name="fourth", changes={"statuscode": 7})
    decision = decide(look(), live(live_model(), first, second, third, fourth), NOW)
    assert [(entry.name, dict(entry.actions)) for entry in decision.qualifications] == [
        ("second", {"statuscode": 5}),
        ("third", {"lgate_salesready": True}),
        ("fourth", {}),
    ]
    assert decision.lead_changes == {
        "lgate_qualifiedon": "2026-08-01T12:00:00Z",
        "statuscode": 5,
        "lgate_salesready": True,
    }


def test_the_log_keeps_the_scores_that_were_known_and_no_others() -> None:
    absent = live_model(entry={"column": "jobtitle", "op": "null"})
    rule = live_rule(("Fit", 1), ("Visits", 0), match="any")
    (entry,) = decide(look(), live(absent, counting_model(), rule), NOW).qualifications
    assert entry.scores == {"Visits": 0}


def test_the_lead_points_at_the_score_of_the_model_shown_on_it() -> None:
    shown = live_model(show_on_lead=True)
    assert decide(look(), live(counting_model(), shown), NOW).primary_score == lead_score_id(LEAD, FIT)
    assert decide(look(), live(counting_model(), live_model()), NOW).primary_score is None


@pytest.mark.parametrize("spelling", [str(lead_score_id(LEAD, FIT)), str(lead_score_id(LEAD, FIT)).upper()])
def test_the_pointer_is_set_once(spelling: str) -> None:
    seen = look(lead_row(_lgate_primaryscoreid_value=spelling), scores=[stored()])
    assert decide(seen, live(live_model(show_on_lead=True)), NOW).is_empty


def test_a_pointer_at_the_score_of_another_model_is_moved() -> None:
    seen = look(lead_row(_lgate_primaryscoreid_value=str(lead_score_id(LEAD, VISITS))))
    assert decide(seen, live(live_model(show_on_lead=True)), NOW).primary_score == lead_score_id(LEAD, FIT)


def test_a_lead_outside_the_audience_of_the_model_shown_keeps_its_pointer() -> None:
    shown = live_model(show_on_lead=True, entry={"column": "jobtitle", "op": "null"})
    for row in (lead_row(), SHOWN):
        assert decide(look(row), live(shown), NOW).primary_score is None


def test_nothing_in_force_decides_nothing() -> None:
    assert decide(look(), live(), NOW).is_empty
