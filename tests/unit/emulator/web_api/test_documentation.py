"""docs/emulator.md: every line names tests, and every test it names is there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[4]
PAGE = (REPOSITORY / "docs" / "emulator.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[^`]+)::([^`]+)`", PAGE)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_a_test_that_the_page_names_is_there(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (REPOSITORY / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_each_line_of_the_lists_names_a_test() -> None:
    lines = PAGE.splitlines()
    without = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("* ") and not following.startswith("  - `tests/")
    ]
    assert len(NAMED) > 80
    assert without == []
