"""From what was found of each group to total, grade and lines: worked out once for all leads that are alike in that."""

from collections.abc import Callable
from functools import lru_cache

from scoring.counting import Part
from scoring.definition import LIMITS_LINE, SCORE_MAX, SCORE_MIN, Grade, Group, Limits, ScoringModel
from scoring.score import Line, Score, explained, reason

Findings = tuple[Part, ...]
"""By group: whether the lead meets the condition (a boolean), or what was counted."""

_KEPT = 16_384  # leads fall into few kinds; what is kept is numbers and names of groups, nothing of a lead


def judge(model: ScoringModel) -> Callable[[Findings], Score]:
    """The score of findings, for ever: whoever knows until when it is valid says so."""
    shares = [_share_of(number, group) for number, group in enumerate(model.groups, 1)]

    @lru_cache(maxsize=_KEPT)
    def verdict(findings: Findings) -> Score:
        lines, reasons = zip(*[share(part) for share, part in zip(shares, findings, strict=True)], strict=True)
        cut = _cut(sum([line.points_applied for line in lines]), model.limits)
        if cut:
            lines += (Line(LIMITS_LINE, matched=True, events=None, points=cut, points_applied=cut),)
        total = sum([line.points_applied for line in lines])
        return Score(total, _grade(total, model.grades), lines, None, explained(reasons, cut))

    return verdict


def _share_of(number: int, group: Group) -> Callable[[Part], tuple[Line, str]]:
    """From a group's part to its line, and its reason in the explanation."""

    @lru_cache(maxsize=1024)
    def share(part: Part) -> tuple[Line, str]:
        line = _line(group, part)
        return line, reason(number, line)

    return share


def _line(group: Group, part: Part) -> Line:
    if group.interactions is None:
        matched = bool(part)
        points = group.points if matched else 0
        return Line(group.name, matched, None, points, _capped(points, group.cap))
    events, worth = part if isinstance(part, tuple) else (part, group.points * part)
    if group.interactions.count == "each":
        return Line(group.name, events > 0, events, group.points * events, _capped(worth, group.cap))
    matched = events == 0 if group.interactions.count == "none" else events >= (group.interactions.n or 1)
    points = group.points if matched else 0
    return Line(group.name, matched, events, points, _capped(points, group.cap))


def _capped(points: int, cap: int | None) -> int:
    return points if cap is None else max(-cap, min(points, cap))


def _cut(total: int, limits: Limits) -> int:
    """What the limits add to the total, or take away."""
    low = SCORE_MIN if limits.min is None else limits.min
    high = SCORE_MAX if limits.max is None else limits.max
    return max(low, min(total, high)) - total


def _grade(total: int, grades: tuple[Grade, ...]) -> str | None:
    for grade in grades:
        if (grade.min is None or grade.min <= total) and (grade.max is None or total <= grade.max):
            return grade.name
    return None
