"""Values that stand for all that a column can hold, as far as comparisons with given operands can tell them apart."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Context, Decimal

from scoring.comparing import Operand, Scalar
from scoring.moments import Moment, instant, moment
from scoring.values import as_decimal

_NEXT = "\0"  # no text lies between one text and the same with this at its end
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_EXACT = Context(prec=100)


def scalars(operand: Operand) -> tuple[Scalar, ...]:
    """The values of an operand, whether one, several or none."""
    if isinstance(operand, tuple):
        return operand
    return () if operand is None else (operand,)


def named_moment(value: object) -> Moment | None:
    """The day or point in time that a value spells, whatever spaces trail it."""
    return moment(value.rstrip(" ")) if isinstance(value, str) else None


def representatives(operands: Iterable[Scalar], zone: tzinfo) -> list[object]:
    """Null, and of every kind a value on each operand and in each range between, below and above them."""
    found = tuple(operands)
    values = (*_texts(found), *_moments(found, zone))
    return [None, False, True, *_numbers(found), *dict.fromkeys(values)]


def spelled(texts: Iterable[str], trailing: int) -> list[object]:
    """All values that equal one of the texts, but for case and accents, with up to so many spaces at their end."""
    return [text.rstrip(" ") + " " * spaces for text in texts for spaces in range(trailing + 1)]


def _numbers(operands: tuple[Scalar, ...]) -> Iterator[Decimal]:
    numbers = sorted({number for value in operands if (number := as_decimal(value)) is not None})
    if not numbers:
        yield Decimal(0)
        return
    yield _EXACT.subtract(numbers[0], Decimal(1))
    for number, following in zip(numbers, [*numbers[1:], _EXACT.add(numbers[-1], Decimal(2))], strict=True):
        yield number
        yield _EXACT.divide(_EXACT.add(number, following), Decimal(2))


def _texts(operands: tuple[Scalar, ...]) -> Iterator[str]:
    yield _NEXT  # below every other text
    for value in operands:
        if isinstance(value, str):
            yield value.rstrip(" ")
            yield value.rstrip(" ") + _NEXT


def _moments(operands: tuple[Scalar, ...], zone: tzinfo) -> Iterator[str]:
    for named in (found for value in operands if (found := named_moment(value)) is not None):
        local = instant(named, zone).astimezone(zone).date()
        days = {named} if not isinstance(named, datetime) else {named.date()}
        around = {near for day in {local, *days} for near in _steps(day, _DAY)}
        # As spelled too: a column without a time zone is compared by what its clock shows.
        points = [instant(named, zone), *([named] if isinstance(named, datetime) else [])]
        points += [instant(day, zone) for day in around]
        points += [datetime.combine(day, time.min) for day in around]
        yield from (day.isoformat() for day in sorted(around))
        yield from (near.isoformat() for point in points for near in _steps(point, _TICK))


def _steps(around: date, step: timedelta) -> Iterator[date]:
    yield around
    for sign in (-1, 1):
        try:
            yield around + sign * step
        except OverflowError:  # the calendar ends there
            continue
