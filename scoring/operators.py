"""The operators of conditions, as data: FetchXML's names, what each takes, and what each says of null.

`ne` and the `not-` operators (but `not-null`) match null, as FetchXML's `ne` does; every other comparison with null is
false. Source: learn.microsoft.com/power-apps/developer/data-platform/fetchxml/reference/operators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from scoring.relative import HOURS, RELATIVE


class Takes(Enum):
    """What an operator is compared with, in words."""

    NOTHING = "no value"
    SCALAR = "text, a number, true or false"
    ORDERED = "text, a date or a number"
    TWO_ORDERED = "a list of two values: the lowest, then the highest"
    LIST = "a list of values"
    PATTERN = "text"
    OPTIONS = "the number or label of an option, or a list of them"
    DAY = "a day (2026-05-31)"
    COUNT = "a whole number, from 1 on"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator; `base` is the positive test that it makes, turned round when `negated`.

    `matches_null` is what it says of null, where no test is made at all.
    """

    takes: Takes
    base: str
    negated: bool = False
    matches_null: bool = False
    max_count: int = 0

    @property
    def is_for_dates(self) -> bool:
        """Whether it makes sense on dates alone."""
        return self.takes is Takes.DAY or self.is_relative

    @property
    def is_relative(self) -> bool:
        """Whether its answer depends on the instant at which it is asked."""
        return self.base in RELATIVE or self.base == HOURS


def _not(takes: Takes, base: str) -> Operator:
    return Operator(takes, base, negated=True, matches_null=True)


_CENTURY = {"hours": 876_600, "days": 36_525, "weeks": 5_218, "months": 1_200, "years": 100}


def _relative(op: str) -> Operator:
    unit = op.rpartition("-")[2]
    return Operator(Takes.COUNT, op, max_count=_CENTURY[unit]) if "-x-" in op else Operator(Takes.NOTHING, op)


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "eq": Operator(Takes.SCALAR, "eq"),
        "ne": _not(Takes.SCALAR, "eq"),
        "gt": Operator(Takes.ORDERED, "gt"),
        "ge": Operator(Takes.ORDERED, "ge"),
        "lt": Operator(Takes.ORDERED, "lt"),
        "le": Operator(Takes.ORDERED, "le"),
        "between": Operator(Takes.TWO_ORDERED, "between"),
        "not-between": _not(Takes.TWO_ORDERED, "between"),
        "in": Operator(Takes.LIST, "in"),
        "not-in": _not(Takes.LIST, "in"),
        "like": Operator(Takes.PATTERN, "like"),
        "not-like": _not(Takes.PATTERN, "like"),
        "begins-with": Operator(Takes.PATTERN, "begins-with"),
        "not-begin-with": _not(Takes.PATTERN, "begins-with"),
        "ends-with": Operator(Takes.PATTERN, "ends-with"),
        "not-end-with": _not(Takes.PATTERN, "ends-with"),
        "null": _not(Takes.NOTHING, "not-null"),
        "not-null": Operator(Takes.NOTHING, "not-null"),
        "contain-values": Operator(Takes.OPTIONS, "contain-values"),
        "not-contain-values": _not(Takes.OPTIONS, "contain-values"),
        "on": Operator(Takes.DAY, "on"),
        "on-or-before": Operator(Takes.DAY, "on-or-before"),
        "on-or-after": Operator(Takes.DAY, "on-or-after"),
        **{op: _relative(op) for op in (*RELATIVE, HOURS)},
    }
)
