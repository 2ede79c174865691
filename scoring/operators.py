"""The operators of conditions, as data: FetchXML's names, what each takes, and how each decides.

`ne` and the `not-` operators (but `not-null`) match null, as FetchXML's `ne` does; every other comparison with null is
false.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from scoring.comparing import Operand, compared, operands_of
from scoring.patterns import matcher
from scoring.values import Reading

Test = Callable[[object], bool]
"""Decides over the value of a row."""


class Takes(Enum):
    """What an operator is compared with, in words."""

    NOTHING = "no value"
    SCALAR = "text, a number, true or false"
    ORDERED = "text, a date or a number"
    TWO_ORDERED = "a list of two values: the lowest, then the highest"
    LIST = "a list of values"
    PATTERN = "text"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `build` makes its positive test for values that are not null, `negated` turns it round."""

    takes: Takes
    build: Callable[[Operand, Reading], Test]
    negated: bool = False
    matches_null: bool = False

    def test(self, operand: Operand, reading: Reading) -> Test:
        """The test of any value, null included; it raises FactError for a value of another kind than the operand."""
        holds, negated, matches_null = self.build(operand, reading), self.negated, self.matches_null

        def test(value: object) -> bool:
            if value is None or value == "":  # Dataverse keeps an empty string as null
                return matches_null
            return holds(value) is not negated

        return test


def _ordered(verdict: Callable[[int], bool]) -> Callable[[Operand, Reading], Test]:
    def build(operand: Operand, reading: Reading) -> Test:
        order = compared(operand, reading)
        return lambda value: verdict(order(value))

    return build


def _between(operand: Operand, reading: Reading) -> Test:
    low, high = (compared(bound, reading) for bound in operands_of(operand))
    return lambda value: low(value) >= 0 and high(value) <= 0


def _in(operand: Operand, reading: Reading) -> Test:
    orders = tuple(compared(member, reading) for member in operands_of(operand))
    return lambda value: any(order(value) == 0 for order in orders)


def _like(before: str, after: str) -> Callable[[Operand, Reading], Test]:
    def build(operand: Operand, reading: Reading) -> Test:
        pattern = before + reading.text(operand) + after
        matches = matcher(pattern.rstrip(" "), reading.folded)
        return lambda value: matches(reading.folded(reading.text(value)))

    return build


def _filled(_operand: Operand, _reading: Reading) -> Test:
    return lambda _value: True


_EQUAL = _ordered(lambda order: order == 0)
# Dataverse has wildcards in begins-with and ends-with too (learn.microsoft.com: wildcard-characters).
_BEGINS, _ENDS, _LIKE = _like("", "%"), _like("%", ""), _like("", "")

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "eq": Operator(Takes.SCALAR, _EQUAL),
        "ne": Operator(Takes.SCALAR, _EQUAL, negated=True, matches_null=True),
        "gt": Operator(Takes.ORDERED, _ordered(lambda order: order > 0)),
        "ge": Operator(Takes.ORDERED, _ordered(lambda order: order >= 0)),
        "lt": Operator(Takes.ORDERED, _ordered(lambda order: order < 0)),
        "le": Operator(Takes.ORDERED, _ordered(lambda order: order <= 0)),
        "between": Operator(Takes.TWO_ORDERED, _between),
        "not-between": Operator(Takes.TWO_ORDERED, _between, negated=True, matches_null=True),
        "in": Operator(Takes.LIST, _in),
        "not-in": Operator(Takes.LIST, _in, negated=True, matches_null=True),
        "like": Operator(Takes.PATTERN, _LIKE),
        "not-like": Operator(Takes.PATTERN, _LIKE, negated=True, matches_null=True),
        "begins-with": Operator(Takes.PATTERN, _BEGINS),
        "not-begin-with": Operator(Takes.PATTERN, _BEGINS, negated=True, matches_null=True),
        "ends-with": Operator(Takes.PATTERN, _ENDS),
        "not-end-with": Operator(Takes.PATTERN, _ENDS, negated=True, matches_null=True),
        "null": Operator(Takes.NOTHING, _filled, negated=True, matches_null=True),
        "not-null": Operator(Takes.NOTHING, _filled),
    }
)

NOT_YET_SUPPORTED = frozenset(
    {"contain-values", "not-contain-values", "on", "on-or-before", "on-or-after", "today", "yesterday"}
    | {"last-x-days", "last-x-hours", "last-x-weeks", "last-x-months", "last-x-years"}
    | {"olderthan-x-days", "olderthan-x-months", "next-x-days"}
    | {"this-week", "last-week", "this-month", "last-month", "this-year", "last-year"}
)
