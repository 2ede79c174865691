"""Wildcards mean what Dataverse says, and no pattern is slow."""

from collections.abc import Callable
from functools import cache
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.patterns import MAX_PATTERN_CHARACTERS, PatternError, check_pattern, matcher


def matches(pattern: str, text: str) -> bool:
    return matcher(pattern, str.casefold)(text.casefold())


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("%", "", True),
        ("%", "anything", True),
        ("_", "", False),
        ("_", "a", True),
        ("a%b%c", "aXXbYYc", True),
        ("a%b%c", "aXXcYYb", False),
        ("%ab", "aab", True),
        ("%%%a", "bba", True),
        ("[a-c]x", "bx", True),
        ("[a-c]x", "dx", False),
        ("[^a-c]x", "dx", True),
        ("[^a-c]x", "ax", False),
        ("[C-D]", "c", True),
        ("[abz-]", "-", True),
        ("[f-a]", "c", False),
        ("100[%]", "100%", True),
        ("100[%]", "1000", False),
        ("a[_]b", "a_b", True),
        ("a[_]b", "axb", False),
        ("[[]x]", "[x]", True),
        ("a", "a   ", True),
        ("a", "a  b", False),
        ("Dr %", "dr   ", True),
        ("a_", "a  ", True),
    ],
)
def test_a_pattern_matches_as_documented(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["[abc", "a[", "[]", "[^]", "x" * (MAX_PATTERN_CHARACTERS + 1)])
def test_a_pattern_without_a_meaning_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        check_pattern(pattern)


@settings(max_examples=300, deadline=None)
@given(st.text("ab%_", max_size=8), st.text("ab ", max_size=8))
def test_one_pass_agrees_with_the_definition(pattern: str, text: str) -> None:
    text = text.rstrip(" ")

    @cache
    def by_definition(at: int, read: int) -> bool:
        if at == len(pattern):
            return read == len(text)
        if pattern[at] == "%":
            return any(by_definition(at + 1, end) for end in range(read, len(text) + 1))
        return read < len(text) and pattern[at] in {"_", text[read]} and by_definition(at + 1, read + 1)

    assert matches(pattern, text) is by_definition(0, 0)


EVIL = [
    *(("%a" * count + suffix) for count in (5, 20, 99) for suffix in ("", "b", "_b")),
    *(("a%" * count + suffix) for count in (5, 20, 99) for suffix in ("", "b")),
    *("%" * count + "b" for count in (1, 50, 199)),
    *("_" * count + "%b" for count in (1, 50, 190)),
    *("[a-z]%" * count for count in (1, 10, 33)),
    *("[^b]" * count + "%b" for count in (1, 10, 49)),
    *("%[ab][ab]" * count + "c" for count in (1, 10, 22)),
]


@pytest.mark.parametrize("pattern", EVIL, ids=range(len(EVIL)))
def test_no_pattern_is_slow_on_four_thousand_characters(pattern: str) -> None:
    check_pattern(pattern)
    matching = matcher(pattern, str.casefold)
    text = "a" * 4_000
    fastest = min(_seconds(matching, text) for _ in range(3))
    assert fastest < 0.05


def _seconds(matching: Callable[[str], bool], text: str) -> float:
    began = perf_counter()
    matching(text)
    return perf_counter() - began
