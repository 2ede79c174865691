"""Findings between groups: points given twice, points that cancel out, groups that no lead of the audience meets."""

from collections.abc import Iterator
from itertools import combinations

from scoring.definition import Group, Interactions, ScoringModel
from scoring.errors import Place, place_text
from scoring.lint_conditions import in_words
from scoring.lint_finding import Finding, Kind
from scoring.lint_points import capped
from scoring.lint_relations import Relations

_FILLED = {"null", "not-null"}


def group_findings(model: ScoringModel, relations: Relations) -> Iterator[Finding]:
    """What the groups say together, of those that can match and can also miss."""
    live = []
    for at, group in enumerate(model.groups):
        if _is_dead(group, relations):
            continue  # its own condition says why
        if relations.never(group) and group.when is not None and model.entry is not None:
            message = f"no lead that meets entry ({in_words(model.entry)}) can match: {in_words(group.when)}"
            yield Finding(Kind.NEVER_MATCHES, ("groups", at, "when"), message, "correct it, or the entry condition")
        elif relations.always(group) and group.when is not None and model.entry is not None:
            message = f"every lead that meets entry ({in_words(model.entry)}) matches: {in_words(group.when)}"
            yield Finding(Kind.ALWAYS_MATCHES, ("groups", at, "when"), message, "correct it, or the entry condition")
        else:
            live.append((("groups", at), group))
    for (first, one), (second, other) in combinations(live, 2):
        yield from _pair_findings((first, one), (second, other), relations)


def _is_dead(group: Group, relations: Relations) -> bool:
    if group.when is not None:
        alone = relations.lead
        return not alone.possible((group.when, True)) or not alone.possible((group.when, False))
    return relations.never(group) or relations.always(group)


def _pair_findings(first: tuple[Place, Group], second: tuple[Place, Group], relations: Relations) -> Iterator[Finding]:
    (there, one), (here, other) = first, second
    forth, back = relations.implies(one, other), relations.implies(other, one)
    if forth and back:
        yield from _same(there, one, here, other)
    elif forth and _is_tier(one, other):
        yield _implied(there, here)
    elif back and _is_tier(other, one):
        yield _implied(here, there)
    elif capped(one) == capped(other) and relations.one_of_both(one, other):
        message = f"every lead matches either this group or {place_text(there)}, for the same points"
        yield Finding(Kind.SPLIT_GROUP, here, message, "correct one of them, or remove both")


def _same(there: Place, one: Group, here: Place, other: Group) -> Iterator[Finding]:
    if _counting(one) != _counting(other):
        return  # points for each event and points for the first of them are two things to say
    fading = _fading(one) == _fading(other)
    if fading and capped(one) == -capped(other) and capped(one) != 0 and _is_bounded_alike(one, other):
        message = f"cancels out {place_text(there)}: both match the same leads, for opposite points"
        yield Finding(Kind.CANCELLED_POINTS, here, message, "correct one of them, or remove both")
    elif fading:
        message = f"matches the same leads as {place_text(there)}, which get the points of both"
        yield Finding(Kind.SAME_GROUP, here, message, "put the points into one group, or correct one of them")


def _is_tier(narrow: Group, wide: Group) -> bool:
    """Whether the two look like steps of one scale, on which points are easily given twice.

    "Has a job title" beside "is a CEO", and "each visit" beside "each visit to the price page", are meant to add up.
    """
    if _counting(narrow) != _counting(wide) or _counting(narrow) == "each":
        return False
    return getattr(wide.when, "op", None) not in _FILLED


def _implied(narrow: Place, wide: Place) -> Finding:
    return Finding(
        Kind.IMPLIED_GROUP,
        narrow,
        f"every lead that matches matches {place_text(wide)} too, and gets the points of both",
        f"if only one is to count, let {place_text(wide)} end where this one begins",
    )


def _counting(group: Group) -> str | None:
    return None if group.interactions is None else group.interactions.count


def _fading(group: Group) -> tuple[int | None, ...]:
    rows: Interactions | None = group.interactions
    return () if rows is None else (rows.half_life_days, rows.within_days)


def _is_bounded_alike(one: Group, other: Group) -> bool:
    return _counting(one) != "each" or (one.cap == other.cap and one.points == -other.points)
