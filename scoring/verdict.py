"""From what was found of each group to total, grade and lines: worked out once for all leads that are alike in that."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from scoring.counting import Part
from scoring.definition import LIMITS_LINE, SCORE_MAX, SCORE_MIN, Grade, Group, ScoringModel
from scoring.findings import Findings, Layout, layout, parts
from scoring.score import Line, Lines, explained, joined, reason

_KEPT = 32_768  # leads fall into few kinds; what is kept is numbers and names of groups, nothing of a lead


@dataclass(frozen=True, slots=True)
class Shares:
    """The lines of some groups, their reasons in the explanation, and their points together."""

    lines: tuple[Line, ...]
    text: str
    points: int


class Verdicts(dict[Findings, Lines]):
    """By findings the lines and what follows from them.

    A subscript is all that a known one takes, and that is a quarter of a call. New findings are mostly conditions and
    counts that were seen before, though not together: each of the two is kept by itself, and of a new pair no more is
    looked at than the two texts and the points. One lead in seven of a hundred thousand brings a new pair.
    """

    def __init__(self, model: ScoringModel) -> None:
        super().__init__()
        self._layout = layout(model)
        self._shares = [_share_of(number, group) for number, group in enumerate(model.groups, 1)]
        self._in_order = _in_order(self._layout)
        self._of_conditions, self._of_counts = lru_cache(_KEPT)(self._met), lru_cache(_KEPT)(self._counted)
        self._grade = lru_cache(_KEPT)(lambda total: _grade(total, model.grades))
        self._low = SCORE_MIN if model.limits.min is None else model.limits.min
        self._high = SCORE_MAX if model.limits.max is None else model.limits.max
        self._lines_of = self._lines_in  # one method object for all, in place of one for each

    def __missing__(self, findings: Findings) -> Lines:
        """The lines of findings that are new."""
        if len(self) >= _KEPT:
            self.clear()
        conditions, counts, judged = parts(findings)
        met, counted = self._of_conditions(conditions), self._of_counts(counts)
        points, text = met.points + counted.points, joined(met.text, counted.text)
        if judged or self._in_order is not None:
            shares = self._all(findings)
            points, text = shares.points, shares.text
        total = max(self._low, min(points, self._high))
        lines = Lines(total, self._grade(total), explained(text, total - points), self._lines_of, findings)
        self[findings] = lines
        return lines

    def _lines_in(self, findings: Findings) -> tuple[Line, ...]:
        shares = self._all(findings)
        if cut := max(self._low, min(shares.points, self._high)) - shares.points:
            return (*shares.lines, Line(LIMITS_LINE, matched=True, events=None, points=cut, points_applied=cut))
        return shares.lines

    def _all(self, findings: Findings) -> Shares:
        """The shares of all groups, in their order."""
        conditions, counts, judged = parts(findings)
        found = [*self._layout.each_met(conditions), *self._layout.each_count(counts), *judged]
        return self._together(range(len(found)), found if self._in_order is None else self._in_order(found))

    def _met(self, conditions: int) -> Shares:
        return self._together(self._layout.met, self._layout.each_met(conditions))

    def _counted(self, counts: int) -> Shares:
        return self._together(self._layout.counted, self._layout.each_count(counts))

    def _together(self, places: Iterable[int], found: Iterable[Part]) -> Shares:
        lines, reasons, points = list[Line](), list[str](), 0
        for place, part in zip(places, found, strict=True):
            line, text = self._shares[place](part)
            lines.append(line)
            reasons.append(text)
            points += line.points_applied
        return Shares(tuple(lines), joined(*reasons), points)


def _in_order(layout: Layout) -> Callable[[Sequence[Any]], Any] | None:
    """From what is met, counted and judged to the order of the groups; None where that is the same."""
    found = [*layout.met, *layout.counted, *layout.judged]
    return None if found == sorted(found) else itemgetter(*[found.index(place) for place in range(len(found))])


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


def _grade(total: int, grades: tuple[Grade, ...]) -> str | None:
    for grade in grades:
        if (grade.min is None or grade.min <= total) and (grade.max is None or total <= grade.max):
            return grade.name
    return None
