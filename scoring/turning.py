"""When a condition over relative dates turns, by time alone: found by asking it again at the instants that matter."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import cast

from scoring.asking import Relative
from scoring.days import NEVER
from scoring.moments import later
from scoring.relative import instants, span

Frame = tuple[datetime, ...]
"""What compiled code compares with at an instant.

For each relative date of a model, the first value that it means and the first one after those; then for each span of
days, the instant so long before.
"""


@dataclass(frozen=True, slots=True)
class Frames:
    """Makes the frame of an instant, and knows where in it is what."""

    relative: tuple[Relative, ...]
    spans: tuple[timedelta | None, ...]
    zone: tzinfo
    at: Callable[[datetime], Frame]

    def edges(self, one: Relative) -> tuple[int, int]:
        """Where the first value that a relative date means is, and the first one after those."""
        index = 2 * self.relative.index(one)
        return index, index + 1

    def before(self, span: timedelta | None) -> int:
        """Where the instant so long before is; of a span without end, the beginning of time."""
        return 2 * len(self.relative) + self.spans.index(span)


def frames(relative: Iterable[Relative], spans: Iterable[timedelta | None], zone: tzinfo) -> Frames:
    """The frames for these relative dates and spans; a page of leads is scored at one instant, so a few are kept."""
    dates, lengths = tuple(dict.fromkeys(relative)), tuple(dict.fromkeys(spans))

    @lru_cache(maxsize=256)
    def frame(at: datetime) -> Frame:
        edges = [edge for one in dates for edge in span(one.op, one.count, at, zone)]
        return (*edges, *((length and later(at, -length)) or _BEGINNING for length in lengths))

    return Frames(dates, lengths, zone, frame)


_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turning:
    """A condition as a function of a frame and of the values it asks about, with its relative dates.

    `asked` says, for each relative date, which of the values it is about.
    """

    holds: Callable[..., bool]
    asked: tuple[tuple[Relative, int], ...]
    frames: Frames

    def next_turn(self, at: datetime, holds_now: bool, *values: object) -> datetime | None:  # noqa: FBT001  compiled
        """The first instant after `at` at which the condition answers otherwise; None when time never does that."""
        turns = []
        for one, index in self.asked:
            if (value := values[index]) is not None:
                edges = instants(one.op, one.count, cast("datetime", value), self.frames.zone)
                turns += [edge for edge in edges if at < edge < NEVER]
        turns.sort()
        for turn in turns:
            if self.holds(self.frames.at(turn), *values) != holds_now:
                return turn
        return None
