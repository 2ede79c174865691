"""What is known of one lead, as tables for people and as JSON for programs."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from admin.score_views import score_members, score_parts, score_text, utc_text
from connector.ids import lead_score_id
from connector.live import Live, LiveModel
from connector.look import Look, StoredScore
from connector.tables import QualificationLog
from dataverse import DataverseClient, query
from dataverse.odata import eq
from scoring import Score

_OUTCOMES = {
    QualificationLog.QUALIFIED: "qualified",
    QualificationLog.QUALIFYING: "qualifying",
    QualificationLog.BLOCKED: "blocked",
    QualificationLog.FAILED: "failed",
    QualificationLog.REOPENED: "reopened",
}


def score_json(look: Look, live: Live, scores: dict[UUID, Score]) -> list[dict[str, object]]:
    """One object per live model: `model`, `score`, `grade`, `lines`, `valid_until`, and what is `stored`."""
    return [_model_json(look, model, scores.get(model.model_id)) for model in live.models]


def lead_score_parts(look: Look, model: LiveModel, score: Score | None) -> Iterator[RenderableType]:
    """A model's score of a lead, line by line, beside the stored one."""
    stored = _stored(look, model)
    kept = "nothing stored" if stored is None else f"stored: {stored.score}" + ("" if stored.active else ", inactive")
    yield from score_parts(f"{score_text(model.definition, score)} ({kept})", model.definition, score)


def decision_rows(client: DataverseClient, lead: UUID) -> list[dict[str, Any]]:
    """The lead's log, oldest first: `decided_on`, `rule`, `outcome`, `reason`, `scores`, `actions`, `correlation`."""
    columns = [
        QualificationLog.NAME,
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
        orderby=[QualificationLog.DECIDED_ON],
    )
    return [
        {
            "decided_on": row[QualificationLog.DECIDED_ON],
            "rule": row[QualificationLog.NAME],
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
        return "No rule has acted on this lead."
    table = Table(title="Decisions", title_justify="left", box=SIMPLE_HEAD)
    for column in ("decided on", "rule", "outcome", "scores", "actions"):
        table.add_column(column, overflow="fold")
    for row in rows:
        scores = ", ".join(f"{model} {score}" for model, score in row["scores"].items())
        actions = ", ".join(f"{column} = {value}" for column, value in row["actions"].items())
        outcome = row["outcome"] + (f": {row['reason']}" if row["reason"] else "")
        table.add_row(str(row["decided_on"]), str(row["rule"]), outcome, scores, actions)
    return table


def _model_json(look: Look, model: LiveModel, score: Score | None) -> dict[str, object]:
    stored = _stored(look, model)
    return {"model": model.name, **score_members(score), "stored": _stored_json(stored) if stored else None}


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


def _parsed(text: object) -> Any:
    return json.loads(str(text)) if text else {}
