"""What outlives a process: the stores and their time, and one app that nobody ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from connector.bootstrap import App
from tests.faults.crashes.cast import Cast
from tests.faults.crashes.lives import Life, live_here
from tests.faults.crashes.place import Place


class LiveOne(Protocol):
    """One life over the stores, in this process or in one of its own."""

    def __call__(self, place: Place, acts: tuple[str, ...], cast: Cast, end_at: int | None, *, warm: bool) -> Life: ...


@dataclass(frozen=True)
class Stores:
    """What outlives a process, with its time, an app that nobody kills, and how a process is started over it."""

    place: Place
    survivor: App
    forward: Callable[[float], None]
    writes: Callable[[], int]
    life: LiveOne = live_here
    lane: Callable[[int], Place] | None = None
    """Queues of its own for each round, where leases take real time: rounds then wait for theirs together."""

    def of_round(self, number: int) -> "Stores":
        """The stores as one round has them."""
        if self.lane is None:
            return self
        place = self.lane(number)
        return replace(self, place=place, survivor=surviving(place))


def surviving(place: Place) -> App:
    """An app that has read what is in force once and for all."""
    return place.app(cache_s=timedelta.max.total_seconds() / 2)


def counts_as_write(method: str, table: str) -> bool:
    """Whether a request changed something that people see."""
    return method != "GET" and table != "$batch" and "syncstate" not in table
