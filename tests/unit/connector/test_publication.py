"""What a refusal leaves in the row fits its column, whole characters and all."""

from connector.publication import error_details


def test_each_problem_has_its_line() -> None:
    assert error_details(["a: is missing", "b: is secured"]) == "a: is missing\nb: is secured"


def test_what_is_too_long_is_cut_to_the_columns_length_and_says_so() -> None:
    assert error_details(["x" * 100_000]) == "x" * 100_000
    assert error_details(["x" * 100_001]) == "x" * 99_999 + "…"


def test_a_character_of_two_units_is_not_cut_in_half() -> None:
    cut = error_details(["x" + "\U0001f600" * 60_000])
    assert cut == "x" + "\U0001f600" * 49_999 + "…"
    assert len(cut.encode("utf-16-le")) // 2 <= 100_000
