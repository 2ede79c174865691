"""Where a rule stands with a lead is read off the lead's own log: once per occurrence, and why another one begins."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from connector.ids import lead_score_id, left_alone_id, qualification_id, reopened_id
from connector.live import LiveRule
from connector.look import LogEntry, StoredScore
from connector.rule_standing import Standing, is_left_alone, standing
from connector.tables import LeadScore, QualificationLog, Reason
from tests.unit.connector.fakes import FIT, LEAD, NOW, RULE, RULE_VERSION, entry, live_rule, look, stored

QUALIFIED, QUALIFYING = QualificationLog.QUALIFIED, QualificationLog.QUALIFYING
BLOCKED, FAILED, REOPENED = QualificationLog.BLOCKED, QualificationLog.FAILED, QualificationLog.REOPENED

ANOTHER_LEAD = UUID(int=11)
ANOTHER_RULE = UUID(int=12)
ANOTHER_VERSION = UUID(int=13)
RANDOM = UUID(int=14)
CLOSED = stored(active=False, reason=LeadScore.LEAD_CLOSED)


def stands(
    *log: LogEntry, scores: Sequence[StoredScore] = (), rule: LiveRule | None = None, reconsider: bool = False
) -> Standing:
    return standing(look(log=log, scores=scores), rule or live_rule(reconsider=reconsider))


def test_a_rule_begins_in_its_first_occurrence_and_has_done_nothing() -> None:
    assert stands() == Standing(1, has_acted=False, qualifying=None, last_refusal=None, may_act_again=None)
    assert stands().next_occurrence == 1


@pytest.mark.parametrize(
    ("outcome", "ran_qualify_lead", "acted"),
    [
        (QUALIFIED, False, True),
        (QUALIFIED, True, True),
        (QUALIFYING, True, True),
        (FAILED, True, True),
        (FAILED, False, False),
        (BLOCKED, False, False),
        (BLOCKED, True, False),
    ],
)
def test_what_was_done_or_begun_counts_as_acting_and_a_refusal_does_not(
    outcome: int, ran_qualify_lead: bool, acted: bool
) -> None:
    assert stands(entry(outcome, ran_qualify_lead=ran_qualify_lead)).has_acted is acted


def test_what_another_rule_did_says_nothing_of_this_one() -> None:
    others = [entry(outcome, rule_id=ANOTHER_RULE, reason="r") for outcome in (QUALIFIED, QUALIFYING, REOPENED, FAILED)]
    assert stands(*others) == stands()


@pytest.mark.parametrize("reopened", [0, 1, 3])
def test_each_reopened_entry_begins_an_occurrence_and_acting_counts_in_its_own_alone(reopened: int) -> None:
    log = [entry(REOPENED, number) for number in range(2, 2 + reopened)]
    assert stands(*log).occurrence == 1 + reopened
    for occurrence in range(1, 2 + reopened):
        assert stands(*log, entry(QUALIFIED, occurrence)).has_acted is (occurrence == 1 + reopened)


def test_a_rule_that_acted_at_an_occurrence_whose_beginning_was_deleted_does_not_act_there_again() -> None:
    found = stands(entry(QUALIFIED, 3))
    assert (found.occurrence, found.has_acted) == (3, True)


def test_an_action_under_way_is_told_and_keeps_a_new_occurrence_from_beginning() -> None:
    under_way = entry(QUALIFYING, ran_qualify_lead=True)
    found = stands(entry(FAILED, reason="r"), under_way, scores=[CLOSED], reconsider=True)
    assert (found.has_acted, found.qualifying, found.may_act_again) == (True, under_way, None)
    assert stands(entry(QUALIFIED)).qualifying is None
    assert stands(entry(REOPENED, 2), under_way).qualifying is None


@pytest.mark.parametrize(
    ("log", "scores", "reconsider", "why"),
    [
        ([entry(QUALIFIED)], [], False, None),
        ([entry(QUALIFIED)], [stored()], False, None),
        ([entry(QUALIFIED)], [stored(active=False, reason=LeadScore.OUT_OF_AUDIENCE)], False, None),
        ([entry(QUALIFIED)], [stored(reason=LeadScore.LEAD_CLOSED)], False, None),
        ([entry(QUALIFIED)], [stored(), CLOSED], False, Reason.REOPENED),
        ([entry(QUALIFIED)], [CLOSED], True, Reason.REOPENED),
        ([entry(QUALIFIED, ran_qualify_lead=True)], [], False, Reason.REOPENED),
        ([entry(FAILED, ran_qualify_lead=True)], [], False, None),
        ([entry(FAILED, ran_qualify_lead=True)], [CLOSED], False, Reason.REOPENED),
        ([entry(QUALIFIED, version_id=ANOTHER_VERSION)], [], True, Reason.RECONSIDERED),
        ([entry(QUALIFIED, version_id=None)], [], True, Reason.RECONSIDERED),
        ([entry(QUALIFIED, version_id=ANOTHER_VERSION)], [], False, None),
        ([entry(QUALIFIED)], [], True, None),
        ([entry(QUALIFIED, version_id=ANOTHER_VERSION), entry(BLOCKED)], [], True, None),
        ([entry(REOPENED, 2), entry(QUALIFIED, 2, version_id=ANOTHER_VERSION)], [], True, None),
        ([], [CLOSED], True, None),
        ([entry(BLOCKED)], [CLOSED], False, None),
        ([entry(FAILED, version_id=ANOTHER_VERSION)], [CLOSED], True, None),
    ],
)
def test_a_rule_that_has_acted_may_act_again_when_the_lead_was_seen_closed_or_a_version_reconsiders(
    log: list[LogEntry], scores: list[StoredScore], reconsider: bool, why: str | None
) -> None:
    found = stands(*log, scores=scores, reconsider=reconsider)
    assert found.may_act_again == why
    assert found.next_occurrence == found.occurrence + (why is not None)


@pytest.mark.parametrize("model_id", [FIT, None])
def test_a_score_row_that_came_with_a_merge_does_not_say_that_this_lead_was_closed(model_id: UUID | None) -> None:
    moved = stored(
        model_id=model_id,
        row_id=lead_score_id(ANOTHER_LEAD, FIT),
        active=False,
        reason=LeadScore.LEAD_CLOSED,
    )
    assert stands(entry(QUALIFIED), scores=[moved]).may_act_again is None
    assert stands(entry(QUALIFIED), scores=[moved, CLOSED]).may_act_again == Reason.REOPENED


def test_the_last_refusal_is_the_newest_one_of_this_occurrence() -> None:
    earlier, later = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    blocked = entry(BLOCKED, reason="blocked")
    assert stands(blocked).last_refusal == "blocked"
    assert stands(entry(FAILED, reason="failed", decided_on=later), blocked).last_refusal == "failed"
    assert stands(entry(FAILED, reason="failed", decided_on=earlier), blocked).last_refusal == "blocked"
    assert stands(entry(QUALIFIED, reason="none", decided_on=later), blocked).last_refusal == "blocked"
    assert stands(entry(FAILED, reason="undated", decided_on=None), blocked).last_refusal == "blocked"
    assert stands(blocked, entry(REOPENED, 2, reason="again", decided_on=later)).last_refusal is None


@pytest.mark.parametrize(
    ("outcome", "reason", "ran_qualify_lead", "computed"),
    [
        (QUALIFIED, None, False, lambda lead: qualification_id(lead, RULE, 1)),
        (QUALIFYING, None, True, lambda lead: qualification_id(lead, RULE, 1)),
        (FAILED, "r", True, lambda lead: qualification_id(lead, RULE, 1)),
        (REOPENED, Reason.REOPENED, False, lambda lead: reopened_id(lead, RULE, 2)),
    ],
)
def test_entries_that_bind_another_lead_do_not_bind_the_one_it_was_merged_into(
    outcome: int, reason: str | None, ran_qualify_lead: bool, computed: Callable[[UUID], UUID]
) -> None:
    occurrence = 2 if outcome == REOPENED else 1
    own, moved = (
        entry(outcome, occurrence, row_id=computed(lead), reason=reason, ran_qualify_lead=ran_qualify_lead)
        for lead in (LEAD, ANOTHER_LEAD)
    )
    assert stands(moved) == stands()
    assert stands(own) != stands()
    assert stands(moved, own) == stands(own)


@pytest.mark.parametrize(("outcome", "reason"), [(BLOCKED, "blocked"), (FAILED, "failed")])
def test_entries_that_only_tell_have_any_id(outcome: int, reason: str) -> None:
    assert stands(entry(outcome, row_id=RANDOM, reason=reason)).last_refusal == reason


@pytest.mark.parametrize(
    ("left", "is_left"),
    [
        (entry(BLOCKED, reason=Reason.EXISTING_LEAD, row_id=left_alone_id(LEAD, RULE_VERSION)), True),
        (entry(BLOCKED, reason=Reason.EXISTING_LEAD, row_id=left_alone_id(ANOTHER_LEAD, RULE_VERSION)), False),
        (entry(BLOCKED, reason=Reason.EXISTING_LEAD, version_id=ANOTHER_VERSION), False),
        (entry(BLOCKED, reason=Reason.EXISTING_LEAD, version_id=None), False),
        (entry(BLOCKED, reason=Reason.DUPLICATE), False),
    ],
)
def test_a_lead_is_left_alone_by_the_version_that_found_it_meeting_the_rule_already(
    left: LogEntry, is_left: bool
) -> None:
    assert is_left_alone(look(log=[left]), live_rule()) is is_left
    assert is_left_alone(look(log=[entry(QUALIFIED), left]), live_rule()) is is_left


def test_that_a_lead_was_left_alone_is_no_acting() -> None:
    left = entry(BLOCKED, reason=Reason.EXISTING_LEAD, row_id=left_alone_id(LEAD, RULE_VERSION))
    assert (stands(left).has_acted, stands(left).last_refusal) == (False, Reason.EXISTING_LEAD)
