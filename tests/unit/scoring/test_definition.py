"""A definition is taken whole, or refused with everything that is wrong with it and where."""

import ast
import json
import sys
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import scoring
from scoring import DefinitionError, canonical_json, comparisons, parse_model

FILLED = {"column": "jobtitle", "op": "not-null"}


def model(**fields: object) -> dict[str, object]:
    return {"model": "Fit", "groups": [{"name": "A", "points": 1, "when": FILLED}], **fields}


def group(**fields: object) -> dict[str, object]:
    return model(groups=[{"name": "A", "points": 1, **fields}])


def when(condition: object) -> dict[str, object]:
    return group(when=condition)


def asks(op: object, *value: object) -> dict[str, object]:
    return when({"column": "x", "op": op, **({"value": value[0]} if value else {})})


def events(**fields: object) -> dict[str, object]:
    return group(interactions={"table": "email", "lead": "regardingobjectid", "at": "createdon", **fields})


def refusal(definition: object) -> str:
    with pytest.raises(DefinitionError) as refused:
        parse_model(definition)
    return str(refused.value)


def problems(definition: object) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in refusal(definition).splitlines())


def nested(depth: int, leaf: object = FILLED) -> object:
    return {"all": [nested(depth - 1, leaf)]} if depth else leaf


FIVE_MISTAKES = {
    "model": "Fit",
    "time_zone": "Europe/Pariss",
    "groups": [
        {"name": "A", "points": 2_000_000, "when": FILLED},
        {"name": "a ", "points": 1, "when": {"any": [FILLED, {"column": "x", "op": "equals", "value": 1}]}},
        {"name": "C", "points": 1, "interactions": {"table": "email", "lead": "x", "at": "y", "n": 5}},
    ],
    "grades": [{"name": "Hot", "min": 10}, {"name": "Cold", "max": 10}],
}


def test_all_problems_are_named_at_once_with_their_places() -> None:
    assert problems(FIVE_MISTAKES) == {
        "time_zone": "unknown time zone 'Europe/Pariss': it must be an IANA name, such as Europe/Paris",
        "groups[0].points": "must be at most 1,000,000",
        "groups[1].when.any[1].op": "unknown operator 'equals'",
        "groups[2].interactions.n": "goes only with count at-least",
        "groups[1].name": "is the name of groups[0] already",
        "grades[1]": "overlaps grades[0]",
    }


def test_a_problem_gives_its_place_as_steps_too() -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_model(when({"any": [{"column": "x", "op": "nope"}]}))
    assert [problem.place for problem in refused.value.problems] == [("groups", 0, "when", "any", 0, "op")]


REFUSED = {
    "no mapping": ([], "", "must be a mapping of fields"),
    "nothing": (None, "", "must be a mapping of fields"),
    "no groups": ({"model": "Fit"}, "groups", "is missing"),
    "empty groups": (model(groups=[]), "groups", "has 0 entries: it must have 1 to 40"),
    "41 groups": (model(groups=[{}] * 41), "groups", "has 41 entries: it must have 1 to 40"),
    "groups as text": (model(groups="A"), "groups", "must be a list"),
    "unknown field": (model(pionts=1), "pionts", "is not a field of this part of a model"),
    "key that is no text": (model() | {1: 2}, "[1]", "is not a field of this part of a model"),
    "business unit that is no name": (model(business_unit=7), "business_unit", "must be text"),
    "business unit ids that are none": (model(business_units=["France"]), "business_units[0]", "must be a GUID"),
    "blank name": (model(model="  "), "model", "must not be empty"),
    "name of two lines": (model(model="a\nb"), "model", "must be one line of printable text"),
    "name of 201 characters": (model(model="n" * 201), "model", "must have at most 200 characters"),
    "unit of 161 characters": (model(business_unit="n" * 161), "business_unit", "must have at most 160 characters"),
    "description that no column holds": (
        model(description="\U0001f600" * 1_001),
        "description",
        "must have at most 2,000 characters",
    ),
    "description with half a character": (
        model(description="a\ud800"),
        "description",
        "is not valid text (it has half of a surrogate pair)",
    ),
    "zone outside": (
        model(time_zone="../../etc/passwd"),
        "time_zone",
        "unknown time zone '../../etc/passwd': it must be an IANA name, such as Europe/Paris",
    ),
    "show as text": (model(show_on_lead="yes"), "show_on_lead", "must be true or false"),
    "points as boolean": (group(points=True, when=FILLED), "groups[0].points", "must be a whole number"),
    "points as float": (group(points=1.0, when=FILLED), "groups[0].points", "must be a whole number"),
    "points NaN": (group(points=float("nan"), when=FILLED), "groups[0].points", "must be a whole number"),
    "points too low": (group(points=-1_000_001, when=FILLED), "groups[0].points", "must be at least -1,000,000"),
    "points of 5,000 digits": (group(points=10**5000, when=FILLED), "groups[0].points", "must be at most 1,000,000"),
    "negative cap": (group(cap=-1, when=FILLED), "groups[0].cap", "must be at least 0"),
    "neither kind": (group(), "groups[0]", "must have exactly one of when and interactions"),
    "name of the limits line": (
        group(name="limits ", when=FILLED),
        "groups[0].name",
        "must not be Limits: so is the line called that says what the limits cut",
    ),
    "condition as text": (
        when("x"),
        "groups[0].when",
        "must be a condition: {column, op, value}, or all, any, not over conditions",
    ),
    "two shapes": (
        when({"column": "x", "all": []}),
        "groups[0].when",
        "must have exactly one of column, all, any, not",
    ),
    "empty all": (when({"all": []}), "groups[0].when.all", "has 0 entries: it must have 1 to 500"),
    "no operator": (when({"column": "x"}), "groups[0].when.op", "is missing"),
    "unknown in a condition": (
        when(FILLED | {"vlaue": 1}),
        "groups[0].when.vlaue",
        "is not a field of this part of a model",
    ),
    "two dots": (
        when({"column": "a.b.c", "op": "null"}),
        "groups[0].when.column",
        "'a.b.c' goes over two lookups: only one dot is supported yet",
    ),
    "dunder": (
        when({"column": "__class__", "op": "null"}),
        "groups[0].when.column",
        "'__class__' is not a logical name (lower-case letters, digits and _)",
    ),
    "lookup by its value": (
        when({"column": "_ownerid_value", "op": "null"}),
        "groups[0].when.column",
        "'_ownerid_value' is not a logical name (lower-case letters, digits and _): a lookup goes by its own name",
    ),
    "template": (asks("{{7*7}}", 1), "groups[0].when.op", "unknown operator '{{7*7}}'"),
    "expression": (asks("${jndi:x}", 1), "groups[0].when.op", "unknown operator '${jndi:x}'"),
    "operator as number": (asks(1, 1), "groups[0].when.op", "must be text"),
    "too deep": (
        when(nested(6)),
        "groups[0].when.all[0].all[0].all[0].all[0].all[0]",
        "is nested too deep: all, any and not go at most 5 deep",
    ),
    "501 conditions": (
        model(groups=[{"name": f"g{at}", "points": 1, "when": {"any": [FILLED] * 167}} for at in range(3)]),
        "groups",
        "hold 501 conditions: at most 500",
    ),
    "value missing": (
        asks("eq"),
        "groups[0].when.value",
        "is missing (to look for empty columns, the operators are null and not-null)",
    ),
    "value superfluous": (asks("null", 1), "groups[0].when.value", "takes no value"),
    "value empty": (
        asks("eq", "  "),
        "groups[0].when.value",
        "is empty, which is null to Dataverse: the operators are null and not-null",
    ),
    "value a mapping": (
        asks("eq", {"a": 1}),
        "groups[0].when.value",
        "must be text, a number, true or false, not a related row",
    ),
    "value NaN": (asks("eq", float("nan")), "groups[0].when.value", "must be a finite number that a column can hold"),
    "value 1e400": (
        asks("gt", float("1e400")),
        "groups[0].when.value",
        "must be a finite number that a column can hold",
    ),
    "value of 5,000 digits": (
        asks("gt", 10**5000),
        "groups[0].when.value",
        "must be a finite number that a column can hold",
    ),
    "boolean ordered": (asks("ge", True), "groups[0].when.value", "must be text, a date or a number, not a boolean"),
    "number as pattern": (asks("like", 5), "groups[0].when.value", "must be text, not a number"),
    "open bracket": (
        asks("ends-with", "[x"),
        "groups[0].when.value",
        "has a [ without its ]; a literal [ is written [[]",
    ),
    "in without a list": (asks("in", "a"), "groups[0].when.value", "must be a list of values"),
    "in of nothing": (asks("in", []), "groups[0].when.value", "must be a list of values, not of 0"),
    "in of two kinds": (
        asks("in", [1, "a"]),
        "groups[0].when.value",
        "mixes kinds: the values must all be text, or all numbers, or all true or false",
    ),
    "between one": (
        asks("between", [1]),
        "groups[0].when.value",
        "must be a list of two values: the lowest, then the highest, not of 1",
    ),
    "between reversed": (asks("between", [3, 1]), "groups[0].when.value", "has its lowest value above its highest"),
    "half a character": (
        asks("eq", "\ud800"),
        "groups[0].when.value",
        "is not valid text (it has half of a surrogate pair)",
    ),
    "no lookup": (
        events(lead=None),
        "groups[0].interactions",
        "must name the lookup to the lead (lead), to its parent contact (contact), or both",
    ),
    "table as a path": (
        events(table="email/$metadata"),
        "groups[0].interactions.table",
        "'email/$metadata' is not a logical name (lower-case letters, digits and _)",
    ),
    "unknown count": (events(count="some"), "groups[0].interactions.count", "must be 'each', 'at-least' or 'none'"),
    "at-least without n": (events(count="at-least"), "groups[0].interactions.n", "is missing: count at-least needs it"),
    "half-life without each": (
        events(count="none", half_life_days=7),
        "groups[0].interactions.half_life_days",
        "goes only with count each",
    ),
    "no days": (events(within_days=0), "groups[0].interactions.within_days", "must be at least 1"),
    "endless days": (events(within_days=10**9), "groups[0].interactions.within_days", "must be at most 36,525"),
    "related column of an interaction": (
        events(where={"not": {"any": [{"column": "a.b", "op": "null"}]}}),
        "groups[0].interactions.where.not.any[0].column",
        "columns of related rows are not supported yet for interactions",
    ),
    "grade upside down": (model(grades=[{"name": "Hot", "min": 2, "max": 1}]), "grades[0].min", "is above max"),
    "limits upside down": (model(limits={"min": 2, "max": 1}), "limits.min", "is above max"),
    "grade twice": (
        model(grades=[{"name": "Hot", "min": 2}, {"name": "HOT", "max": 1}]),
        "grades[1].name",
        "is the name of grades[0] already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_by_name(case: str) -> None:
    definition, place, message = REFUSED[case]
    found = problems(definition) if place else {"": refusal(definition)}
    assert found == {place: message}


def bomb(depth: int) -> list[object]:
    innermost: list[object] = []
    for _ in range(depth):
        innermost = [innermost]
    return innermost


def test_a_hundred_thousand_levels_are_refused_without_recursion() -> None:
    deep = bomb(100_000)
    assert "nested too deep" in refusal(model(description=deep))
    assert sys.getrecursionlimit() < 100_000


def test_a_definition_that_holds_itself_is_refused() -> None:
    endless: dict[str, object] = {"not": None}
    endless["not"] = endless
    assert "nested too deep" in refusal(when(endless))


def test_a_million_characters_are_the_most() -> None:
    room = 1_000_000 - len(canonical_json(parse_model(asks("eq", "x")))) + 1
    assert parse_model(asks("eq", "x" * room))
    assert "has 1,000,001 characters: at most 1,000,000" in refusal(asks("eq", "x" * (room + 1)))
    assert "too large" in refusal(asks("eq", "x" * 3_000_000))


def test_a_message_never_repeats_a_long_text() -> None:
    hostile = asks("x" * 100_000, 1)
    assert len(refusal(hostile)) < 200


def test_five_levels_are_not_too_deep() -> None:
    assert parse_model(when(nested(5)))


def test_dates_of_yaml_become_iso_text() -> None:
    stamps = [date(2026, 5, 1), datetime(2026, 5, 1, 10, tzinfo=UTC)]
    (placed,) = comparisons(parse_model(asks("between", stamps)))
    assert placed.comparison.value == ("2026-05-01", "2026-05-01T10:00:00+00:00")


def test_parsing_leaves_the_document_as_it_was() -> None:
    document = deepcopy(FIVE_MISTAKES)
    problems(document)
    assert document == FIVE_MISTAKES


def test_the_canonical_text_is_short_sorted_and_hides_defaults() -> None:
    spelled_out = model(description="", text_accent_sensitive=False, entry=None, grades=[], limits={})
    assert canonical_json(parse_model(spelled_out)) == (
        '{"groups":[{"name":"A","points":1,"when":{"column":"jobtitle","op":"not-null"}}],"model":"Fit"}'
    )


def test_true_and_one_stay_apart_in_the_canonical_text() -> None:
    texts = [canonical_json(parse_model(asks("in", [value]))) for value in (True, 1, 1.0, "1")]
    assert len(set(texts)) == 4
    assert [canonical_json(parse_model(json.loads(text))) for text in texts] == texts


def test_nothing_in_the_package_runs_or_unpickles_text() -> None:
    for path in Path(scoring.__file__).parent.glob("*.py"):
        forbidden = {"eval", "exec", "__import__", "open", "format", *(["compile"] if path.stem != "compiled" else [])}
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in forbidden, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"format", "format_map", "loads", "now", "utcnow", "today"}, path
