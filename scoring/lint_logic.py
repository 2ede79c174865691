"""Whether conditions can hold together: "no" is certain, and "yes" is also the answer to what is not worth finding out.

A condition is taken apart into literals: a comparison, and whether it is to hold. Literals of different columns never
stand in each other's way; those of one column are tried, by the engine, on values that stand for all others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scoring.conditions import AllOf, AnyOf, Comparison, Not
from scoring.lint_patterns import PATTERNS, conflict, is_plain
from scoring.lint_probe import Probe, operands
from scoring.lint_values import named_moment, representatives, spelled
from scoring.moments import moment

Condition = Comparison | AllOf | AnyOf | Not
Goal = tuple[Condition, bool]
"""A condition, and whether it is to hold or to fail."""

_NEGATED = {
    "ne": "eq",
    "not-in": "in",
    "not-between": "between",
    "not-like": "like",
    "not-begin-with": "begins-with",
    "not-end-with": "ends-with",
    "not-contain-values": "contain-values",
    "null": "not-null",
}
_EQUALITY = frozenset({"eq", "in"})
_ORDER = frozenset({"gt", "ge", "lt", "le", "between", "on", "on-or-before", "on-or-after"})
_DECIDED = _EQUALITY | _ORDER | {"not-null"}  # of relative dates and options, nothing is known but that null has none
_PATIENCE = 100_000  # steps for the conditions on one kind of row: about a second
_MOST_CHOICES = 100  # each is a level of recursion


@dataclass(frozen=True, slots=True)
class Literal:
    """A comparison that is to hold or to fail; of a comparison and its `not-` form, always the former."""

    column: str
    op: str
    written: str
    holds: bool
    comparison: Comparison = field(compare=False)


class Logic:
    """Answers for the conditions of one model on one kind of row."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._patience = _PATIENCE
        self._known: dict[frozenset[Literal], bool] = {}

    def possible(self, *goals: Goal) -> bool:
        """Whether one row may meet all the goals."""
        return self._search(list(goals), [], {})

    def implies(self, one: Iterable[Goal], other: Condition) -> bool:
        """Whether every row that meets the goals meets the condition, and not only because it cannot be asked there."""
        goals = tuple(one)
        return not self.possible(*goals, (other, False)) and self.possible(*goals, (other, True))

    def _search(self, goals: list[Goal], choices: list[list[Goal]], literals: Mapping[str, frozenset[Literal]]) -> bool:
        """Whether a row may meet all the goals, one goal of each choice, and the literals, known to go together."""
        self._patience -= 1 + len(goals)
        found, choices, touched = dict(literals), list(choices), set[str]()
        while goals:
            condition, holds = goals.pop()
            if isinstance(condition, Comparison):
                literal = _literal(condition, holds=holds)
                found[literal.column] = found.get(literal.column, frozenset()) | {literal}
                touched.add(literal.column)
            elif isinstance(condition, Not):
                goals.append((condition.condition, not holds))
            elif isinstance(condition, AllOf) is holds:
                goals += ((member, holds) for member in condition.conditions)
            else:
                choices.append([(member, holds) for member in condition.conditions])
        if not all(self._column_possible(found[column]) for column in sorted(touched)):
            return False
        if not 0 < len(choices) <= _MOST_CHOICES or self._patience <= 0:
            return True
        first, *rest = sorted(choices, key=len)
        return any(self._search([member], rest, found) for member in first)

    def _column_possible(self, literals: frozenset[Literal]) -> bool:
        if literals not in self._known:
            both_ways = len({(one.op, one.written) for one in literals}) < len(literals)
            self._known[literals] = not both_ways and (self._patience <= 0 or self._some_value_fits(literals))
        return self._known[literals]

    def _some_value_fits(self, literals: frozenset[Literal]) -> bool:
        patterns = [literal for literal in literals if literal.op in PATTERNS]
        texts = _one_of(literals) if patterns else None
        if texts is not None:
            longest = max(len(str(literal.comparison.value)) for literal in patterns)
            values = spelled(texts, trailing=longest + 1)
        else:
            values = representatives((one for each in literals for one in operands(each.comparison)), self._probe.zone)
            if self._no_text_fits(patterns):
                values = [value for value in values if not isinstance(value, str)]
        self._patience -= len(values) * len(literals)
        return any(all(self._may_fit(one, value, texts is not None) for one in literals) for value in values)

    def _may_fit(self, literal: Literal, value: object, exactly: bool) -> bool:  # noqa: FBT001  read at its one call
        if value is not None and not exactly and _beyond(literal, value):
            return True
        return self._probe.holds(literal.comparison, value) is literal.holds

    def _no_text_fits(self, patterns: list[Literal]) -> bool:
        return conflict(
            (literal.comparison for literal in patterns if literal.holds),
            (literal.comparison for literal in patterns if not literal.holds),
            self._probe.holds,
            accent_sensitive=self._probe.accent_sensitive,
        )


def compares(comparison: Comparison) -> bool:
    """Whether what the comparison is given is of the kind that its column holds, and no count or pattern of options."""
    return _NEGATED.get(comparison.op, comparison.op) in _DECIDED | PATTERNS


def _literal(comparison: Comparison, *, holds: bool) -> Literal:
    base = _NEGATED.get(comparison.op)
    if base is not None:
        positive = Comparison.model_construct(column=comparison.column, op=base, value=comparison.value)
        return Literal(comparison.column, base, repr(comparison.value), not holds, positive)
    return Literal(comparison.column, comparison.op, repr(comparison.value), holds, comparison)


def _one_of(literals: Iterable[Literal]) -> list[str] | None:
    """The texts of which the value must be one, when a literal says so; no dates, which have many spellings."""
    for literal in literals:
        if literal.holds and (literal.op in _EQUALITY or is_plain(literal.comparison)):
            texts = [one for one in operands(literal.comparison) if isinstance(one, str) and named_moment(one) is None]
            if len(texts) == len(operands(literal.comparison)):
                return texts
    return None


def _beyond(literal: Literal, value: object) -> bool:
    """Whether the value does not stand for its like here: the literal may hold for one and fail for another of them."""
    if literal.op in PATTERNS:
        return isinstance(value, str)
    if literal.op not in _DECIDED:
        return True
    # A date compares as a date with dates, and by its spelling, of which there are many, with any other text.
    others = [one for one in operands(literal.comparison) if isinstance(one, str) and moment(one) is None]
    return literal.op in _ORDER and bool(others) and named_moment(value) is not None
