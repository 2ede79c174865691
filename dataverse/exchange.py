"""One call until it is answered: token, gate, transport, and another attempt where that does no harm.

Every attempt that fails leaves one line in the log "dataverse", with the request id and without query, body or token.
"""

import logging
import random as randomness
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from dataverse.auth import TokenProvider
from dataverse.error_reading import read_retry_after
from dataverse.errors import DataverseError, ThrottledError, TransientError
from dataverse.gate import ClosedError, Gate
from dataverse.limits import Limits
from dataverse.retry import retrying
from dataverse.timing import Observe, RequestTiming
from dataverse.transport import Answer, Call, Transport

T = TypeVar("T")

_log = logging.getLogger("dataverse")

# A Retry-After with any other status is advice about one request, not about the service.
_WAIT_STATUSES = frozenset({429, 503})
_WIDTH_DIGITS_MAX = 6


class Exchange:
    """Sends calls to one environment through one gate; thread-safe."""

    def __init__(
        self,
        transport: Transport,
        tokens: TokenProvider,
        gate: Gate,
        limits: Limits,
        *,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], float] = time.time,
        observe: Observe = lambda _timing: None,
    ) -> None:
        """Take what a call needs; `clock` gives seconds of the epoch, for a Retry-After that is a date."""
        self._transport = transport
        self._tokens = tokens
        self._gate = gate
        self._limits = limits
        self._sleep = sleep
        self._random = random
        self._clock = clock
        self._observe = observe

    def perform(
        self,
        call: Call,
        read: Callable[[Answer], T],
        *,
        repeatable: bool,
        read_timeout_s: float | None,
        repeats: bool = True,
    ) -> T:
        """What `read` makes of the answer, repeated while it raises what a repeat may heal, unless it `repeats` not."""
        limits = self._limits if repeats else replace(self._limits, attempts=1)
        repeating = retrying(limits, repeatable=repeatable, sleep=self._sleep, random=self._random)
        return repeating(lambda: self._attempt(call, read, read_timeout_s))

    def heed(self, error: DataverseError | None) -> None:
        """Close the gate for the wait that an error inside an answer asks for."""
        if isinstance(error, TransientError) and error.status in _WAIT_STATUSES and error.retry_after_s is not None:
            self._gate.close_for(error.retry_after_s)

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _attempt(self, call: Call, read: Callable[[Answer], T], read_timeout_s: float | None) -> T:
        try:
            answer = self._pass(call, self._token(fresh=False), read_timeout_s)
            if answer.status == 401:
                # The token may have been revoked or have expired on the way: a fresh one, once.
                answer = self._pass(call, self._token(fresh=True), read_timeout_s)
            return read(answer)
        except DataverseError as error:
            _log.info("%s", error)
            raise

    def _pass(self, call: Call, token: str, read_timeout_s: float | None) -> Answer:
        try:
            with self._gate.passage(self._limits.retry_wait_max_s):
                answer = self._timed(call, token, read_timeout_s)
                self._obey(answer)  # before the next one is let in
                return answer
        except ClosedError as closed:
            raise ThrottledError(
                request_id=call.request_id,
                about=call.about,
                retry_after_s=closed.opens_in_s,
                explanation="nothing is sent before the wait it asked for is over",
            ) from None

    def _timed(self, call: Call, token: str, read_timeout_s: float | None) -> Answer:
        server, began = urlsplit(call.url).hostname or "", time.perf_counter()
        try:
            answer = self._transport.exchange(call, token, read_timeout_s=read_timeout_s)
        except DataverseError as error:
            self._observe(RequestTiming(call.method, server, time.perf_counter() - began, error=type(error).__name__))
            raise
        self._observe(RequestTiming(call.method, server, time.perf_counter() - began, answer.status))
        return answer

    def _obey(self, answer: Answer) -> None:
        width = answer.headers.get("x-ms-dop-hint", "").strip()
        if width.isascii() and width.isdigit() and len(width) <= _WIDTH_DIGITS_MAX:
            self._gate.set_width(int(width))
        if answer.status in _WAIT_STATUSES:
            wait_s = read_retry_after(answer.headers.get("Retry-After"), self._clock())
            if wait_s is not None:
                self._gate.close_for(wait_s)

    def _token(self, *, fresh: bool) -> str:
        try:
            return self._tokens.token(fresh=fresh)
        except TransientError as error:
            error.may_have_happened = False  # without a token nothing was sent to the environment
            raise
