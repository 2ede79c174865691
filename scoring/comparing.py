"""How a row's value stands to what a condition compares it with: below, equal or above."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from scoring.moments import Moment, comparable, moment
from scoring.values import Reading, as_decimal

Scalar = str | int | float | bool
Operand = Scalar | tuple[Scalar, ...] | None
Comparer = Callable[[object], int]
"""-1, 0 or 1: the row's value (not null) against the operand."""

_T = TypeVar("_T", str, bool, Decimal, date)


def operands_of(operand: Operand) -> tuple[Scalar, ...]:
    """The values of a list operand."""
    if isinstance(operand, tuple):
        return operand
    raise TypeError(operand)


def compared(operand: Operand, reading: Reading) -> Comparer:
    """Compares by the operand's kind; the comparer raises FactError for a value of another kind."""
    if isinstance(operand, bool):
        return _compared_boolean(operand, reading)
    if isinstance(operand, str):
        named = moment(operand)
        return _compared_text(operand, reading) if named is None else _compared_moment(operand, named, reading)
    number = as_decimal(operand)
    if number is None:
        raise TypeError(operand)
    return lambda value: _order(reading.number(value), number)


def _compared_boolean(operand: bool, reading: Reading) -> Comparer:  # noqa: FBT001  the operand is the boolean
    return lambda value: _order(reading.boolean(value), operand)


def _compared_text(operand: str, reading: Reading) -> Comparer:
    folded = reading.folded(operand).rstrip(" ")
    return lambda value: _order(reading.folded(reading.text(value)).rstrip(" "), folded)


def _compared_moment(operand: str, named: Moment, reading: Reading) -> Comparer:
    as_text = _compared_text(operand, reading)

    def against_moment(value: object) -> int:
        found = moment(reading.text(value))
        return as_text(value) if found is None else _order(*comparable(found, named, reading.zone))

    return against_moment


def _order(one: _T, other: _T) -> int:
    return (one > other) - (one < other)
