"""What a lead lacks: the unmatched groups that would lift it to the next grade or over a threshold, fewest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from scoring.definition import LIMITS_LINE, Group, Limits, ScoringModel
from scoring.score import Score

MAX_WAYS = 3
"""Ways to one goal that are told: the shortest ones."""

_PATIENCE = 20_000  # combinations looked at; with more groups than that takes, fewer ways are told


@dataclass(frozen=True, slots=True)
class NearestMiss:
    """A goal that the score does not reach, by how much, and the ways there: each a set of groups, by name.

    Every group of a way is needed, and all are enough if the lead meets them (by one event, where a group counts each).
    Without ways, no unmatched groups reach the goal.
    """

    goal: str
    at_least: int
    lacking: int
    ways: tuple[tuple[str, ...], ...]


def nearest_misses(model: ScoringModel, score: Score, thresholds: Mapping[str, int]) -> tuple[NearestMiss, ...]:
    """The next grade and the thresholds, named by their rules, that are out of reach by points; nearest first."""
    if score.total is None:
        return ()
    goals = {**_next_grade(model, score.total), **thresholds}
    missed = {name: least for name, least in goals.items() if least > score.total}
    lifts = _lifts(model.groups, score)
    raw = sum(line.points_applied for line in score.lines if line.group != LIMITS_LINE)
    found = []
    for name, least in sorted(missed.items(), key=lambda goal: (goal[1], goal[0])):
        ways = islice(_ways(lifts, least - raw, model.limits, least), MAX_WAYS)
        found.append(NearestMiss(name, least, least - score.total, tuple(ways)))
    return tuple(found)


def _next_grade(model: ScoringModel, total: int) -> dict[str, int]:
    above = [(grade.min, grade.name) for grade in model.grades if grade.min is not None and grade.min > total]
    return {name: least for least, name in sorted(above)[:1]}


def _lifts(groups: Sequence[Group], score: Score) -> list[tuple[int, str]]:
    """What each unmatched group would add; the largest first."""
    matched = {line.group for line in score.lines if line.matched}
    lifts = [(_once(group), group.name) for group in groups if group.name not in matched]
    return sorted(((points, name) for points, name in lifts if points > 0), key=lambda lift: -lift[0])


def _once(group: Group) -> int:
    return group.points if group.cap is None else min(group.points, group.cap)


def _ways(lifts: Sequence[tuple[int, str]], lacking: int, limits: Limits, least: int) -> Iterator[tuple[str, ...]]:
    """Sets of groups that add what is lacking and would not without any of their own; small sets first."""
    if limits.max is not None and least > limits.max:
        return
    patience = _PATIENCE
    for size in range(1, len(lifts) + 1):
        for chosen in _sets(lifts, size, lacking):
            if chosen is not None and sum(points for points, _ in chosen) - chosen[-1][0] < lacking:
                yield tuple(name for _, name in chosen)
            patience -= 1
            if patience <= 0:
                return


def _sets(
    lifts: Sequence[tuple[int, str]], size: int, lacking: int, start: int = 0
) -> Iterator[tuple[tuple[int, str], ...] | None]:
    """Sets of that size which add at least that much, largest members first; None for each one given up on."""
    if size == 0:
        yield () if lacking <= 0 else None
        return
    for at in range(start, len(lifts) - size + 1):
        # The members that follow are no larger: where the largest of them are not enough, none are.
        if sum(points for points, _ in lifts[at : at + size]) < lacking:
            yield None
            return
        for rest in _sets(lifts, size - 1, lacking - lifts[at][0], at + 1):
            yield None if rest is None else (lifts[at], *rest)
