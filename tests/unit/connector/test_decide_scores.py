"""Score rows: only what differs from what is stored is written, and each end has its reason."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from connector.decide_scores import decide_scores, instant, scores_now
from connector.decision import ScoreWrite
from connector.ids import lead_score_id
from connector.live import Live
from connector.look import Look
from connector.tables import LeadScore
from tests.unit.connector.fakes import (
    BOTH_GIVEN,
    FIT,
    FIT_VERSION,
    LEAD,
    NOW,
    VISITS,
    counting_model,
    lead_row,
    live,
    live_model,
    look,
    stored,
    visit,
)

ROW = lead_score_id(LEAD, FIT)
VISITS_ROW = lead_score_id(LEAD, VISITS)
ONE_VISIT = '{"groups":[{"events":1,"group":1,"points":5}]}'
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def writes(seen: Look, in_force: Live, at: datetime = NOW) -> tuple[ScoreWrite, ...]:
    return decide_scores(seen, in_force, scores_now(seen, in_force, at), at)


def ended(write: ScoreWrite) -> int:
    assert (write.model_id, write.version_id, write.etag) == (None, None, 'W/"3"')
    assert set(write.changes) == {"statecode", "statuscode", "lgate_rescoreon"}
    assert (write.changes["statecode"], write.changes["lgate_rescoreon"]) == (1, None)
    status = write.changes["statuscode"]
    assert isinstance(status, int)
    return status


def test_a_first_score_is_a_new_row_with_everything_in_it() -> None:
    (write,) = writes(look(), live(live_model()))
    assert (write.row_id, write.model_id, write.version_id, write.etag) == (ROW, FIT, FIT_VERSION, None)
    assert write.changes == {
        "lgate_name": "Fit",
        "lgate_score": 110,
        "lgate_grade": "Hot",
        "lgate_explanation": BOTH_GIVEN,
        "lgate_rescoreon": None,
        "lgate_scoredon": "2026-08-01T12:00:00Z",
    }


def test_a_score_that_is_stored_already_is_not_written() -> None:
    assert writes(look(scores=[stored()]), live(live_model())) == ()


def test_a_version_that_changes_neither_score_nor_grade_nor_explanation_leaves_the_row_alone() -> None:
    renewed = live_model(version_id=UUID(int=9), description="said better")
    assert writes(look(scores=[stored()]), live(renewed)) == ()


@pytest.mark.parametrize(
    "differing", [{"score": 109}, {"score": None}, {"grade": "Cold"}, {"grade": None}, {"explanation": None}]
)
def test_a_score_that_differs_in_anything_is_written_with_its_predecessor(differing: dict[str, object]) -> None:
    before = stored(**differing)  # type: ignore[arg-type]  # one of the members
    (write,) = writes(look(scores=[before]), live(live_model()))
    assert (write.row_id, write.model_id, write.version_id, write.etag) == (ROW, None, FIT_VERSION, 'W/"3"')
    assert write.changes == {
        "lgate_score": 110,
        "lgate_grade": "Hot",
        "lgate_explanation": BOTH_GIVEN,
        "lgate_previousscore": before.score,
        "lgate_rescoreon": None,
        "lgate_scoredon": "2026-08-01T12:00:00Z",
    }


def test_a_score_of_zero_and_one_without_a_grade_are_scores() -> None:
    (write,) = writes(look(), live(counting_model()))
    assert (write.changes["lgate_score"], write.changes["lgate_grade"]) == (0, None)


def test_a_lead_that_was_never_in_the_audience_gets_no_row() -> None:
    assert writes(look(), live(live_model(entry={"column": "jobtitle", "op": "null"}))) == ()


@pytest.mark.parametrize(
    ("row", "model_ids", "reason"),
    [
        (lead_row(statecode=1), [FIT], LeadScore.LEAD_CLOSED),
        (lead_row(statecode=2), [], LeadScore.LEAD_CLOSED),
        (lead_row(), [VISITS], LeadScore.MODEL_STOPPED),
        (lead_row(telephone1=None), [FIT], LeadScore.OUT_OF_AUDIENCE),
        (lead_row(msdyn_gdproptout=True), [FIT], LeadScore.OUT_OF_AUDIENCE),
    ],
)
def test_a_row_that_no_longer_holds_is_ended_with_its_reason(
    row: Mapping[str, object], model_ids: list[UUID], reason: int
) -> None:
    entry = {"column": "telephone1", "op": "not-null"}
    models = [live_model(model_id=model_id, entry=entry) for model_id in model_ids]
    seen = look(row, scores=[stored(rescore_on=NOW)])
    found = [write for write in writes(seen, live(*models)) if write.row_id == ROW]
    assert [ended(write) for write in found] == [reason]


def test_a_row_whose_model_was_deleted_is_ended_as_stopped() -> None:
    (write,) = writes(look(scores=[stored(model_id=None)]), live())
    assert ended(write) == LeadScore.MODEL_STOPPED


def test_a_row_that_came_over_in_a_merge_is_ended_and_the_survivor_keeps_its_own() -> None:
    moved = UUID("99999999-0000-4000-8000-000000000009")
    seen = look(scores=[stored(row_id=moved), stored()])
    (write,) = writes(seen, live(live_model()))
    assert (write.row_id, ended(write)) == (moved, LeadScore.MERGED)


@pytest.mark.parametrize("row", [lead_row(statecode=1), lead_row(merged=True), lead_row(jobtitle=None)])
def test_a_row_that_has_ended_is_not_ended_again(row: Mapping[str, object]) -> None:
    model = live_model(entry={"column": "jobtitle", "op": "not-null"})
    assert writes(look(row, scores=[stored(active=False)]), live(model)) == ()


def test_a_lead_that_is_back_in_the_audience_gets_its_row_back_even_with_the_same_score() -> None:
    (write,) = writes(look(scores=[stored(active=False)]), live(live_model()))
    assert (write.etag, write.version_id) == ('W/"3"', FIT_VERSION)
    assert write.changes == {
        "statecode": 0,
        "statuscode": 1,
        "lgate_score": 110,
        "lgate_grade": "Hot",
        "lgate_explanation": BOTH_GIVEN,
        "lgate_previousscore": 110,
        "lgate_rescoreon": None,
        "lgate_scoredon": "2026-08-01T12:00:00Z",
    }


LEAVES = NOW + 18 * DAY
"""When the one visit of these tests, ten days ago, has been 28 days ago."""


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        pytest.param(None, "2026-08-19T12:00:00Z", id="none"),
        pytest.param(NOW - SECOND, "2026-08-19T12:00:00Z", id="past"),
        pytest.param(NOW, "2026-08-19T12:00:00Z", id="due"),
        pytest.param(LEAVES + SECOND, "2026-08-19T12:00:00Z", id="later by a second"),
        pytest.param(LEAVES, None, id="right"),
        pytest.param(LEAVES - SECOND, None, id="earlier by a second"),
        pytest.param(NOW + SECOND, None, id="much earlier, but not due"),
    ],
)
def test_rescore_on_is_written_when_due_or_later_than_it_must_be(kept: datetime | None, written: str | None) -> None:
    row = stored(model_id=VISITS, score=5, grade=None, explanation=ONE_VISIT, rescore_on=kept)
    found = writes(look(scores=[row], visits=[visit("2026-07-22T12:00:00Z")]), live(counting_model()))
    assert [dict(write.changes) for write in found] == ([{"lgate_rescoreon": written}] if written else [])
    assert all((write.row_id, write.etag, write.version_id) == (VISITS_ROW, 'W/"3"', None) for write in found)


@pytest.mark.parametrize(("kept", "written"), [(NOW, True), (NOW + DAY, False), (None, False)])
def test_rescore_on_is_emptied_only_when_due_if_time_changes_nothing_any_more(
    kept: datetime | None, written: bool
) -> None:
    found = writes(look(scores=[stored(rescore_on=kept)]), live(live_model()))
    assert [dict(write.changes) for write in found] == ([{"lgate_rescoreon": None}] if written else [])


def test_rescore_on_is_never_before_the_instant_although_dataverse_keeps_no_fractions() -> None:
    seen = look(visits=[visit("2026-07-22T12:00:00.250Z")])
    (write,) = writes(seen, live(counting_model()))
    assert write.changes["lgate_rescoreon"] == "2026-08-19T12:00:01Z"
    kept = stored(
        model_id=VISITS,
        score=5,
        grade=None,
        explanation=ONE_VISIT,
        rescore_on=datetime(2026, 8, 19, 12, 0, 1, tzinfo=UTC),
    )
    assert writes(look(scores=[kept], visits=[visit("2026-07-22T12:00:00.250Z")]), live(counting_model())) == ()


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.500Z", "9999-12-31T23:00:00"])
def test_an_event_at_the_end_of_the_calendar_is_never_and_no_fault(end: str) -> None:
    new_york = live_model(
        {
            "model": "Visits",
            "time_zone": "America/New_York",
            "groups": [{"name": "Visits", "points": 5, "interactions": {"table": "visit", "lead": "lead", "at": "on"}}],
        },
        model_id=VISITS,
    )
    (write,) = writes(look(visits=[visit(end)]), live(new_york))
    assert (write.changes["lgate_score"], write.changes["lgate_rescoreon"]) == (0, None)


def test_an_instant_is_written_in_utc_whatever_its_offset() -> None:
    paris = timezone(timedelta(hours=2))
    assert instant(datetime(2026, 8, 1, 14, 0, 59, 999_999, tzinfo=paris)) == "2026-08-01T12:00:59Z"
    assert instant(None) is None


def test_models_of_a_lead_are_decided_each_for_itself() -> None:
    rows = [stored(), stored(model_id=VISITS, score=5, grade=None, explanation=ONE_VISIT, rescore_on=LEAVES)]
    seen = look(lead_row(telephone1=None), scores=rows, visits=[visit("2026-07-22T12:00:00Z")])
    (write,) = writes(seen, live(live_model(), counting_model()))
    assert (write.row_id, write.changes["lgate_score"], write.changes["lgate_previousscore"]) == (ROW, 100, 110)
