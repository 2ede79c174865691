"""What scoring says of a lead."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, overload

from scoring.definition import LIMITS_LINE


@dataclass(frozen=True, slots=True)
class Line:
    """One group's share: `points` before cap and decay, `points_applied` after; `events` is None on the lead itself."""

    group: str
    matched: bool
    events: int | None
    points: int
    points_applied: int


class Lines(Sequence[Line]):
    """The lines of a score, put together when somebody looks; equal to the tuple of them.

    What is stored of most scores is the total and the explanation. Fifteen lines take longer than the lead they are
    about, so leads that are alike in what was found share what makes them and what follows, and mostly nobody asks.
    """

    __slots__ = ("_found", "_lines_of", "explained", "grade", "total")

    def __init__(
        self,
        total: int | None,
        grade: str | None,
        explained: str,
        lines_of: Callable[[Any], tuple[Line, ...]],
        found: object,
    ) -> None:
        self.total, self.grade, self.explained = total, grade, explained
        self._lines_of, self._found = lines_of, found

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, index: int | slice) -> Line | tuple[Line, ...]:
        return self._lines_of(self._found)[index]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines_of(self._found))

    def __len__(self) -> int:
        return len(self._lines_of(self._found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lines | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class Score(NamedTuple):
    """`lines` sum to `total` exactly; `total` is None when the lead is not in the model's audience.

    `valid_until` (UTC) is the first instant after the one scored at which time alone can change any of it; outside the
    audience, at which time alone brings the lead in. A tuple, because a page makes thousands of them, and a frozen
    dataclass takes four times as long.
    """

    total: int | None
    grade: str | None
    lines: Sequence[Line]
    valid_until: datetime | None


def explanation(score: Score) -> str:
    """The reasons as canonical JSON: matched groups by number in the model (from 1), points applied, events counted.

    `{"groups":[{"group":1,"points":100},{"events":3,"group":5,"points":15}],"limits":-20}`: no value of the lead.
    """
    lines = score.lines
    return lines.explained if isinstance(lines, Lines) else explanation_of(lines)


def explanation_of(lines: Sequence[Line]) -> str:
    """The explanation of these lines."""
    groups = [line for line in lines if line.group != LIMITS_LINE]
    cut = sum(line.points_applied for line in lines if line.group == LIMITS_LINE)
    return explained(joined(*[reason(number, line) for number, line in enumerate(groups, 1)]), cut)


def reason(number: int, line: Line) -> str:
    """What a group gives, as JSON; whole numbers alone, so that JSON needs no help. Empty where it did not match."""
    if not line.matched:
        return ""
    events = "" if line.events is None else f'"events":{line.events},'
    return f'{{{events}"group":{number},"points":{line.points_applied}}}'


def joined(*reasons: str) -> str:
    """The reasons of groups, or of several that are joined already, one after the other; empty ones are none."""
    return ",".join(filter(None, reasons))


def explained(reasons: str, cut: int) -> str:
    """The explanation that the reasons of groups make, and what the limits cut."""
    return f'{{"groups":[{reasons}],"limits":{cut}}}' if cut else f'{{"groups":[{reasons}]}}'


OUTSIDE = Score(None, None, Lines(None, None, explained("", 0), tuple, ()), None)
"""The score of every lead that is not in the audience, where time alone does not bring it in."""
