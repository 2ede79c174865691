"""What is known of one lead, as tables for people and as JSON for programs."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.table import Table
from rich.text import Text

from connector.ids import lead_score_id
from connector.live import Live, LiveModel
from connector.look import Look, StoredScore
from connector.tables import QualificationLog
from dataverse import DataverseClient, query
from dataverse.odata import eq
from scoring import Score, group_text

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


def score_table(look: Look, model: LiveModel, score: Score | None) -> Table:
    """A model's score of a lead, line by line, with the stored one below."""
    stored = _stored(look, model)
    kept = "nothing stored" if stored is None else f"stored: {stored.score}" + ("" if stored.active else " (inactive)")
    if score is None or score.total is None:
        return Table(title=Text(f"{model.name}: not in the audience ({kept})"), title_justify="left")
    graded = f", {score.grade}" if score.grade else ""
    table = Table(title=Text(f"{model.name}: {score.total:,} points{graded} ({kept})"), title_justify="left")
    table.add_column("points", justify="right")
    table.add_column("group")
    table.add_column("why")
    reasons = [group_text(group) for group in model.definition.groups]
    for at, line in enumerate(score.lines):
        reason = reasons[at] if at < len(reasons) else "bounds of the total"
        counted = "" if line.events is None else f" ({line.events} counted)"
        table.add_row(
            f"{line.points_applied:+,}", Text(line.group), Text(reason + counted), style="" if line.matched else "dim"
        )
    return table


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
    table = Table(title="Decisions", title_justify="left")
    for column in ("decided on", "rule", "outcome", "scores", "actions"):
        table.add_column(column)
    for row in rows:
        scores = ", ".join(f"{model} {score}" for model, score in row["scores"].items())
        actions = ", ".join(f"{column} = {value}" for column, value in row["actions"].items())
        outcome = row["outcome"] + (f": {row['reason']}" if row["reason"] else "")
        table.add_row(str(row["decided_on"]), str(row["rule"]), outcome, scores, actions)
    return table


def _model_json(look: Look, model: LiveModel, score: Score | None) -> dict[str, object]:
    stored = _stored(look, model)
    return {
        "model": model.name,
        "score": score.total if score else None,
        "grade": score.grade if score else None,
        "lines": [
            {
                "group": line.group,
                "matched": line.matched,
                "events": line.events,
                "points": line.points,
                "points_applied": line.points_applied,
            }
            for line in (score.lines if score else ())
        ],
        "valid_until": _utc(score.valid_until) if score else None,
        "stored": None
        if stored is None
        else {
            "score": stored.score,
            "grade": stored.grade,
            "active": stored.active,
            "rescore_on": _utc(stored.rescore_on),
        },
    }


def _stored(look: Look, model: LiveModel) -> StoredScore | None:
    row_id = lead_score_id(look.lead_id, model.model_id)
    return next((row for row in look.scores if row.row_id == row_id), None)


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _parsed(text: object) -> Any:
    return json.loads(str(text)) if text else {}
