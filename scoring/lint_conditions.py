"""Findings within one condition: what can never hold, what always does, and what adds nothing."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from scoring.conditions import AllOf, AnyOf, Comparison, Not, walk
from scoring.errors import Place, place_text
from scoring.lint_finding import Finding, Kind
from scoring.lint_logic import Condition, Logic, compares
from scoring.lint_probe import operands
from scoring.values import fold, kind_of
from scoring.wording import condition_text

_MOST_WORDS = 160


def condition_findings(condition: Condition, place: Place, logic: Logic, *, accent_sensitive: bool) -> list[Finding]:
    """Everything to say of a condition, innermost first; what follows from an inner finding is not said again."""
    found = list(_tree_findings(condition, place, logic))
    for at, comparison in walk(condition, place):
        found += _repeated_values(comparison, at, accent_sensitive=accent_sensitive)
    return found


def mixed_kinds(placed: Sequence[tuple[Place, str, Comparison]]) -> Iterator[Finding]:
    """Columns (named with their table) that are compared with values of two kinds, over all comparisons of a model."""
    first: dict[str, tuple[Place, str]] = {}
    for place, column, comparison in placed:
        for kind in {kind_of(value) for value in operands(comparison) if compares(comparison)}:
            there, known = first.setdefault(column, (place, kind))
            if kind != known:
                yield Finding(
                    Kind.MIXED_KINDS,
                    place,
                    f"{column} is compared with {kind} here and with {known} in {place_text(there)}: "
                    "a column holds one kind, and scoring stops at the other",
                    "compare it with one kind of value",
                )


def in_words(condition: Condition) -> str:
    """The condition on one line, cut where it grows long."""
    text = condition_text(condition)
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}..."


def _tree_findings(condition: Condition, place: Place, logic: Logic) -> Iterator[Finding]:
    members = list(_members(condition, place))
    for at, member in members:
        yield from _tree_findings(member, at, logic)
    verdicts = [_verdict(member, logic) for _, member in members]
    if members and (None not in verdicts or isinstance(condition, AnyOf) in verdicts):
        return  # what is fixed within fixes the whole, and has been said
    verdict = _verdict(condition, logic)
    if verdict is False:
        yield _never(condition, place, logic)
    elif verdict is True:
        message = f"holds whatever the columns hold: {in_words(condition)}"
        yield Finding(Kind.ALWAYS_MATCHES, place, message, "remove it, or correct what it asks")
    elif isinstance(condition, AllOf | AnyOf):
        free = [member for member, fixed in zip(members, verdicts, strict=True) if fixed is None]
        yield from _redundant(free, logic, wider_is_idle=isinstance(condition, AllOf))


def _verdict(condition: Condition, logic: Logic) -> bool | None:
    """Whether the condition always holds or never does; None when it depends."""
    if not logic.possible((condition, True)):
        return False
    return None if logic.possible((condition, False)) else True


def _members(condition: Condition, place: Place) -> Iterator[tuple[Place, Condition]]:
    match condition:
        case Not():
            yield (*place, "not"), condition.condition
        case AllOf() | AnyOf():
            key = "all" if isinstance(condition, AllOf) else "any"
            for at, member in enumerate(condition.conditions):
                yield (*place, key, at), member


def _never(condition: Condition, place: Place, logic: Logic) -> Finding:
    reason = in_words(condition)
    if isinstance(condition, AllOf):
        for one, other in combinations(condition.conditions, 2):
            if not logic.possible((one, True), (other, True)):
                reason = f"{in_words(one)} and {in_words(other)} contradict each other"
                break
    return Finding(Kind.NEVER_MATCHES, place, f"can never match: {reason}", "correct or remove one of them")


def _redundant(members: Sequence[tuple[Place, Condition]], logic: Logic, *, wider_is_idle: bool) -> Iterator[Finding]:
    """Members that another makes idle: the wider of two (under `any` the narrower), and of equals the second."""
    idle = set[int]()
    for (i, (first, one)), (j, (second, other)) in combinations(enumerate(members), 2):
        if i in idle or j in idle:
            continue
        forth, back = logic.implies([(one, True)], other), logic.implies([(other, True)], one)
        if not forth and not back:
            continue
        later = (forth and back) or forth is wider_is_idle
        idle.add(j if later else i)
        at, kept, said = (second, first, other) if later else (first, second, one)
        message = f"changes nothing beside {place_text(kept)}: {in_words(said)}"
        yield Finding(Kind.REDUNDANT_CONDITION, at, message, "remove it, or correct what it asks")


def _repeated_values(comparison: Comparison, place: Place, *, accent_sensitive: bool) -> Iterator[Finding]:
    if comparison.op not in {"in", "not-in"}:
        return
    first: dict[object, int] = {}
    for at, value in enumerate(operands(comparison)):
        same = fold(value, accent_sensitive=accent_sensitive).rstrip(" ") if isinstance(value, str) else value
        if first.setdefault(same, at) != at:
            message = f"is value[{first[same]}] again, as Dataverse compares text"
            yield Finding(Kind.REPEATED_VALUE, (*place, "value", at), message, "remove it")
