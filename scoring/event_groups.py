"""Groups over events, as compiled code counts them."""

from dataclasses import dataclass
from datetime import timedelta

from scoring.definition import Interactions
from scoring.events import Window


@dataclass(frozen=True, slots=True)
class EventGroup:
    """A group over events; `unit` is what one event adds to the findings, None where its events are judged."""

    name: str
    points: int
    rows: Interactions
    unit: int | None

    @property
    def within(self) -> timedelta | None:
        """How long an event counts."""
        return span_of(self.rows)

    @property
    def window(self) -> Window:
        """Which events count, and how they fade."""
        return Window(self.within, self.rows.half_life_days)

    @property
    def kept(self) -> str:
        """The name of the events that are to be judged, by place."""
        return f"{self.name}_kept"


def span_of(rows: Interactions) -> timedelta | None:
    """How long an event counts; None is for ever."""
    return timedelta(days=rows.within_days) if rows.within_days else None
