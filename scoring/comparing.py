"""What a condition compares with, and how moments and texts that are not told apart by a column's type compare."""

from collections.abc import Callable

from scoring.moments import Moment, comparable, moment
from scoring.values import Dialect

Scalar = str | int | float | bool
Operand = Scalar | tuple[Scalar, ...] | None

Spelled = tuple[Moment | None, str]
"""A text of a row, read both ways: the moment that it spells, if it spells one, and the folded text."""


def listed_operand(operand: Operand) -> tuple[Scalar, ...]:
    """The values of an operand, whether one, several or none."""
    if isinstance(operand, tuple):
        return operand
    return () if operand is None else (operand,)


def order_against(operand: str, dialect: Dialect) -> Callable[[Spelled], int]:
    """-1, 0 or 1 for a row's value against the operand: as moments where both spell one, else as text."""
    named, text = moment(operand), dialect.folded(operand).rstrip(" ")

    def order(value: Spelled) -> int:
        found, folded = value
        if found is None or named is None:
            return (folded > text) - (folded < text)
        one, other = comparable(found, named, dialect.zone)
        return (one > other) - (one < other)

    return order
