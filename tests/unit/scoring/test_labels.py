"""Labels become the values that they name, or are refused with what there is; nothing else of a model changes."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import DefinitionError, canonical_json, compile_model, parse_model
from scoring.labels import Option, with_values

INDUSTRY = [Option(6, ("Business Services",)), Option(7, ("Consulting", "Conseil")), Option(12, ("2025",))]
OPTIONS: dict[tuple[str, str], list[Option]] = {
    ("lead", "industrycode"): INDUSTRY,
    ("lead", "parentaccountid.industrycode"): INDUSTRY,
    ("lead", "interests"): [Option(1, ("Sport",)), Option(2, ("Été",)), Option(3, ("Sport",)), Option(-4, ())],
    ("lead", "donotemail"): [Option(value=True, labels=("Do Not Allow",)), Option(value=False, labels=("Allow",))],
    ("lead", "empty"): [],
    ("visit", "kind"): [Option(9, ("Price page",))],
}


def options_of(table: str, column: str) -> Sequence[Option] | None:
    return OPTIONS.get((table, column))


def resolved(condition: dict[str, Any], **members: Any) -> Any:
    groups = [{"name": "g", "points": 1, "when": condition}]
    model = parse_model({"model": "M", "groups": groups, **members})
    return json.loads(canonical_json(with_values(model, options_of)))


def value_of(column: str, op: str, value: object) -> object:
    return resolved({"column": column, "op": op, "value": value})["groups"][0]["when"]["value"]


@pytest.mark.parametrize(
    ("column", "op", "written", "value"),
    [
        ("industrycode", "eq", "Consulting", 7),
        ("industrycode", "ne", "  cONSEIL ", 7),
        ("industrycode", "in", ["Consulting", "business services"], [7, 6]),
        ("industrycode", "not-in", ["conseil", "6"], [7, 6]),
        ("industrycode", "eq", 7, 7),
        ("industrycode", "eq", 99, 99),
        ("industrycode", "eq", "12", 12),
        ("industrycode", "eq", "2025", 12),
        ("parentaccountid.industrycode", "eq", "Consulting", 7),
        ("interests", "contain-values", "E\u0301TE\u0301", 2),
        ("interests", "contain-values", ["été", 1, "-4"], [2, 1, -4]),
        ("interests", "not-contain-values", "1", 1),
        ("donotemail", "eq", "allow", False),
        ("donotemail", "eq", "Do not allow", True),
        ("donotemail", "eq", True, True),
        ("jobtitle", "eq", "Consulting", "Consulting"),
        ("jobtitle", "like", "%Consulting%", "%Consulting%"),
    ],
)
def test_a_label_means_its_value_and_a_value_itself(column: str, op: str, written: object, value: object) -> None:
    found = value_of(column, op, written)
    assert (found, type(found)) == (value, type(value))


def problems(condition: dict[str, Any], **members: Any) -> list[str]:
    with pytest.raises(DefinitionError) as refused:
        resolved(condition, **members)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("column", "op", "written", "problem"),
    [
        (
            "industrycode",
            "eq",
            "Consultin",
            (
                "value: 'Consultin' is no option of lead.industrycode: there is 6 'Business Services', "
                "7 'Consulting' / 'Conseil', 12 '2025'"
            ),
        ),
        (
            "industrycode",
            "in",
            ["Consulting", "13"],
            (
                "value[1]: '13' is no option of lead.industrycode: there is 6 'Business Services', "
                "7 'Consulting' / 'Conseil', 12 '2025'"
            ),
        ),
        (
            "interests",
            "contain-values",
            [2, "sport"],
            (
                "value[1]: 'sport' is the label of several options of lead.interests: write 1 and 3 instead, "
                "whichever is meant"
            ),
        ),
        (
            "interests",
            "contain-values",
            "ete",
            "value: 'ete' is no option of lead.interests: there is 1 'Sport', 2 'Été', 3 'Sport', -4",
        ),
        (
            "donotemail",
            "eq",
            "No",
            "value: 'No' is no option of lead.donotemail: there is true 'Do Not Allow', false 'Allow'",
        ),
        ("empty", "eq", "x", "value: 'x' is no option of lead.empty: there is none"),
    ],
)
def test_a_label_that_is_none_or_of_several_is_refused_with_what_there_is(
    column: str, op: str, written: object, problem: str
) -> None:
    assert problems({"column": column, "op": op, "value": written}) == [f"groups[0].when.{problem}"]


def test_every_wrong_label_of_a_model_is_named_wherever_it_stands() -> None:
    wrong = {"column": "industrycode", "op": "eq", "value": "?"}
    where = {"not": {"column": "kind", "op": "eq", "value": "blog"}}
    rows = {"table": "visit", "lead": "leadid", "at": "on", "where": where}
    groups = [
        {"name": "a", "points": 1, "when": {"any": [{"column": "jobtitle", "op": "null"}, {"all": [wrong]}]}},
        {"name": "b", "points": 1, "interactions": rows},
    ]
    found = problems({}, groups=groups, entry=wrong)
    assert [problem.partition(":")[0] for problem in found] == [
        "entry.value",
        "groups[0].when.any[1].all[0].value",
        "groups[1].interactions.where.not.value",
    ]


def test_labels_are_resolved_in_entry_in_trees_and_in_interactions() -> None:
    leaf = {"column": "industrycode", "op": "eq", "value": "Consulting"}
    where = {"column": "kind", "op": "eq", "value": "price page"}
    groups = [
        {"name": "a", "points": 1, "when": {"all": [{"not": leaf}, {"any": [leaf, {"column": "x", "op": "null"}]}]}},
        {"name": "b", "points": 1, "interactions": {"table": "visit", "lead": "leadid", "at": "on", "where": where}},
    ]
    found = resolved({}, groups=groups, entry=leaf)
    number = {**leaf, "value": 7}
    assert found["entry"] == number
    assert found["groups"][0]["when"] == {"all": [{"not": number}, {"any": [number, {"column": "x", "op": "null"}]}]}
    assert found["groups"][1]["interactions"]["where"]["value"] == 9


def test_a_long_list_of_options_is_cut() -> None:
    many = [Option(number, (f"Country {number}",)) for number in range(250)]
    model = parse_model(
        {"model": "M", "groups": [{"name": "g", "points": 1, "when": {"column": "c", "op": "eq", "value": "?"}}]}
    )
    with pytest.raises(DefinitionError) as refused:
        with_values(model, lambda _table, _column: many)
    assert str(refused.value).endswith("59 'Country 59' and 190 more")


def test_a_label_is_listed_whole_and_on_one_line() -> None:
    options = [Option(1, ("Agriculture and Non-petrol Natural Resource Extraction\n",))]
    condition = {"column": "c", "op": "eq", "value": "Agriculture"}
    model = parse_model({"model": "M", "groups": [{"name": "g", "points": 1, "when": condition}]})
    with pytest.raises(DefinitionError) as refused:
        with_values(model, lambda _table, _column: options)
    listed = r"there is 1 'Agriculture and Non-petrol Natural Resource Extraction\n'"
    assert str(refused.value).endswith(listed)


def test_labels_of_multi_select_columns_never_score() -> None:
    condition = {"column": "interests", "op": "contain-values", "value": "Sport"}
    model = parse_model({"model": "M", "groups": [{"name": "g", "points": 1, "when": condition}]})
    with pytest.raises(DefinitionError, match=r"^groups\[0\].when.value: 'Sport' is a label"):
        compile_model(model)


@pytest.mark.parametrize(("op", "written"), [("contain-values", "Sport"), ("contain-values", [1, "Sport"])])
def test_where_a_model_states_the_type_it_holds_numbers(op: str, written: object) -> None:
    condition = {"column": "interests", "op": op, "value": written}
    groups = [{"name": "g", "points": 1, "when": condition}]
    columns = {"lead": {"interests": "MultiSelectPicklist"}}
    with pytest.raises(DefinitionError, match="the value must be the options' numbers"):
        parse_model({"model": "M", "groups": groups, "columns": columns})


texts = st.text("aAbéÉßsS1 ", min_size=1, max_size=4).filter(str.strip)


@given(st.dictionaries(st.integers(-50, 50), texts, min_size=1, max_size=6), st.data())
def test_a_label_is_its_option_however_it_is_spaced_and_cased_or_it_is_refused(
    labels: dict[int, str], data: st.DataObject
) -> None:
    value = data.draw(st.sampled_from(sorted(labels)))
    written = data.draw(st.sampled_from([labels[value], f"  {labels[value]} ", labels[value].upper()]))
    condition = {"column": "c", "op": "eq", "value": written}
    model = parse_model({"model": "M", "groups": [{"name": "g", "points": 1, "when": condition}]})
    options = [Option(each, (label,)) for each, label in labels.items()]
    same = [each for each, label in labels.items() if label.strip().casefold() == written.strip().casefold()]
    try:
        (found,) = [group.when for group in with_values(model, lambda _table, _column: options).groups]
    except DefinitionError:
        assert len(same) != 1
    else:
        assert found.value in same or str(found.value) == written.strip()  # type: ignore[union-attr]  # a comparison
