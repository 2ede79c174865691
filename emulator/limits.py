"""The service protection limits of one user on one web server, over a sliding window. Pure: time is an argument.

Source: Microsoft, "Service protection API limits". What it leaves open is decided here: a request that arrives while
the user has to wait is refused too, and makes the wait a second longer, up to a whole window.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from emulator.web_api import Request

CONCURRENCY_WAIT_S = 5
GROWTH_S = 1

_SECOND_US = 1_000_000

# The seconds of execution that a request takes.
Cost = Callable[[Request], float]


@dataclass(frozen=True, slots=True)
class ProtectionLimits:
    """The documented limits; each of `web_servers` counts on its own."""

    requests: int = 6_000
    execution_s: float = 1_200.0
    concurrent: int = 52
    window_s: int = 300
    web_servers: int = 1
    dop_hint: int = 8

    def __post_init__(self) -> None:
        if min(self.requests, self.execution_s, self.concurrent, self.window_s, self.web_servers, self.dop_hint) <= 0:
            raise ValueError("a protection limit is above 0")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was not carried out, and the whole seconds until the next one may be."""

    code: str
    message: str
    retry_after_s: int


@dataclass(slots=True)
class _Wait:
    code: str
    message: str
    until_us: int


class Meter:
    """What one web server remembers of one user. Not thread-safe; times are seconds of any one clock.

    Inside it counts whole microseconds, so that who comes at the end of a wait is never a rounding too early.
    """

    def __init__(self, limits: ProtectionLimits) -> None:
        self._limits = limits
        self._window_us = limits.window_s * _SECOND_US
        self._carried_out: deque[tuple[int, int]] = deque()
        self._execution_us = 0
        self._under_way = 0
        self._wait: _Wait | None = None

    def begin(self, at_s: float, cost_s: float) -> Refusal | None:
        """Count a request, to be followed by `end`; or refuse it, with nothing to end."""
        at_us, cost_us = _us(at_s), _us(cost_s)
        self._forget(at_us)
        self._wait = self._prolonged(at_us) or self._exceeded(at_us)
        if self._wait is not None:
            retry_after_s = max(1, -((at_us - self._wait.until_us) // _SECOND_US))
            self._wait.until_us = at_us + retry_after_s * _SECOND_US
            return Refusal(self._wait.code, self._wait.message, retry_after_s)
        self._carried_out.append((at_us, cost_us))
        self._execution_us += cost_us
        self._under_way += 1
        return None

    def end(self) -> None:
        """A request that was begun is answered."""
        self._under_way -= 1

    def remaining(self, at_s: float) -> tuple[int, float]:
        """How many requests, and seconds of execution, are left in the window."""
        self._forget(_us(at_s))
        requests = self._limits.requests - len(self._carried_out)
        return max(0, requests), max(0, _us(self._limits.execution_s) - self._execution_us) / _SECOND_US

    def _forget(self, at_us: int) -> None:
        while self._carried_out and self._carried_out[0][0] + self._window_us <= at_us:
            self._execution_us -= self._carried_out.popleft()[1]

    def _prolonged(self, at_us: int) -> _Wait | None:
        wait = self._wait
        if wait is None or at_us >= wait.until_us:
            return None
        wait.until_us = min(wait.until_us + GROWTH_S * _SECOND_US, at_us + self._window_us)
        return wait

    def _exceeded(self, at_us: int) -> _Wait | None:
        limits = self._limits
        if len(self._carried_out) >= limits.requests:
            message = (
                f"Number of requests exceeded the limit of {limits.requests} over time window of "
                f"{limits.window_s} seconds."
            )
            return _Wait("0x80072322", message, self._carried_out[-limits.requests][0] + self._window_us)
        if self._execution_us >= _us(limits.execution_s):
            message = (
                f"Combined execution time of incoming requests exceeded limit of {limits.execution_s * 1000:,.0f} "
                f"milliseconds over time window of {limits.window_s} seconds. Decrease number of concurrent requests "
                "or reduce the duration of requests and try again later."
            )
            return _Wait("0x80072321", message, self._execution_falls_at_us())
        if self._under_way >= limits.concurrent:
            message = f"Number of concurrent requests exceeded the limit of {limits.concurrent}."
            return _Wait("0x80072326", message, at_us + CONCURRENCY_WAIT_S * _SECOND_US)
        return None

    def _execution_falls_at_us(self) -> int:
        """When so many requests will have left the window that the execution time is below its limit."""
        left_us = self._execution_us
        for began_us, cost_us in self._carried_out:
            left_us -= cost_us
            if left_us < _us(self._limits.execution_s):
                return began_us + self._window_us
        return self._carried_out[-1][0] + self._window_us


def _us(seconds: float) -> int:
    return round(seconds * _SECOND_US)
