"""A model becomes rows and the rows become the model again, with nothing lost and nothing made up."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.draft_columns import CONDITION_COLUMNS, GRADE_COLUMNS, GROUP_COLUMNS, IDS, LIFE, MODEL_COLUMNS
from connector.model_rows import ModelRows, RowToWrite, definition_of, rows_of
from connector.tables import ScoringCondition, ScoringGrade, ScoringGroup, ScoringModel
from scoring import DefinitionError, canonical_json, parse_model
from tests.unit.connector.fakes import FIT, KLINT

READ = {
    ScoringModel.SET: MODEL_COLUMNS,
    ScoringGroup.SET: GROUP_COLUMNS,
    ScoringCondition.SET: CONDITION_COLUMNS,
    ScoringGrade.SET: GRADE_COLUMNS,
}
PRICE_PAGES = {
    "name": "Visits to the price page",
    "points": 5,
    "cap": 20,
    "interactions": {
        "table": "lgate_leadinteraction",
        "lead": "lgate_leadid",
        "contact": "lgate_contactid",
        "at": "lgate_occurredon",
        "where": {"column": "lgate_type", "op": "eq", "value": "price-page"},
        "within_days": 28,
        "half_life_days": 14,
    },
}


def as_read(row: RowToWrite) -> dict[str, Any]:
    """The row as the Web API gives it back, of the columns that are asked for: lookups as ids, empty text as null."""
    kept: dict[str, Any] = dict.fromkeys(READ[row.entity_set])
    for name, value in row.columns.items():
        lookup, _, bound = name.partition("@odata.bind")
        plain = f"_{lookup}_value" if bound or name.endswith("@odata.bind") else name
        value = str(value).partition("(")[2].removesuffix(")") if plain != name else value  # noqa: PLW2901
        if plain in kept:
            kept[plain] = None if value == "" else value
    if row.entity_set in IDS:
        kept[IDS[row.entity_set]] = str(row.row_id)
    return kept


def read_back(rows: Iterable[RowToWrite]) -> ModelRows:
    by_set: dict[str, list[dict[str, Any]]] = {entity_set: [] for entity_set in READ}
    for row in rows:
        by_set[row.entity_set].insert(0, as_read(row))  # the service promises no order
    (model,) = by_set[ScoringModel.SET]
    return ModelRows(model, by_set[ScoringGroup.SET], by_set[ScoringCondition.SET], by_set[ScoringGrade.SET])


def in_file_form(definition: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(canonical_json(parse_model(definition)))
    return document


def returned(definition: Mapping[str, Any]) -> str:
    return canonical_json(parse_model(definition_of(read_back(rows_of(in_file_form(definition), FIT)))))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(lambda text: text.rstrip(" "))
values = (
    texts | st.sampled_from(["250", "007", "true", "null", "NaN", '"x"', "[1]"]) | st.integers(-9, 9) | st.booleans()
)
numbers = st.integers(-1000, 1000) | st.floats(-1e6, 1e6)
columns = st.sampled_from(["jobtitle", "telephone1", "parentaccountid.name"])
own_columns = st.sampled_from(["lgate_type", "lgate_source"])


def comparisons(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    def compared(operators: list[str], some: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"column": names, "op": st.sampled_from(operators), "value": some})

    return st.one_of(
        st.fixed_dictionaries({"column": names, "op": st.sampled_from(["null", "not-null"])}),
        compared(["eq", "ne"], values),
        compared(["gt", "le"], numbers),
        compared(["between"], st.tuples(numbers, numbers).map(sorted)),
        compared(["in", "not-in"], st.lists(texts, min_size=1, max_size=3)),
        compared(["in"], st.lists(numbers, min_size=1, max_size=3) | st.just([True])),
        compared(["like", "not-begin-with"], texts.filter(lambda text: "[" not in text) | st.just("%[a-c]_")),
        compared(
            ["contain-values", "not-contain-values"], st.integers(0, 9) | st.lists(texts | st.just(7), min_size=1)
        ),
        compared(["on", "on-or-after"], st.just("2026-05-31")),
        compared(["last-x-days", "olderthan-x-months"], st.integers(1, 9)),
        st.fixed_dictionaries({"column": names, "op": st.sampled_from(["today", "last-year"])}),
    )


def trees(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    leaf = comparisons(names)
    level = st.lists(leaf, min_size=1, max_size=3)
    one = st.one_of(leaf, level.map(lambda some: {"all": some}), level.map(lambda some: {"any": some}))
    some = st.lists(one, min_size=1, max_size=2)
    return st.one_of(one, one.map(lambda tree: {"not": tree}), some.map(lambda inner: {"any": inner}))


counted = st.one_of(
    st.fixed_dictionaries({}, optional={"half_life_days": st.integers(1, 30)}),
    st.just({"count": "none"}),
    st.fixed_dictionaries({"count": st.just("at-least"), "n": st.integers(1, 9)}),
)
interactions = st.builds(
    lambda base, count: {**base, **count},
    st.fixed_dictionaries(
        {"table": st.just("visit"), "at": st.just("on"), "contact": st.just("contactid")},
        optional={"lead": st.just("leadid"), "where": trees(own_columns), "within_days": st.integers(1, 99)},
    ),
    counted,
)
points, caps = st.integers(-1_000_000, 1_000_000), {"cap": st.integers(0, 100)}
groups = st.lists(
    st.fixed_dictionaries({"points": points, "when": trees(columns)}, optional=caps)
    | st.fixed_dictionaries({"points": points, "interactions": interactions}, optional=caps),
    min_size=1,
    max_size=4,
).map(lambda found: [{"name": f"Group {at}", **group} for at, group in enumerate(found)])
models = st.fixed_dictionaries(
    {"model": st.just("Fit"), "groups": groups},
    optional={
        "description": texts,
        "time_zone": st.sampled_from(["Europe/Paris", "Pacific/Apia"]),
        "show_on_lead": st.booleans(),
        "business_unit": st.sampled_from(["France", "007", "true"]),
        "entry": trees(columns),
        "grades": st.sampled_from([[], [{"name": "Hot", "min": 0}, {"name": "Cold", "max": -1}], [{"name": "Any"}]]),
        "limits": st.sampled_from([{}, {"min": 0}, {"max": 0}, {"min": -5, "max": 5}]),
    },
)


@settings(deadline=None, max_examples=200)
@given(models)
def test_a_model_survives_being_kept_as_rows(definition: dict[str, Any]) -> None:
    assert returned(definition) == canonical_json(parse_model(definition))


@settings(deadline=None, max_examples=50)
@given(models)
def test_every_row_carries_every_column_so_that_what_was_there_before_is_emptied(definition: dict[str, Any]) -> None:
    for row in rows_of(in_file_form(definition), FIT):
        names = {f"_{name.removesuffix('@odata.bind')}_value" if "@" in name else name for name in row.columns}
        assert set(READ[row.entity_set]) - set(LIFE) - {IDS.get(row.entity_set)} <= names


@settings(deadline=None, max_examples=50)
@given(models)
def test_rows_are_numbered_so_that_writing_twice_makes_no_second_row(definition: dict[str, Any]) -> None:
    first, second = (list(rows_of(in_file_form(definition), FIT)) for _ in range(2))
    assert first == second
    assert len({row.row_id for row in first}) == len(first)
    other = {row.row_id for row in rows_of(in_file_form(definition), UUID(int=1))}
    assert other.isdisjoint(row.row_id for row in first)


def test_parents_come_before_their_children() -> None:
    definition = {**KLINT, "groups": [*KLINT["groups"], PRICE_PAGES]}  # type: ignore[misc]  # a list of groups
    assert [row.entity_set for row in rows_of(in_file_form(definition), FIT)] == [
        "lgate_scoringmodels",
        *["lgate_scoringgroups", "lgate_scoringconditions"] * 3,
        *["lgate_scoringgrades"] * 2,
    ]


def test_an_interaction_group_says_how_it_counts() -> None:
    rows = list(rows_of(in_file_form({"model": "Fit", "groups": [PRICE_PAGES]}), FIT))
    assert {name: value for name, value in rows[1].columns.items() if value is not None} == {
        "lgate_name": "Visits to the price page",
        "lgate_order": 1,
        "lgate_kind": 482100001,
        "lgate_join": 482100000,
        "lgate_points": 5,
        "lgate_cap": 20,
        "lgate_interactiontable": "lgate_leadinteraction",
        "lgate_leadlookup": "lgate_leadid",
        "lgate_contactlookup": "lgate_contactid",
        "lgate_datecolumn": "lgate_occurredon",
        "lgate_withindays": 28,
        "lgate_count": 482100000,
        "lgate_halflifedays": 14,
        "lgate_modelid@odata.bind": f"/lgate_scoringmodels({FIT})",
    }
    assert (rows[2].columns["lgate_name"], rows[2].columns["lgate_value"]) == ("lgate_type eq price-page", "price-page")


def test_a_deeper_tree_is_json_on_its_group_and_has_no_condition_rows() -> None:
    tree = {"not": {"column": "emailaddress1", "op": "ends-with", "value": "@gmail.com"}}
    rows = list(
        rows_of(in_file_form({"model": "Fit", "groups": [{"name": "Own mail", "points": 1, "when": tree}]}), FIT)
    )
    assert [row.entity_set for row in rows] == ["lgate_scoringmodels", "lgate_scoringgroups"]
    assert json.loads(str(rows[1].columns["lgate_definition"])) == tree


def klint_rows() -> ModelRows:
    return read_back(rows_of(in_file_form(KLINT), FIT))


def test_groups_conditions_and_grades_come_back_in_the_order_their_authors_gave() -> None:
    rows = klint_rows()
    swapped = [{**group, "lgate_order": 3 - group["lgate_order"]} for group in rows.groups]
    definition = definition_of(ModelRows(rows.model, swapped, rows.conditions, rows.grades))
    assert [group["name"] for group in definition["groups"]] == ["Business phone given", "Job title given"]
    assert [grade["name"] for grade in definition["grades"]] == ["Hot", "Cold"]


@pytest.mark.parametrize("column", ["lgate_entrycondition"])
def test_broken_json_on_the_model_is_refused_by_the_name_of_its_column(column: str) -> None:
    rows = klint_rows()
    with pytest.raises(DefinitionError, match=f"^{column}: is not JSON$"):
        definition_of(ModelRows({**rows.model, column: "{'a'}"}, rows.groups, rows.conditions, rows.grades))


HOSTILE_GROUPS = [
    {"lgate_name": None},
    {"lgate_points": None},
    {"lgate_points": 10**7},
    {"lgate_cap": -1},
    {"lgate_kind": 482100001},
    {"lgate_name": "Limits"},
    {"lgate_name": "two\nlines"},
]
HOSTILE_CONDITIONS = [
    {"lgate_column": None},
    {"lgate_column": "__class__"},
    {"lgate_column": "jobtitle eq 1 or 1"},
    {"lgate_column": "a.b.c"},
    {"lgate_operator": None},
    {"lgate_operator": "matches"},
    {"lgate_operator": "last-x-days"},
    {"lgate_operator": "eq"},
    {"lgate_operator": "eq", "lgate_value": "null"},
    {"lgate_operator": "eq", "lgate_value": "1e400"},
    {"lgate_operator": "eq", "lgate_value": '{"a": 1}'},
    {"lgate_operator": "eq", "lgate_value": '["a"]'},
    {"lgate_operator": "in", "lgate_value": '["a", 1]'},
    {"lgate_operator": "between", "lgate_value": "[2, 1]"},
    {"lgate_operator": "like", "lgate_value": "5"},
    {"lgate_value": "a value that not-null does not take"},
]


@pytest.mark.parametrize("edited", HOSTILE_GROUPS)
def test_a_group_edited_into_nonsense_is_refused_at_its_place(edited: dict[str, Any]) -> None:
    rows = klint_rows()
    first, *others = sorted(rows.groups, key=lambda group: int(group["lgate_order"]))
    definition = definition_of(ModelRows(rows.model, [{**first, **edited}, *others], rows.conditions, rows.grades))
    with pytest.raises(DefinitionError, match=r"^groups\[0\]"):
        parse_model(definition)


@pytest.mark.parametrize("edited", HOSTILE_CONDITIONS)
def test_a_condition_edited_into_nonsense_is_refused_at_its_place(edited: dict[str, Any]) -> None:
    rows = klint_rows()
    conditions = [{**row, **edited} if row["lgate_column"] == "jobtitle" else row for row in rows.conditions]
    with pytest.raises(DefinitionError, match=r"^groups\[0\]\.when"):
        parse_model(definition_of(ModelRows(rows.model, rows.groups, conditions, rows.grades)))


def test_a_group_without_conditions_is_refused_and_matches_nobody() -> None:
    rows = klint_rows()
    with pytest.raises(DefinitionError, match=r"groups\[0\]: must have exactly one of when and interactions"):
        parse_model(definition_of(ModelRows(rows.model, rows.groups, (), rows.grades)))


def test_a_model_row_on_its_own_is_refused() -> None:
    with pytest.raises(DefinitionError, match="groups"):
        parse_model(definition_of(ModelRows({"lgate_name": "Fit"})))
