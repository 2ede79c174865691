"""When and how long: pure functions, checked without a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataverse import ConflictError, Limits, NotFoundError, ThrottledError, UnavailableError
from dataverse.errors import DataverseError
from dataverse.retry import backoff_s, is_worth_repeating, wait_s

LIMITS = Limits(retry_wait_base_s=0.5, retry_wait_max_s=20.0)


def test_the_wait_doubles_up_to_its_bound() -> None:
    assert [backoff_s(attempt, LIMITS) for attempt in range(1, 9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


@given(st.floats(0, 1), st.integers(1, 10), st.floats(0.001, 20))
def test_the_wait_is_never_inside_a_retry_after(jitter: float, attempt: int, asked: float) -> None:
    assert wait_s(ThrottledError(retry_after_s=asked), attempt, LIMITS, lambda: jitter) >= asked


@given(st.floats(0, 1), st.integers(1, 10))
def test_the_wait_is_scattered_over_the_upper_half(jitter: float, attempt: int) -> None:
    longest = backoff_s(attempt, LIMITS)
    assert longest / 2 <= wait_s(UnavailableError(), attempt, LIMITS, lambda: jitter) <= longest


@pytest.mark.parametrize(
    ("error", "repeatable", "worth"),
    [
        (ThrottledError(), False, True),
        (ThrottledError(retry_after_s=20), False, True),
        (ThrottledError(retry_after_s=20.1), True, False),
        (UnavailableError(), True, True),
        (UnavailableError(), False, False),
        (UnavailableError(may_have_happened=False), False, True),
        (UnavailableError(retry_after_s=21), True, False),
        (ConflictError(), True, False),
        (NotFoundError(), True, False),
    ],
)
def test_a_repeat_must_be_harmless_and_soon(error: DataverseError, repeatable: bool, worth: bool) -> None:
    assert is_worth_repeating(error, LIMITS, repeatable=repeatable) is worth


def test_a_defect_is_not_repeated() -> None:
    assert not is_worth_repeating(KeyError(), LIMITS, repeatable=True)
