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


def column_reader(path: str) -> Callable[[Row], object]:
    """Reads `column`, or `lookup.column` of a nested N:1 row; null where any of them is absent."""
    own, _, related = path.partition(".")
    return _related_reader(own, related) if related else _own_reader(own)


def _own_reader(column: str) -> Callable[[Row], object]:
    as_lookup = f"_{column}_value"

    def read(row: Row) -> object:
        # The lookup first: where the related row is expanded, the plain name holds that row and not the id.
        return row[as_lookup] if as_lookup in row else row.get(column)

    return read


def _related_reader(lookup: str, column: str) -> Callable[[Row], object]:
    read_related = _own_reader(column)

    def read(row: Row) -> object:
        related = row.get(lookup)
        if related is None:
            return None
        if not isinstance(related, Mapping):
            raise FactError(lookup, "a related row", kind_of(related))
        return read_related(related)

    return read
