"""A model and a lead -> total, grade, lines; and what a model needs to know."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

import scoring
from scoring import (
    FactError,
    Facts,
    InteractionNeed,
    Line,
    Score,
    compile_model,
    condition_text,
    explanation,
    group_text,
    parse_model,
)

NOW = datetime(2026, 5, 15, 12, tzinfo=UTC)
KLINT = {
    "model": "Klint",
    "groups": [
        {"name": "Job title", "points": 100, "when": {"column": "jobtitle", "op": "not-null"}},
        {"name": "Business phone", "points": 10, "when": {"column": "telephone1", "op": "not-null"}},
    ],
}
PAUL = {"leadid": "1", "jobtitle": "Painter", "telephone1": "+33 1 23 45 67 89"}


def score(model: dict[str, object], lead: dict[str, object]) -> Score:
    return compile_model(parse_model(model)).score(Facts(lead), NOW)


def test_the_klint_model_gives_a_lead_with_job_title_and_phone_110_points() -> None:
    assert score(KLINT, PAUL) == Score(
        total=110,
        grade=None,
        lines=(Line("Job title", True, None, 100, 100), Line("Business phone", True, None, 10, 10)),
        valid_until=None,
    )
    assert score(KLINT, {**PAUL, "jobtitle": ""}).total == 10
    assert score(KLINT, {}).total == 0


@pytest.mark.parametrize(
    ("points", "grade"), [(120, "Hot"), (100, "Hot"), (99, "Warm"), (20, "Warm"), (19, None), (0, "Cold"), (-5, "Cold")]
)
def test_a_grade_includes_both_its_ends_and_a_score_between_grades_has_none(points: int, grade: str | None) -> None:
    grades = [{"name": "Hot", "min": 100}, {"name": "Warm", "min": 20, "max": 99}, {"name": "Cold", "max": 0}]
    group = {"name": "g", "points": points, "when": {"column": "x", "op": "null"}}
    assert score({"model": "M", "groups": [group], "grades": grades}, {}).grade == grade


@pytest.mark.parametrize(
    ("limits", "total", "cut"),
    [
        ({}, 110, None),
        ({"max": 110}, 110, None),
        ({"max": 100}, 100, -10),
        ({"min": 200}, 200, 90),
        ({"min": 110}, 110, None),
    ],
)
def test_limits_add_a_line_exactly_when_they_cut(limits: dict[str, int], total: int, cut: int | None) -> None:
    result = score({**KLINT, "limits": limits}, PAUL)
    assert result.total == total == sum(line.points_applied for line in result.lines)
    assert result.lines[2:] == (() if cut is None else (Line("Limits", True, None, cut, cut),))


def test_without_limits_a_total_stays_within_what_a_column_holds() -> None:
    rows = [{"_lead_value": "1", "on": "2026-05-01"}] * 3_000
    group = {"name": "g", "points": 1_000_000, "interactions": {"table": "t", "lead": "lead", "at": "on"}}
    result = compile_model(parse_model({"model": "M", "groups": [group]})).score(Facts(PAUL, {"t": rows}), NOW)
    assert result.total == 2**31 - 1
    assert result.lines[-1].group == "Limits"


def test_a_lead_that_does_not_meet_the_entry_condition_has_no_score() -> None:
    french = {**KLINT, "entry": {"column": "address1_country", "op": "eq", "value": "France"}}
    assert score(french, PAUL) == Score(None, None, (), None)
    assert score(french, {**PAUL, "address1_country": "FRANCE"}).total == 110


def matched(condition: dict[str, object], lead: dict[str, object]) -> bool:
    return score({"model": "M", "groups": [{"name": "g", "points": 1, "when": condition}]}, lead).total == 1


def test_conditions_combine() -> None:
    has_a, has_b = ({"column": name, "op": "not-null"} for name in "ab")
    assert matched({"all": [has_a, has_b]}, {"a": 1, "b": 1})
    assert not matched({"all": [has_a, has_b]}, {"a": 1})
    assert matched({"any": [has_a, has_b]}, {"b": 1})
    assert not matched({"any": [has_a, has_b]}, {})
    assert matched({"not": {"any": [has_a, has_b]}}, {})


LARGE = {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 250}


def test_a_path_reads_the_related_row() -> None:
    assert matched(LARGE, {"parentaccountid": {"numberofemployees": 300}})
    assert not matched(LARGE, {"parentaccountid": {"numberofemployees": None}})
    assert not matched(LARGE, {"parentaccountid": None})
    assert not matched(LARGE, {})


def test_a_related_row_of_another_shape_is_a_fault_that_does_not_repeat_it() -> None:
    with pytest.raises(FactError, match="column parentaccountid holds text where the model expects a related row"):
        matched(LARGE, {"parentaccountid": "300"})


def test_a_lookup_compares_by_its_id_even_where_its_row_is_expanded() -> None:
    condition = {"column": "parentaccountid", "op": "eq", "value": "ABCD-1"}
    assert matched(condition, {"_parentaccountid_value": "abcd-1", "parentaccountid": {"name": "x"}})
    assert not matched(condition, {"_parentaccountid_value": None, "parentaccountid": None})
    assert matched(
        LARGE | {"column": "parentaccountid.parentaccountid", "op": "eq", "value": "a"},
        {"parentaccountid": {"_parentaccountid_value": "A"}},
    )


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        compile_model(parse_model(KLINT)).score(Facts(PAUL), datetime(2026, 5, 1))  # noqa: DTZ001  that is the point


def interactions(name: str, **fields: object) -> dict[str, object]:
    return {"name": name, "points": 1, "interactions": {"table": "visit", "lead": "lead", "at": "on", **fields}}


def test_needs_are_everything_that_scoring_reads() -> None:
    model = parse_model(
        {
            "model": "M",
            "entry": {"column": "address1_country", "op": "null"},
            "groups": [
                {"name": "a", "points": 1, "when": {"any": [LARGE, {"not": {"column": "jobtitle", "op": "null"}}]}},
                interactions("b", where={"column": "kind", "op": "null"}),
                interactions("c", where={"column": "page", "op": "null"}, within_days=3),
                interactions("d", contact="person"),
            ],
        }
    )
    needs = compile_model(model).needs
    assert needs.columns == {"address1_country", "jobtitle", "parentcontactid"}
    assert needs.expands == {"parentaccountid": {"numberofemployees"}}
    assert needs.interactions == (
        InteractionNeed("visit", "lead", None, "on", frozenset({"kind", "page"})),
        InteractionNeed("visit", "lead", "person", "on", frozenset()),
    )


def test_the_parent_contact_is_needed_only_where_a_contact_is_named() -> None:
    assert compile_model(parse_model({"model": "M", "groups": [interactions("b")]})).needs.columns == frozenset()


def test_the_explanation_holds_numbers_and_no_names() -> None:
    model = {**KLINT, "limits": {"max": 100}, "groups": [*KLINT["groups"], interactions("Visits")]}
    rows = {"visit": [{"_lead_value": "1", "on": "2026-05-01"}] * 2}
    result = compile_model(parse_model(model)).score(Facts({**PAUL, "telephone1": None}, rows), NOW)
    text = '{"groups":[{"group":1,"points":100},{"events":2,"group":3,"points":2}],"limits":-2}'
    assert explanation(result) == text
    assert explanation(score(KLINT, {})) == '{"groups":[]}'
    assert json.loads(text)


def test_a_scorer_gives_the_same_answer_from_many_threads() -> None:
    scorer = compile_model(parse_model(KLINT))
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda _: scorer.score(Facts(PAUL), NOW), range(200)))
    assert results == {score(KLINT, PAUL)}


def test_models_and_scorers_cannot_be_changed() -> None:
    model = parse_model(KLINT)
    with pytest.raises(ValidationError):
        model.name = "other"
    with pytest.raises(FrozenInstanceError):
        compile_model(model).needs = None


def test_conditions_and_groups_read_as_one_line() -> None:
    tree = {
        "all": [{"column": "a", "op": "eq", "value": "x"}, {"any": [LARGE, {"not": {"column": "b", "op": "null"}}]}]
    }
    model = parse_model(
        {
            "model": "M",
            "entry": tree,
            "groups": [interactions("v", count="at-least", n=3, within_days=28, where=LARGE | {"column": "size"})],
        }
    )
    assert model.entry is not None
    assert condition_text(model.entry) == ('a eq "x" and (parentaccountid.numberofemployees ge 250 or not b null)')
    assert group_text(model.groups[0]) == "at least 3 visit where size ge 250 within 28 days"


def test_every_public_name_is_there() -> None:
    assert sorted(scoring.__all__) == scoring.__all__
    assert all(hasattr(scoring, name) for name in scoring.__all__)
