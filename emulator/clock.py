"""The emulator's clock: real until it is told to stand or to jump."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from emulator.web_api import utc_now


class EmulatorClock:
    """Runs as `base` does, `forward` by what it was moved, or stands; thread-safe.

    It may be set back, which reality does not do: rows keep the times they have.
    """

    def __init__(self, base: Callable[[], datetime] = utc_now) -> None:
        self._base = base
        self._ahead = timedelta()
        self._standing_at: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The emulator's time, in UTC."""
        with self._lock:
            return self._base() + self._ahead if self._standing_at is None else self._standing_at

    @property
    def is_standing(self) -> bool:
        """Whether time passes by `forward` alone."""
        with self._lock:
            return self._standing_at is not None

    def stand_at(self, at: datetime) -> None:
        """From now on it is `at`, until the clock is moved."""
        with self._lock:
            self._standing_at = at

    def forward(self, seconds: float) -> None:
        """Let this much time pass at once; a clock that runs goes on running."""
        with self._lock:
            if self._standing_at is None:
                self._ahead += timedelta(seconds=seconds)
            else:
                self._standing_at += timedelta(seconds=seconds)

    def run(self) -> None:
        """Be the base clock again."""
        with self._lock:
            self._ahead, self._standing_at = timedelta(), None
