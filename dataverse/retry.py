"""When a request is sent again: as the service asks, else after a growing wait, and only if it does no harm."""

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from dataverse.errors import TransientError
from dataverse.limits import Limits


def backoff_s(attempt: int, limits: Limits) -> float:
    """The wait after this attempt (1 is the first), before it is scattered."""
    return float(min(limits.retry_wait_max_s, limits.retry_wait_base_s * 2 ** (attempt - 1)))


def wait_s(error: TransientError, attempt: int, limits: Limits, random: Callable[[], float]) -> float:
    """Seconds until the next attempt: never inside a Retry-After, scattered so that workers do not return as one."""
    if error.retry_after_s is not None:
        return error.retry_after_s + random() * limits.retry_wait_base_s
    return backoff_s(attempt, limits) * (0.5 + random() / 2)


def is_worth_repeating(error: BaseException, limits: Limits, *, repeatable: bool) -> bool:
    """Whether a repeat is both harmless and soon: what may have happened is repeated only if it is repeatable."""
    if not isinstance(error, TransientError) or (error.may_have_happened and not repeatable):
        return False
    return error.retry_after_s is None or error.retry_after_s <= limits.retry_wait_max_s


def retrying(
    limits: Limits, *, repeatable: bool, sleep: Callable[[float], None], random: Callable[[], float]
) -> Retrying:
    """A caller for one request, to be used once: calls, waits, calls again, and raises the last error as it is."""

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return wait_s(error, state.attempt_number, limits, random) if isinstance(error, TransientError) else 0.0

    return Retrying(
        stop=stop_after_attempt(limits.attempts),
        wait=wait,
        retry=retry_if_exception(lambda error: is_worth_repeating(error, limits, repeatable=repeatable)),
        sleep=sleep,
        reraise=True,
    )
