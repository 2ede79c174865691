"""Conditions compiled, once, to closures over a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from scoring.conditions import AllOf, AnyOf, Comparison, Not
from scoring.facts import Row, column_reader
from scoring.values import Reading

RowTest = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a model reads values: the zone of its days, and its collation."""

    zone: tzinfo
    accent_sensitive: bool


def row_test(condition: Comparison | AllOf | AnyOf | Not, dialect: Dialect, table: str | None = None) -> RowTest:
    """Whether a row meets the condition; FactError, naming the column, where a value is of another kind."""
    match condition:
        case Comparison():
            return _comparison_test(condition, dialect, table)
        case Not():
            inner = row_test(condition.condition, dialect, table)
            return lambda row: not inner(row)
        case AllOf():
            parts = tuple(row_test(member, dialect, table) for member in condition.conditions)
            return lambda row: all(part(row) for part in parts)
        case AnyOf():
            parts = tuple(row_test(member, dialect, table) for member in condition.conditions)
            return lambda row: any(part(row) for part in parts)


def _comparison_test(comparison: Comparison, dialect: Dialect, table: str | None) -> RowTest:
    named = f"{table}.{comparison.column}" if table else comparison.column
    read = column_reader(comparison.column)
    test = comparison.operator.test(comparison.value, Reading(named, dialect.zone, dialect.accent_sensitive))
    return lambda row: test(read(row))
