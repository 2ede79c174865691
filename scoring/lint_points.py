"""Which scores a model can give at all, and the grades, limits, caps and thresholds that this makes idle."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.definition import Grade, Group, ScoringModel
from scoring.errors import Place
from scoring.lint_finding import Finding, Kind
from scoring.lint_relations import Relations

_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Reach:
    """Bounds that no score of a lead in the audience lies beyond; None is no bound."""

    lowest: int | None
    highest: int | None

    def below(self, score: int) -> bool:
        """Whether every score is below that one."""
        return self.highest is not None and self.highest < score

    def above(self, score: int) -> bool:
        """Whether every score is above that one."""
        return self.lowest is not None and self.lowest > score

    def __str__(self) -> str:
        if self.lowest is None and self.highest is None:
            return "scores have no bounds"
        if self.highest is None:
            return f"scores are at least {self.lowest:,}"
        if self.lowest is None:
            return f"scores are at most {self.highest:,}"
        return f"scores go from {self.lowest:,} to {self.highest:,}"


def unlimited_reach(model: ScoringModel, relations: Relations) -> Reach:
    """The scores that the groups can sum to, before the limits."""
    ranges = [(group, *_range(group, relations)) for group in model.groups]
    highest = _extreme([(group, high) for group, _, high in ranges], relations, 1)
    lowest = _extreme([(group, low) for group, low, _ in ranges], relations, -1)
    return Reach(lowest, highest)


def limited(reach: Reach, model: ScoringModel) -> Reach:
    """The scores within the limits."""
    low, high = model.limits.min, model.limits.max
    return Reach(
        low if reach.lowest is None else _clipped(reach.lowest, low, high),
        high if reach.highest is None else _clipped(reach.highest, low, high),
    )


def capped(group: Group) -> int:
    """The points of a match, within the cap."""
    return group.points if group.cap is None else max(-group.cap, min(group.points, group.cap))


def cap_findings(group: Group, place: Place) -> Iterator[Finding]:
    """Points, caps and half-lives that do nothing."""
    rows = group.interactions
    if group.points == 0 or group.cap == 0:
        at = "points" if group.points == 0 else "cap"
        yield Finding(
            Kind.NO_POINTS, (*place, at), "is 0: the group never gives points", "give it points, or remove it"
        )
    elif group.cap is not None and (rows is None or rows.count != "each") and group.cap >= abs(group.points):
        message = f"never bites: the group gives {group.points:,} points at most once"
        yield Finding(Kind.IDLE_CAP, (*place, "cap"), message, "remove it")
    if rows is not None and rows.half_life_days is not None and (rows.within_days or _WEEK_DAYS + 1) <= _WEEK_DAYS:
        yield Finding(
            Kind.IDLE_HALF_LIFE,
            (*place, "interactions", "half_life_days"),
            f"never bites: worth fades in whole weeks, and no event counts for longer than {rows.within_days} days",
            "remove it, or widen within_days",
        )


def limit_findings(model: ScoringModel, reach: Reach) -> Iterator[Finding]:
    """Limits that no sum of the groups goes beyond, or that all do."""
    low, high = model.limits.min, model.limits.max
    if high is not None and reach.below(high):
        yield _idle_limit("max", f"is never reached: {reach}")
    if low is not None and reach.above(low):
        yield _idle_limit("min", f"is never reached: {reach}")
    if (high is not None and reach.lowest is not None and reach.lowest >= high) or (low is not None and low == high):
        yield _fixed("max", high)
    elif low is not None and reach.highest is not None and reach.highest <= low:
        yield _fixed("min", low)


def grade_findings(grades: tuple[Grade, ...], reach: Reach) -> Iterator[Finding]:
    """Grades that no score has, and scores between or above the grades that have none."""
    reached = []
    for at, grade in enumerate(grades):
        if (grade.min is not None and reach.below(grade.min)) or (grade.max is not None and reach.above(grade.max)):
            message = f"grade {grade.name!r} is never given: {reach}"
            yield Finding(Kind.UNREACHABLE_GRADE, ("grades", at), message, "move its bounds, or remove it")
        else:
            reached.append((at, grade))
    reached.sort(key=lambda one: (one[1].min is not None, one[1].min or 0))
    following: Grade | None = None
    for at, grade in reversed(reached):
        yield from _gap(at, grade, following, reach)
        following = grade


def _gap(at: int, grade: Grade, following: Grade | None, reach: Reach) -> Iterator[Finding]:
    end = reach.highest if following is None else None if following.min is None else following.min - 1
    if grade.max is None or (end is not None and end <= grade.max):
        return
    first = grade.max + 1
    span = f"from {first:,} on" if end is None else f"{first:,}" if end == first else f"from {first:,} to {end:,}"
    yield Finding(
        Kind.GRADE_GAP,
        ("grades", at, "max"),
        f"scores {span} have no grade",
        "leave max out" if following is None else f"let it end where {following.name!r} begins",
    )


def threshold_finding(at_least: int, reach: Reach) -> Finding | None:
    """What is wrong with a rule that asks for that score, if anything is; the place is the threshold's own."""
    if reach.below(at_least):
        message = f"no lead can have {at_least:,} points: {reach}"
        return Finding(Kind.UNREACHABLE_THRESHOLD, (), message, "ask for less, or give more points")
    if reach.lowest is not None and at_least <= reach.lowest:
        message = f"every lead of the audience has {at_least:,} points: {reach}"
        return Finding(Kind.IDLE_THRESHOLD, (), message, "ask for more")
    return None


def _range(group: Group, relations: Relations) -> tuple[int | None, int | None]:
    """The least and the most that the group can add."""
    if relations.never(group):
        return 0, 0
    if group.interactions is not None and group.interactions.count == "each":
        cap = 0 if group.points == 0 else group.cap
        return (0, cap) if group.points >= 0 else (None if cap is None else -cap, 0)
    points = capped(group)
    return (points, points) if relations.always(group) else (min(0, points), max(0, points))


def _extreme(parts: list[tuple[Group, int | None]], relations: Relations, sign: int) -> int | None:
    """The sum of the parts that pull in one direction; of groups that never match together, the furthest."""
    total = 0
    teams: list[list[tuple[Group, int]]] = []
    for group, part in parts:
        if part is None:
            return None
        if part * sign <= 0:
            total += part  # none, or points that every lead has
            continue
        team = next((team for team in teams if all(relations.apart(group, other) for other, _ in team)), None)
        if team is None:
            teams.append([(group, part)])
        else:
            team.append((group, part))
    return total + sign * sum(max(part * sign for _, part in team) for team in teams)


def _clipped(score: int, low: int | None, high: int | None) -> int:
    score = score if high is None else min(score, high)
    return score if low is None else max(score, low)


def _idle_limit(which: str, message: str) -> Finding:
    return Finding(Kind.IDLE_LIMIT, ("limits", which), message, "remove it, or correct the points")


def _fixed(which: str, score: int | None) -> Finding:
    message = f"gives every lead the same score: {score:,}"
    return Finding(Kind.FIXED_SCORE, ("limits", which), message, "move the limits, or correct the points")
