"""Whether Dataverse is worth asking: it stops being asked when it fails as a whole, and is tried again by one alone.

    closed --failures in a row, or one of privilege--> open --a probe is answered--> on trial --it works--> closed
                                                        ^------------it fails------------'

The state machine is pure; `Breaker` holds its state for the threads of one process. Throttling is no failure: the
service is there, and its Retry-After says when to come back (reliability.md section 2.3, H3 and H7).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from connector.backoff import WAIT_MAX_S, wait_s
from connector.ports import Clock, Random
from connector.telemetry import Event, Telemetry, log_event
from dataverse import AuthenticationError, DataverseError, PrivilegeError, ThrottledError, TransientError

FAILURES_MAX: Final = 3
"""So many whole reads in a row have failed when it opens; each was repeated by the client already."""

PROBE_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class BreakerState:
    """Failures in a row while it is closed; while it is open, when a probe is due and how many there were.

    `is_refusal` when the app was refused, rather than not answered: then only who was refused can tell that it is over.
    """

    failures: int = 0
    probe_at: datetime | None = None
    probes: int = 0
    is_refusal: bool = False

    @property
    def is_open(self) -> bool:
        """Whether Dataverse is left alone, but for a probe and the one whose probe was answered."""
        return self.probe_at is not None


CLOSED: Final = BreakerState()


def weight(error: Exception) -> int | None:
    """How much a fault of a whole read says against Dataverse, or the app's right to it; None when it says nothing.

    A ThrottledError says nothing: the client raises it also while it waits, without asking.
    """
    match error:
        case AuthenticationError() | PrivilegeError():
            return FAILURES_MAX
        case ThrottledError():
            return None
        case TransientError():
            return 1
    return 0


def after_failure(state: BreakerState, weight: int, at: datetime) -> BreakerState:
    """The state after a fault of this weight; one that is open already stays as it is."""
    if state.is_open:
        return state
    failures = state.failures + weight
    probe_at = at + PROBE_EVERY if failures >= FAILURES_MAX else None
    return BreakerState(failures, probe_at, is_refusal=weight >= FAILURES_MAX)


def after_success(state: BreakerState, *, of_leads: bool) -> BreakerState:
    """The state after a read was answered; one of something else than leads does not show that leads may be read."""
    return state if state.is_open and state.is_refusal and not of_leads else CLOSED


def with_probe(state: BreakerState, at: datetime) -> BreakerState | None:
    """The state in which whoever asked may probe, and nobody else until the next is due; None when none is due now."""
    if state.probe_at is None or at < state.probe_at:
        return None
    return replace(state, probe_at=at + PROBE_EVERY, probes=state.probes + 1)


def kept_for_s(state: BreakerState, at: datetime, random: Random) -> float:
    """How long a message stays away: until after the next probe, longer with each that failed, at most 15 minutes."""
    until_probe_s = 0.0 if state.probe_at is None else max((state.probe_at - at).total_seconds(), 0.0)
    return min(until_probe_s + wait_s(state.probes, None, random), WAIT_MAX_S)


class Breaker:
    """The breaker of one process; thread-safe. `probe` asks Dataverse one question, once, and raises what it meets."""

    def __init__(self, probe: Callable[[], object], clock: Clock, random: Random, telemetry: Telemetry) -> None:
        self._probe = probe
        self._clock = clock
        self._random = random
        self._telemetry = telemetry
        self._state = CLOSED
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether Dataverse is left alone."""
        return self._state.is_open

    def admits(self) -> bool:
        """Whether the caller may ask Dataverse; it then says by `succeeded` or `failed` what came of it.

        When a probe is due, the caller makes it, and may go on alone if it is answered.
        """
        with self._lock:
            if not self._state.is_open:
                return True
            probing = with_probe(self._state, self._clock())
            if probing is None:
                return False
            self._state = probing
        return self._answers()

    def succeeded(self, *, of_leads: bool) -> None:
        """A whole read was answered, of leads with what is known of them or of something else."""
        with self._lock:
            was_open = self._state.is_open
            self._state = after_success(self._state, of_leads=of_leads)
            closed = was_open and not self._state.is_open
        if closed:
            self._telemetry.breaker_open.add(-1)
            log_event(Event.BREAKER_CLOSED)

    def failed(self, error: Exception, *, of_leads: bool) -> None:
        """A fault was raised for a whole read; one of another kind than an outage or a refusal is an answer.

        A privilege that lacks for something else than leads is no reason to leave leads alone.
        """
        said = weight(error)
        if said is None or (isinstance(error, PrivilegeError) and not of_leads):
            return
        if said == 0:
            self.succeeded(of_leads=of_leads)
            return
        with self._lock:
            was_open = self._state.is_open
            self._state = after_failure(self._state, said, self._clock())
            opened = self._state.is_open and not was_open
        if opened:
            self._telemetry.breaker_open.add(1)
            log_event(Event.BREAKER_OPENED, logging.ERROR, reason=type(error).__name__, error=str(error))

    def kept_for_s(self) -> float:
        """How long a message that cannot be worked on now stays away."""
        return kept_for_s(self._state, self._clock(), self._random)

    def _answers(self) -> bool:
        try:
            self._probe()
        except DataverseError as error:
            if weight(error) != 0:
                log_event(Event.BREAKER_PROBED, logging.WARNING, reason=type(error).__name__, error=str(error))
                return False
        return True
