"""What scoring says of a lead."""

import json
from dataclasses import dataclass
from datetime import datetime

from scoring.definition import LIMITS_LINE


@dataclass(frozen=True, slots=True)
class Line:
    """One group's share: `points` before cap and decay, `points_applied` after; `events` is None on the lead itself."""

    group: str
    matched: bool
    events: int | None
    points: int
    points_applied: int


@dataclass(frozen=True, slots=True)
class Score:
    """`lines` sum to `total` exactly; `total` is None when the lead is not in the model's audience.

    `valid_until` (UTC) is the first instant after the one scored at which time alone can change any of it.
    """

    total: int | None
    grade: str | None
    lines: tuple[Line, ...]
    valid_until: datetime | None


def explanation(score: Score) -> str:
    """The reasons as canonical JSON: matched groups by number in the model (from 1), points applied, events counted.

    `{"groups":[{"group":1,"points":100},{"events":3,"group":5,"points":15}],"limits":-20}`: no value of the lead.
    """
    reasons: dict[str, object] = {"groups": [_reason(at, line) for at, line in _groups(score) if line.matched]}
    for line in score.lines:
        if line.group == LIMITS_LINE:
            reasons["limits"] = line.points_applied
    return json.dumps(reasons, sort_keys=True, separators=(",", ":"))


def _groups(score: Score) -> list[tuple[int, Line]]:
    return [(at, line) for at, line in enumerate(score.lines, 1) if line.group != LIMITS_LINE]


def _reason(number: int, line: Line) -> dict[str, int]:
    reason = {"group": number, "points": line.points_applied}
    return reason if line.events is None else {**reason, "events": line.events}
