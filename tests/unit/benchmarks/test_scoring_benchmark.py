"""The benchmark asks every contender the same, and the engine's answers are those of an interpreter written apart."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.scoring import CONTENDERS, DECODING
from benchmarks.scoring_input import PAGE, definition, pages, write_pages
from benchmarks.scoring_python import Engine, Naive
from scoring import comparisons, parse_model
from scoring.lint import lint

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("bench") / "leads.jsonl"
    write_pages(path, 400)
    (text,) = pages(path)
    rows: dict[str, Any] = json.loads(text)
    return rows


def test_the_model_is_of_the_size_that_is_said() -> None:
    model = parse_model(definition())
    groups = [group.interactions for group in model.groups]
    placed = [found for found in comparisons(model) if found.place[0] == "groups"]
    assert (len(placed), len(groups), sum(rows is not None for rows in groups)) == (40, 15, 8)
    assert sum(rows is not None and rows.within_days is not None for rows in groups) == 6
    assert [finding.place for finding in lint(model)] == []


def test_leads_are_of_25_columns_and_the_same_in_every_run(page: dict[str, Any], tmp_path: Path) -> None:
    assert {len(lead) for lead in page["leads"]} == {25}
    write_pages(tmp_path / "again.jsonl", 400)
    assert json.loads((tmp_path / "again.jsonl").read_text("utf-8")) == page
    assert PAGE == 5000


def test_the_engine_answers_as_an_interpreter_that_shares_nothing_with_it(page: dict[str, Any]) -> None:
    ours, theirs = (kind(definition()).page(page["leads"], page["events"]) for kind in (Engine, Naive))
    assert ours == theirs
    assert len({answer[0] for answer in ours}) > 30
    assert {answer[1] for answer in ours} == {None, "Cold", "Warm", "Hot"}


def test_a_lead_takes_a_fraction_of_the_interpreters_calls(page: dict[str, Any]) -> None:
    """Counted, not timed, so that it holds on any machine: what made the engine slow would show here."""
    ours, theirs = (calls(kind(definition()).page, page) for kind in (Engine, Naive))
    assert ours < theirs / 8, (ours / 400, theirs / 400)


def calls(answer: Callable[..., object], page: dict[str, Any]) -> int:
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    answer(page["leads"], page["events"])  # what is made once is made before
    sys.setprofile(count)
    try:
        answer(page["leads"], page["events"])
    finally:
        sys.setprofile(None)
    return counted


def test_the_page_has_the_figures_of_every_contender() -> None:
    text = (ROOT / "docs" / "performance.md").read_text("utf-8").partition("## Change tracking")[0]
    table = {name.strip() for name in re.findall(r"^([a-z][A-Za-z. -]+?) {2,}[\d,]+ ", text, re.MULTILINE)}
    assert table == {DECODING, *CONTENDERS}
    assert "make bench-scoring" in text
