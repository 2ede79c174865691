"""How long a message waits before its next try. Pure: the randomness is an argument."""

from collections.abc import Callable

WAIT_MAX_S = 900.0
RETRY_AFTER_MAX_S = 86_400.0


def wait_s(attempt: int, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """What the service asked for, else 2^attempt seconds with jitter in its upper half, at most 15 minutes."""
    if retry_after_s is not None:
        return min(max(retry_after_s, 1.0), RETRY_AFTER_MAX_S)
    full: float = min(2.0 ** min(attempt + 1, 10), WAIT_MAX_S)
    return full * (0.5 + random() / 2)
