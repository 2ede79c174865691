"""Lint says what the author of a valid model can hardly mean, where it stands and how it is mended."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from admin.positioned_yaml import read_nodes
from scoring import parse_model, place_text
from scoring.lint import AFTER_QUALIFICATION, Kind, Reach, lint, reach, threshold_finding

CASES: Any = read_nodes((Path(__file__).parent / "lint_cases.yaml").read_text("utf-8"))[0][0].plain()
FILLED = {"column": "a", "op": "not-null"}
DESIGN = {
    "model": "Fit",
    "entry": {"column": "address1_country", "op": "eq", "value": "France"},
    "groups": [
        {"name": "Job title given", "points": 100, "when": {"column": "jobtitle", "op": "not-null"}},
        {
            "name": "Large",
            "points": 20,
            "when": {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 250},
        },
        {
            "name": "Free mail address",
            "points": -15,
            "when": {
                "any": [
                    {"column": "emailaddress1", "op": "ends-with", "value": "@gmail.com"},
                    {"column": "emailaddress1", "op": "ends-with", "value": "@yahoo.fr"},
                ]
            },
        },
        {
            "name": "Visits to the price page",
            "points": 5,
            "cap": 90,
            "interactions": {
                "table": "lgate_leadinteraction",
                "lead": "lgate_leadid",
                "at": "lgate_occurredon",
                "where": {"column": "lgate_type", "op": "eq", "value": "price-page"},
                "within_days": 28,
                "half_life_days": 14,
            },
        },
    ],
    "grades": [{"name": "Hot", "min": 100}, {"name": "Warm", "min": 20, "max": 99}, {"name": "Cold", "max": 19}],
    "limits": {"min": 0, "max": 200},
}


def model(case: dict[str, Any]) -> dict[str, Any]:
    groups = case.get("groups", [{"points": 10, "when": case.get("when")}])
    parts = {key: case[key] for key in ("entry", "grades", "limits", "columns") if key in case}
    if "unit" in case:
        parts["business_unit"] = case["unit"]
    named = [{"name": f"g{at}", **group} for at, group in enumerate(groups)]
    return {"model": "M", "text_accent_sensitive": case.get("accents", False), "groups": named, **parts}


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_case_finds_this_and_nothing_else(case: dict[str, Any]) -> None:
    late = {*AFTER_QUALIFICATION, *case.get("late", ())}
    found = lint(parse_model(model(case)), late, case.get("dates"))
    assert [f"{finding.kind} {place_text(finding.place)}" for finding in found] == case["finds"]


def test_there_are_sixty_cases_with_names_of_their_own() -> None:
    assert len({case["case"] for case in CASES}) == len(CASES) >= 60


def test_every_kind_of_finding_has_a_case() -> None:
    found = {finding.partition(" ")[0] for case in CASES for finding in case["finds"]}
    assert found == set(Kind) - {Kind.UNREACHABLE_THRESHOLD, Kind.IDLE_THRESHOLD}


def test_the_models_page_names_every_kind_of_finding() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "models.md").read_text("utf-8")
    section = page.partition("## What `model validate` finds")[2].partition("\n## ")[0]
    assert set(Kind) | AFTER_QUALIFICATION <= set(re.findall(r"`([a-z_*-]+)`", section))


def test_nothing_is_found_in_the_model_of_the_design() -> None:
    assert lint(parse_model(DESIGN)) == []


def test_a_finding_names_place_fault_and_cure_on_one_line() -> None:
    case = {"when": {"all": [{"column": "n", "op": "gt", "value": 5}, {"column": "n", "op": "lt", "value": 3}]}}
    (finding,) = lint(parse_model(model(case)))
    assert str(finding) == (
        "groups[0].when: can never match: n gt 5 and n lt 3 contradict each other; correct or remove one of them "
        "[never-matches]"
    )


def test_findings_come_in_the_order_of_the_document() -> None:
    parts = {
        "grades": [{"name": "Hot", "min": 999}],
        "limits": {"max": 1000},
        "entry": {"column": "statecode", "op": "null"},
    }
    groups = [{"points": 0, "when": FILLED} for _ in range(11)]
    places = [place_text(finding.place) for finding in lint(parse_model(model({"groups": groups, **parts})))]
    points = [place for place in places if place.endswith("points")]
    assert points == [f"groups[{at}].points" for at in range(11)]
    assert (places[0], places[-2:]) == ("entry.column", ["grades[0]", "limits.max"])


@pytest.mark.parametrize(
    ("at_least", "kind"),
    [(186, Kind.UNREACHABLE_THRESHOLD), (185, None), (1, None), (0, Kind.IDLE_THRESHOLD), (-5, Kind.IDLE_THRESHOLD)],
)
def test_a_threshold_is_held_against_the_scores_in_reach(at_least: int, kind: Kind | None) -> None:
    groups = [{**group, **({"cap": 65} if group["points"] == 5 else {})} for group in DESIGN["groups"]]
    span = reach(parse_model({**DESIGN, "groups": groups}))
    assert span == Reach(0, 185)
    finding = threshold_finding(at_least, span)
    assert (None if finding is None else finding.kind) == kind


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Reach(-5, 1200), "scores go from -5 to 1,200"),
        (Reach(None, 3), "scores are at most 3"),
        (Reach(3, None), "scores are at least 3"),
        (Reach(None, None), "scores have no bounds"),
    ],
)
def test_a_reach_reads_as_a_sentence(span: Reach, words: str) -> None:
    assert str(span) == words


def test_the_largest_models_are_looked_at_for_a_bounded_time() -> None:
    values = [{"column": "c", "op": "eq", "value": f"v{at}"} for at in range(490)]
    pairs = [
        {"any": [{"column": f"c{at % 7}", "op": "like", "value": f"{at}%{end}"} for end in "xyz"]} for at in range(160)
    ]
    for tree in (
        {"any": values},
        {"not": {"all": values}},
        {"all": pairs},
        {"any": [{"all": pairs}, {"all": pairs[:5]}]},
    ):
        began = time.process_time()
        lint(parse_model(model({"when": tree})))
        assert time.process_time() - began < 60  # a few seconds; without its bound, hours
