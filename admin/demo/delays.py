"""How long it took from a change to what was written because of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter

from connector.tables import Lead, LeadScore
from emulator.web_api import Emulator, Reference, RowEvent

OWN_TAG = "leadgate:"


@dataclass(slots=True)
class Delays:
    """Listens to commits: a change starts a lead's clock, the first write of ours to the lead or its rows stops it."""

    started: dict[str, float] = field(default_factory=dict)
    measured_ms: list[float] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def saw(self, event: RowEvent) -> None:
        """A commit; ours carries Leadgate's tag."""
        lead = _lead_of(event)
        if lead is None:
            return
        now = perf_counter()
        with self._lock:
            if not (event.tag or "").startswith(OWN_TAG):
                self.started.setdefault(lead, now)
            elif lead in self.started:
                self.measured_ms.append((now - self.started.pop(lead)) * 1000)

    def percentile_ms(self, share: float) -> float:
        """The delay that `share` (0 to 1) of the measured changes did not exceed; 0 when none was measured."""
        ordered = sorted(self.measured_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@contextmanager
def listening(emulator: Emulator) -> Iterator[Delays]:
    """Delays measured while the block runs."""
    delays = Delays()
    emulator.listeners.append(delays.saw)
    try:
        yield delays
    finally:
        emulator.listeners.remove(delays.saw)


def _lead_of(event: RowEvent) -> str | None:
    """The lead that a committed row concerns: itself, or the one its lookup names."""
    if event.table == Lead.TABLE:
        return str(event.row_id)
    lead = (event.after or {}).get(LeadScore.LEAD)
    return str(lead.row_id) if isinstance(lead, Reference) else None
