"""Whether the value that a definition gives an operator is one that the operator can take."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from scoring.comparing import Operand
from scoring.errors import Place
from scoring.moments import moment
from scoring.operators import Operator, Takes
from scoring.patterns import PatternError, check_pattern
from scoring.values import has_half_a_character, kind_of

_LARGEST_NUMBER = 2**63  # a big integer of Dataverse; larger numbers are in no column
_MAX_OPTION = 2**31
_KINDS = {
    Takes.SCALAR: ("text", "a number", "a boolean"),
    Takes.LIST: ("text", "a number", "a boolean"),
    Takes.ORDERED: ("text", "a number"),
    Takes.TWO_ORDERED: ("text", "a number"),
    Takes.PATTERN: ("text",),
}

Finding = tuple[Place, str]
"""The place within the value, and what is wrong there."""


def normalised(value: object) -> object:
    """The value as JSON can carry it: dates as ISO text, lists as tuples."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return tuple(normalised(member) for member in value) if isinstance(value, list | tuple) else value


def findings(operator: Operator, value: object) -> Iterator[Finding]:
    """Everything that is wrong with a normalised value for the operator."""
    takes = operator.takes
    if value is None and takes is not Takes.NOTHING:
        yield (), _MISSING
    elif takes in _FINDINGS:
        yield from _FINDINGS[takes](operator, value)
    elif takes in {Takes.LIST, Takes.TWO_ORDERED}:
        yield from _list_findings(takes, value)
    else:
        yield from _scalar_findings(takes, value)


def operand(value: object) -> Operand:
    """The value, now that `findings` has nothing to say of it."""
    if value is None or isinstance(value, str | int | float | tuple):
        return value
    raise TypeError(value)


_MISSING = "is missing (to look for empty columns, the operators are null and not-null)"


def _nothing_findings(_operator: Operator, value: object) -> Iterator[Finding]:
    if value is not None:
        yield (), "takes no value"


def _count_findings(operator: Operator, value: object) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield (), "must be a whole number"
    elif not 1 <= value <= operator.max_count:
        yield (), f"must be a whole number from 1 to {operator.max_count:,}"


def _day_findings(operator: Operator, value: object) -> Iterator[Finding]:
    named = moment(value) if isinstance(value, str) else None
    if named is None or isinstance(named, datetime):
        yield (), f"must be {operator.takes.value}"


def _option_findings(operator: Operator, value: object) -> Iterator[Finding]:
    members = value if isinstance(value, tuple) else (value,)
    if not members:
        yield (), f"must be {operator.takes.value}, not of 0"
    for at, member in enumerate(members):
        place: Place = (at,) if isinstance(value, tuple) else ()
        if isinstance(member, str):
            yield from ((place, message) for _, message in _text_findings(operator.takes, member))
        elif not _is_number_of_option(member):
            yield place, "must be the number or label of an option" if place else f"must be {operator.takes.value}"


def _is_number_of_option(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_OPTION


_FINDINGS: Mapping[Takes, Callable[[Operator, object], Iterator[Finding]]] = {
    Takes.NOTHING: _nothing_findings,
    Takes.COUNT: _count_findings,
    Takes.DAY: _day_findings,
    Takes.OPTIONS: _option_findings,
}


def _list_findings(takes: Takes, value: object) -> Iterator[Finding]:
    if not isinstance(value, tuple):
        yield (), f"must be {takes.value}"
        return
    if not value or (takes is Takes.TWO_ORDERED and len(value) != 2):
        yield (), f"must be {takes.value}, not of {len(value)}"
    wrong = [((at, *place), text) for at, member in enumerate(value) for place, text in _scalar_findings(takes, member)]
    yield from wrong
    if wrong:
        return
    if len({kind_of(member) for member in value}) > 1:
        yield (), "mixes kinds: the values must all be text, or all numbers, or all true or false"
    elif takes is Takes.TWO_ORDERED and len(value) == 2 and kind_of(value[0]) == "a number" and value[0] > value[1]:
        yield (), "has its lowest value above its highest"


def _scalar_findings(takes: Takes, value: object) -> Iterator[Finding]:
    if value is None:
        yield (), _MISSING
    elif kind_of(value) not in _KINDS[takes]:
        yield (), f"must be {takes.value}, not {kind_of(value)}"
    elif isinstance(value, str):
        yield from _text_findings(takes, value)
    elif not _is_storable(value):
        yield (), "must be a finite number that a column can hold"


def _text_findings(takes: Takes, value: str) -> Iterator[Finding]:
    if not value.rstrip(" "):
        yield (), "is empty, which is null to Dataverse: the operators are null and not-null"
    elif has_half_a_character(value):
        yield (), "is not valid text (it has half of a surrogate pair)"
    elif takes is Takes.PATTERN:
        try:
            check_pattern(value)
        except PatternError as error:
            yield (), str(error)


def _is_storable(value: object) -> bool:
    if isinstance(value, bool):
        return True
    return isinstance(value, int | float) and abs(value) < _LARGEST_NUMBER  # false for NaN and infinities too
