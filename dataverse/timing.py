"""How long one exchange took and how it ended, for whoever measures: this package itself knows no telemetry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RequestTiming:
    """One exchange with `server`, a host; `status` is None and `error` names what was raised when none was answered."""

    method: str
    server: str
    seconds: float
    status: int | None = None
    error: str = ""


Observe: TypeAlias = Callable[[RequestTiming], None]
"""Called after every exchange, in its thread; must not raise."""
