"""Deciding the score rows of a lead: pure, and only what differs from what is stored."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from connector.decision import ScoreWrite
from connector.ids import lead_score_id
from connector.live import Live, LiveModel
from connector.look import Look, StoredScore
from connector.tables import ACTIVE, INACTIVE, LeadScore
from scoring import Facts, Score, explanation


def scores_now(look: Look, live: Live, at: datetime) -> dict[UUID, Score]:
    """What each live model says of the lead at `at`, by model id, also that it is not in its audience.

    A lead that is closed or in no audience at all has no scores.
    """
    if not look.is_open or look.is_in_no_audience:
        return {}
    facts = Facts(lead=look.row, interactions=look.interactions or {})
    return {model.model_id: model.scorer.score(facts, at) for model in live.models}


def decide_scores(look: Look, live: Live, scores: dict[UUID, Score], at: datetime) -> tuple[ScoreWrite, ...]:
    """The writes that make the stored score rows say what `scores` says, and nothing else."""
    stored = {row.row_id: row for row in look.scores}
    writes = []
    kept = set()
    for model in live.models:
        if score := scores.get(model.model_id):
            row_id = lead_score_id(look.lead_id, model.model_id)
            kept.add(row_id)
            write = _outside_write if score.total is None else _score_write
            writes.append(write(row_id, model, stored.get(row_id), score, at))
    over = [row for row in look.scores if row.row_id not in kept]
    writes += [_ended(row, look, live) for row in over if row.active or _says_otherwise(row, look)]
    writes += [_never_due(row) for row in over if not row.active and row.rescore_on is not None]
    return tuple(write for write in writes if write is not None)


def _outside_write(
    row_id: UUID, model: LiveModel, stored: StoredScore | None, score: Score, at: datetime
) -> ScoreWrite | None:
    """The row of a lead outside the audience: inactive, with an instant only if time alone can bring the lead in."""
    due = _whole_second(score.valid_until)
    rescore_on = {LeadScore.RESCORE_ON: instant(due)}
    outside = {"statecode": INACTIVE, "statuscode": LeadScore.OUT_OF_AUDIENCE, **rescore_on}
    if stored is None:
        return None if due is None else ScoreWrite(row_id, model.model_id, None, None, _named(model, outside))
    if stored.active or stored.saw_closed:
        return ScoreWrite(row_id, None, None, stored.etag, outside)
    if _rescore_on_is_wrong(stored.rescore_on, due, at):
        return ScoreWrite(row_id, None, None, stored.etag, rescore_on)
    return None


def _named(model: LiveModel, columns: Mapping[str, object]) -> dict[str, object]:
    return {LeadScore.NAME: model.name, **columns}


def _score_write(
    row_id: UUID, model: LiveModel, stored: StoredScore | None, score: Score, at: datetime
) -> ScoreWrite | None:
    value = {
        LeadScore.SCORE: score.total,
        LeadScore.GRADE: score.grade,
        LeadScore.EXPLANATION: explanation(score),
    }
    due = _whole_second(score.valid_until)
    rescore_on = {LeadScore.RESCORE_ON: instant(due)}
    if stored is None:
        new = _named(model, {**value, **rescore_on, LeadScore.SCORED_ON: instant(at)})
        return ScoreWrite(row_id, model.model_id, model.version_id, None, new)
    if not stored.active or (stored.score, stored.grade, stored.explanation) != tuple(value.values()):
        changes = {**value, **rescore_on, LeadScore.PREVIOUS_SCORE: stored.score, LeadScore.SCORED_ON: instant(at)}
        if not stored.active:
            changes |= {"statecode": ACTIVE, "statuscode": LeadScore.UP_TO_DATE}
        return ScoreWrite(row_id, None, model.version_id, stored.etag, changes)
    if _rescore_on_is_wrong(stored.rescore_on, due, at):
        return ScoreWrite(row_id, None, None, stored.etag, rescore_on)
    return None


def _rescore_on_is_wrong(stored: datetime | None, computed: datetime | None, at: datetime) -> bool:
    """Due, or later than it must be; one that is merely earlier costs one look too many and no write."""
    if stored is not None and stored <= at:
        return True
    return computed is not None and (stored is None or stored > computed)


def _whole_second(at: datetime | None) -> datetime | None:
    """The first whole second not before `at`: Dataverse keeps no fractions, and a look that comes early is in vain."""
    if at is None or not at.microsecond:
        return at
    try:
        return at.replace(microsecond=0) + timedelta(seconds=1)
    except OverflowError:  # the last second of the calendar is never
        return None


def _says_otherwise(row: StoredScore, look: Look) -> bool:
    """Whether an ended row must learn that the lead was closed, or is open again: rules may act once more after that.

    A lead that no rule has acted on needs no such memory.
    """
    if look.is_open:
        return row.saw_closed
    return bool(look.log) and not row.active and row.reason == LeadScore.OUT_OF_AUDIENCE


def _never_due(row: StoredScore) -> ScoreWrite:
    """An ended row that still carries an instant would be found due for ever."""
    return ScoreWrite(row.row_id, None, None, row.etag, {LeadScore.RESCORE_ON: None})


def _ended(row: StoredScore, look: Look, live: Live) -> ScoreWrite:
    if not look.is_open:
        reason = LeadScore.LEAD_CLOSED
    elif row.model_id not in {model.model_id for model in live.models}:
        reason = LeadScore.MODEL_STOPPED
    elif row.row_id != lead_score_id(look.lead_id, row.model_id):
        reason = LeadScore.MERGED
    else:
        reason = LeadScore.OUT_OF_AUDIENCE  # of every model: merged, or opted out
    changes = {"statecode": INACTIVE, "statuscode": reason, LeadScore.RESCORE_ON: None}
    return ScoreWrite(row.row_id, None, None, row.etag, changes)


def instant(at: datetime | None) -> str | None:
    """An instant as the Web API writes it, to the second (Dataverse keeps no more)."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
