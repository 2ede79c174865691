"""A `$filter` as a frozen tree; `filters` makes it from text, `filter_sql` and `filter_json` carry it out."""

from dataclasses import dataclass
from typing import Literal

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
TextFunction = Literal["contains", "startswith", "endswith"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal; `kind` is guid, moment, date, number, string, enum, boolean or null."""

    kind: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Property:
    """A property, or a property of the row that a navigation property or a lambda's variable leads to."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A property beside a literal or another property."""

    left: Property
    operator: Operator
    right: Property | Value


@dataclass(frozen=True, slots=True)
class TextMatch:
    """contains, startswith or endswith."""

    function: TextFunction
    path: Property
    text: str


@dataclass(frozen=True, slots=True)
class Membership:
    """Microsoft.Dynamics.CRM.In and NotIn; the column is named by its logical name."""

    column: str
    values: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class QueryFunction:
    """Another Microsoft.Dynamics.CRM function of a column, such as LastXDays or ContainValues."""

    name: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    """any or all rows of a collection meet a condition over `variable`; without one, there is any row at all."""

    navigation: str
    every: bool
    variable: str
    condition: "Filter | None"


@dataclass(frozen=True, slots=True)
class Not:
    """True where the operand is not: a comparison with null, which is false, becomes true."""

    operand: "Filter"


@dataclass(frozen=True, slots=True)
class Every:
    """All operands hold."""

    operands: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one operand holds."""

    operands: "tuple[Filter, ...]"


Filter = Comparison | TextMatch | Membership | QueryFunction | Lambda | Not | Every | Either
