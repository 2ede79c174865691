"""What is known of a lead, and how a column of a Web API row is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.errors import FactError
from scoring.values import kind_of

Row = Mapping[str, object]
"""A Web API row: own columns, lookups as `_x_value`, N:1 rows nested under the lookup's name."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A lead's row, and by table the interaction rows that may concern it (no row twice).

    A key that is absent counts as null, a table that is absent as empty: whoever reads the rows checks that they are
    complete.
    """

    lead: Row
    interactions: Mapping[str, Sequence[Row]] = field(default_factory=dict)


def lookup_value(row: Row, lookup: str) -> object:
    """The id that a lookup column holds."""
    return row.get(f"_{lookup}_value")


def related_getter(lookup: str) -> Callable[[Row], Callable[[str], object]]:
    """From a row to what gets the columns of the row that it points at: nulls where there is none."""

    def getter(row: Row) -> Callable[[str], object]:
        related = row.get(lookup)
        if related is None:
            return _NOBODY.get
        if isinstance(related, Mapping):
            return related.get
        raise FactError(lookup, "a related row", kind_of(related))

    return getter


_NOBODY: Row = {}
