"""How long a message waits: what the service asked for, else longer each time, and never all at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.backoff import WAIT_MAX_S, wait_s


@pytest.mark.parametrize(
    ("attempt", "longest_s"), [(0, 2), (1, 4), (2, 8), (8, 512), (9, 900), (10, 900), (10**9, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(attempt: int, longest_s: float) -> None:
    assert wait_s(attempt, None, lambda: 0.999_999) == pytest.approx(longest_s, rel=1e-5)
    assert wait_s(attempt, None, lambda: 0.0) == longest_s / 2


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True))
def test_jitter_moves_a_wait_within_its_upper_half(attempt: int, number: float) -> None:
    waited = wait_s(attempt, None, lambda: number)
    assert wait_s(attempt, None, lambda: 0.0) <= waited <= WAIT_MAX_S


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(0, 1), (-5, 1), (0.3, 1), (1, 1), (2.5, 2.5), (300, 300), (901, 901)]
)
def test_what_the_service_asks_for_is_obeyed_without_jitter_and_at_least_a_second(
    asked_s: float, waited_s: float
) -> None:
    for attempt in (0, 20):
        assert wait_s(attempt, asked_s, lambda: 0.5) == waited_s


def test_a_service_that_asks_for_a_year_is_asked_again_after_a_day() -> None:
    assert wait_s(0, 86_400, lambda: 0.5) == 86_400
    assert wait_s(0, 31_536_000, lambda: 0.5) == 86_400
