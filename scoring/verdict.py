"""From what was found of each group to total, grade and lines: worked out once for all leads that are alike in that."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

from scoring.counting import Part
from scoring.definition import LIMITS_LINE, SCORE_MAX, SCORE_MIN, Grade, Group, Limits, ScoringModel
from scoring.findings import Findings, Layout, layout
from scoring.score import Line, Score, explained, lines_with, reason

_KEPT = 16_384  # leads fall into few kinds; what is kept is numbers and names of groups, nothing of a lead
_Of = TypeVar("_Of", Line, str)


@dataclass(frozen=True, slots=True)
class Shares:
    """The lines of some groups, their reasons in the explanation, and their points together."""

    lines: tuple[Line, ...]
    reasons: tuple[str, ...]
    points: int


class Verdicts(dict[Findings, Score]):
    """By findings the score, for ever: whoever knows until when it is valid says so.

    A subscript is all that a known one takes, and that is a quarter of a call. New findings are mostly conditions and
    counts that were seen before, though not together, so each of the two is kept by itself as well.
    """

    def __init__(self, model: ScoringModel) -> None:
        super().__init__()
        self._layout = layout(model)
        self._shares = [_share_of(number, group) for number, group in enumerate(model.groups, 1)]
        self._in_order = _in_order(self._layout)
        self._of_conditions, self._of_counts = lru_cache(_KEPT)(self._met), lru_cache(_KEPT)(self._counted)
        self._limits, self._grade = model.limits, lru_cache(_KEPT)(lambda total: _grade(total, model.grades))

    def __missing__(self, findings: Findings) -> Score:
        """The score of findings that are new."""
        if len(self) >= _KEPT:
            self.clear()
        score = self[findings] = self._judged(findings)
        return score

    def _judged(self, findings: Findings) -> Score:
        conditions, counts, judged = self._layout.parts(findings)
        shares = [self._of_conditions(conditions), self._of_counts(counts)]
        if judged:
            shares.append(self._together(self._layout.judged, judged))
        lines = self._in_order([share.lines for share in shares])
        reasons = self._in_order([share.reasons for share in shares])
        total = sum([share.points for share in shares])
        if cut := _cut(total, self._limits):
            lines += (Line(LIMITS_LINE, matched=True, events=None, points=cut, points_applied=cut),)
        return Score(total + cut, self._grade(total + cut), lines_with(lines, explained(reasons, cut)), None)

    def _met(self, conditions: int) -> Shares:
        return self._together(self._layout.met, self._layout.each_met(conditions))

    def _counted(self, counts: int) -> Shares:
        return self._together(self._layout.counted, self._layout.each_count(counts))

    def _together(self, places: Iterable[int], parts: Iterable[Part]) -> Shares:
        found = [self._shares[place](part) for place, part in zip(places, parts, strict=True)]
        points = sum([line.points_applied for line, _ in found])
        return Shares(tuple([line for line, _ in found]), tuple([text for _, text in found]), points)


def _in_order(places: Layout) -> Callable[[Iterable[tuple[_Of, ...]]], tuple[_Of, ...]]:
    """From what is found by condition, counted and judged to the order of the groups."""
    found = [*places.met, *places.counted, *places.judged]
    if found == sorted(found):
        return lambda parts: sum(parts, ())
    arrange = itemgetter(*[found.index(place) for place in range(len(found))])
    return lambda parts: arrange(sum(parts, ()))


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
