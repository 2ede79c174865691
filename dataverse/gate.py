"""One gate before the service for all threads: closed while the service asks to wait, no wider than it advises.

The protection limits count per user, not per thread, so a Retry-After that one thread was given binds them all.
Source: the page "Service protection API limits"; `x-ms-dop-hint` is the degree of parallelism that the service advises.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ClosedError(Exception):
    """The gate opens later than the caller can wait; raised and caught inside this package."""

    def __init__(self, opens_in_s: float) -> None:
        """Keep the seconds until the gate opens."""
        super().__init__()
        self.opens_in_s = opens_in_s


class Gate:
    """Lets callers through one after another, in the order they came; thread-safe."""

    def __init__(
        self,
        width_max: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open, and `width_max` callers wide; `clock` and `sleep` are in seconds."""
        self._width_max = width_max
        self._width = width_max
        self._clock = clock
        self._sleep = sleep
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._inside = 0
        self._opens_at = 0.0
        self._window_s = 0.0  # length of the wait that was asked for; 0 when there is none

    @property
    def width(self) -> int:
        """How many may be inside at once."""
        return self._width

    @contextmanager
    def passage(self, wait_max_s: float) -> Iterator[None]:
        """Be inside for one exchange; ClosedError when the gate opens later than `wait_max_s` from now."""
        self._enter(wait_max_s)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close_for(self, seconds: float) -> None:
        """Let nobody in for as long; a shorter wait than the one that is running changes nothing."""
        with self._changed:
            if self._remaining_s() < seconds:
                self._opens_at, self._window_s = self._clock() + seconds, seconds

    def set_width(self, width: int) -> None:
        """Let in as many at once as the service advises, at least one and never more than the greatest width."""
        with self._changed:
            self._width = max(1, min(width, self._width_max))
            self._changed.notify_all()

    def _enter(self, wait_max_s: float) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while True:
                    self._changed.wait_for(lambda: self._waiting[0] is ticket and self._inside < self._width)
                    if (remaining_s := self._remaining_s()) <= 0:
                        break
                    if remaining_s > wait_max_s:
                        raise ClosedError(remaining_s)
                    self._sleep_through(remaining_s)
                self._inside += 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _remaining_s(self) -> float:
        # Never longer than what was asked for, though the clock be set back.
        return min(self._opens_at - self._clock(), self._window_s)

    def _sleep_through(self, remaining_s: float) -> None:
        # Only the first in the line sleeps, the others wait for it. The lock is free meanwhile: who is inside must get
        # out, and may be told to wait still longer.
        opens_at = self._opens_at
        self._changed.release()
        try:
            self._sleep(remaining_s)
        finally:
            self._changed.acquire()
        if self._opens_at == opens_at:
            self._window_s = 0.0
