"""The gate on mutants can close."""

import pytest

from tests.mutation import is_enough, killed_share

NONE = dict.fromkeys(("killed", "survived", "no_tests", "suspicious", "timeout", "segfault", "skipped", "total"), 0)


def test_eighty_five_of_a_hundred_are_enough() -> None:
    assert is_enough({**NONE, "killed": 80, "timeout": 5, "survived": 15, "total": 100})


@pytest.mark.parametrize("living", ["survived", "no_tests", "suspicious"])
def test_a_mutant_that_no_test_notices_or_reaches_lives(living: str) -> None:
    counts = {**NONE, "killed": 84, living: 16, "total": 100}
    assert killed_share(counts) == 0.84
    assert not is_enough(counts)


def test_a_run_that_was_broken_off_is_not_enough() -> None:
    assert not is_enough({**NONE, "killed": 90, "survived": 1, "total": 100})


def test_no_mutants_at_all_are_not_enough() -> None:
    assert not is_enough(NONE)
