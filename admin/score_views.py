"""A score's lines, as a table for people and as JSON for programs: the same wherever a score is shown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from scoring import NearestMiss, Score, ScoringModel, group_text


def score_members(score: Score | None) -> dict[str, Any]:
    """`score`, `grade`, `lines` and `valid_until` (ISO 8601 in UTC); nulls and no lines when there is no score."""
    if score is None:
        return {"score": None, "grade": None, "lines": [], "valid_until": None}
    lines: Sequence[dict[str, object]] = [
        {
            "group": line.group,
            "matched": line.matched,
            "events": line.events,
            "points": line.points,
            "points_applied": line.points_applied,
        }
        for line in score.lines
    ]
    return {"score": score.total, "grade": score.grade, "lines": lines, "valid_until": utc_text(score.valid_until)}


def miss_members(misses: Sequence[NearestMiss]) -> list[dict[str, object]]:
    """An object per goal: `goal`, `at_least`, `lacking`, and `ways`, each a list of groups."""
    return [
        {
            "goal": miss.goal,
            "at_least": miss.at_least,
            "lacking": miss.lacking,
            "ways": [list(way) for way in miss.ways],
        }
        for miss in misses
    ]


def score_parts(
    title: str, model: ScoringModel, score: Score | None, misses: Sequence[NearestMiss] = ()
) -> Iterator[RenderableType]:
    """The title, a line per group with its points and its reason (dim where unmatched), until when, and misses."""
    yield Text(title, style="bold")
    if score is None or not score.lines:
        if score is not None and score.valid_until is not None:
            yield Text(f"until {utc_text(score.valid_until)}, when time alone brings it in")
        return
    table = Table(Column("points", justify="right"), Column("group"), Column("why"), box=SIMPLE_HEAD)
    reasons = [group_text(group) for group in model.groups]
    for at, line in enumerate(score.lines):
        reason = reasons[at] if at < len(reasons) else "bounds of the total"
        events = "" if line.events is None else f" ({line.events} counted)"
        style = "" if line.matched else "dim"
        table.add_row(f"{line.points_applied:+,}", Text(line.group), Text(reason + events), style=style)
    yield table
    if score.valid_until is not None:
        yield Text(f"until {utc_text(score.valid_until)}, if nothing else changes")
    for miss in misses:
        ways = " or ".join(" + ".join(way) for way in miss.ways) or "no groups that it does not meet are enough"
        yield Text(f"{miss.lacking:,} short of {miss.goal} ({miss.at_least:,}): {ways}")


def score_text(model: ScoringModel, score: Score | None) -> str:
    """Model, points and grade in a few words."""
    if score is None or score.total is None:
        return f"{model.name}: not in the audience"
    return f"{model.name}: {score.total:,} points" + (f", {score.grade}" if score.grade else "")


def utc_text(at: datetime | None) -> str | None:
    """An instant in ISO 8601, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
