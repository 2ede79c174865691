"""What is known of one lead, as tables for people and as JSON for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from admin.score_views import miss_members, score_members, score_parts, score_text, utc_text
from connector.ids import lead_score_id
from connector.live import Live, LiveModel
from connector.look import Look, StoredScore
from connector.tables import PublishedVersion, QualificationLog
from dataverse import DataverseClient, query
from dataverse.odata import eq
from scoring import NearestMiss, Score, nearest_misses

_OUTCOMES = {
    QualificationLog.QUALIFIED: "qualified",
    QualificationLog.QUALIFYING: "qualifying",
    QualificationLog.BLOCKED: "blocked",
    QualificationLog.FAILED: "failed",
    QualificationLog.REOPENED: "reopened",
}


def score_json(look: Look, live: Live, scores: dict[UUID, Score]) -> list[dict[str, object]]:
    """One object per live model: its score as everywhere, what is `stored`, and `nearest_misses`."""
    return [_model_json(look, model, scores.get(model.model_id), _misses(live, model, scores)) for model in live.models]


def lead_score_parts(look: Look, live: Live, model: LiveModel, scores: dict[UUID, Score]) -> Iterator[RenderableType]:
    """A model's score of a lead, line by line, beside the stored one, and what the lead lacks."""
    score = scores.get(model.model_id)
    stored = _stored(look, model)
    kept = "nothing stored" if stored is None else f"stored: {stored.score}" + ("" if stored.active else ", inactive")
    title = f"{score_text(model.definition, score)} ({kept})"
    yield from score_parts(title, model.definition, score, _misses(live, model, scores))


def decision_rows(client: DataverseClient, lead: UUID) -> list[dict[str, Any]]:
    """The lead's log, oldest first.

    `decided_on`, `rule`, `version` and who published it (`published_by`), `occurrence`, `outcome`, `reason`, `scores`,
    `actions`, `correlation`.
    """
    columns = [
        QualificationLog.NAME,
        QualificationLog.OCCURRENCE,
        QualificationLog.OUTCOME,
        QualificationLog.REASON,
        QualificationLog.SCORES,
        QualificationLog.ACTIONS,
        QualificationLog.DECIDED_ON,
        QualificationLog.CORRELATION,
    ]
    of_lead = query(
        QualificationLog.SET,
        select=columns,
        filter=eq(f"_{QualificationLog.LEAD}_value", lead),
        orderby=[QualificationLog.DECIDED_ON, f"{QualificationLog.OCCURRENCE}"],
        expand={QualificationLog.VERSION: (PublishedVersion.NUMBER, PublishedVersion.PUBLISHED_BY)},
    )
    return [
        {
            "decided_on": row[QualificationLog.DECIDED_ON],
            "rule": row[QualificationLog.NAME],
            **_version(row[QualificationLog.VERSION]),
            "occurrence": row[QualificationLog.OCCURRENCE],
            "outcome": _OUTCOMES.get(_number(row[QualificationLog.OUTCOME]), str(row[QualificationLog.OUTCOME])),
            "reason": row[QualificationLog.REASON],
            "scores": _parsed(row[QualificationLog.SCORES]),
            "actions": _parsed(row[QualificationLog.ACTIONS]),
            "correlation": row[QualificationLog.CORRELATION],
        }
        for row in client.rows(of_lead)
    ]


def decisions_table(rows: list[dict[str, Any]]) -> Table | str:
    """The log for people."""
    if not rows:
        return "No rule has acted on this lead, or was kept from it."
    table = Table(title="Decisions", title_justify="left", box=SIMPLE_HEAD)
    for column in ("decided on", "rule", "version", "outcome", "scores", "actions"):
        table.add_column(column, overflow="fold")
    for row in rows:
        scores = ", ".join(f"{model} {score}" for model, score in row["scores"].items())
        actions = ", ".join(f"{column} = {value}" for column, value in row["actions"].items())
        outcome = row["outcome"] + (f": {row['reason']}" if row["reason"] else "")
        table.add_row(str(row["decided_on"]), str(row["rule"]), str(row["version"] or ""), outcome, scores, actions)
    return table


def _model_json(look: Look, model: LiveModel, score: Score | None, misses: Sequence[NearestMiss]) -> dict[str, object]:
    stored = _stored(look, model)
    kept = {"stored": _stored_json(stored) if stored else None}
    return {"model": model.name, **score_members(score), **kept, "nearest_misses": miss_members(misses)}


def _misses(live: Live, model: LiveModel, scores: dict[UUID, Score]) -> tuple[NearestMiss, ...]:
    """What the lead lacks for the next grade, and for the live rules that ask for this model's score."""
    score = scores.get(model.model_id)
    if score is None:
        return ()
    thresholds = {
        f"rule {rule.name}": criterion.at_least
        for rule in live.rules
        for criterion in rule.rule.criteria
        if criterion.model == model.name
    }
    return nearest_misses(model.definition, score, thresholds)


def _stored_json(stored: StoredScore) -> dict[str, object]:
    return {
        "score": stored.score,
        "grade": stored.grade,
        "active": stored.active,
        "rescore_on": utc_text(stored.rescore_on),
    }


def _stored(look: Look, model: LiveModel) -> StoredScore | None:
    row_id = lead_score_id(look.lead_id, model.model_id)
    return next((row for row in look.scores if row.row_id == row_id), None)


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _version(version: object) -> dict[str, object]:
    row = version if isinstance(version, Mapping) else {}
    return {
        "version": row.get(PublishedVersion.NUMBER),
        "published_by": row.get(PublishedVersion.PUBLISHED_BY),
    }


def _parsed(text: object) -> dict[str, Any]:
    """What the log keeps as an object; text that people typed over it is shown as it is."""
    if not text:
        return {}
    with suppress(ValueError, RecursionError):
        if isinstance(found := json.loads(str(text)), dict):
            return found
    return {"unreadable": str(text)}
