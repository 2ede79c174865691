"""Conditions as rows: one level as rows, the rest as JSON, and values as people type them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.condition_rows import condition_columns, flat, json_in, tree_of, value_of, value_text
from connector.tables import ScoringGroup
from scoring import DefinitionError

LEAF = {"column": "jobtitle", "op": "not-null"}
OTHER = {"column": "telephone1", "op": "eq", "value": "1"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("250", 250),
        ("-15", -15),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("007", "007"),
        ("+33 4", "+33 4"),
        ("1,5", "1,5"),
        ("true", True),
        ("True", "True"),
        ("null", None),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ('"250"', "250"),
        ('"true"', "true"),
        ('"', '"'),
        ('""', ""),
        ("'x'", "'x'"),
        ("price-page", "price-page"),
        ("@gmail.com", "@gmail.com"),
        ("2026-08-01", "2026-08-01"),
        ('["a", 1]', ["a", 1]),
        ("[a, b]", "[a, b]"),
        ("{{7*7}}", "{{7*7}}"),
        ("${x}", "${x}"),
        ("__class__", "__class__"),
        (" 250 ", 250),
        ("9" * 5_000, "9" * 5_000),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_typed_value_is_json_where_it_is_json_and_text_elsewhere(typed: str, value: object) -> None:
    found = value_of(typed)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ("Paris", "Paris"),
        ("250", '"250"'),
        ("true", '"true"'),
        ("null", '"null"'),
        ('"x"', '"\\"x\\""'),
        (250, "250"),
        (True, "true"),
        (None, None),
    ],
)
def test_text_that_would_read_as_something_else_is_written_in_quotes(value: object, typed: str | None) -> None:
    assert value_text(value) == typed


scalars = st.text() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
lookalikes = st.sampled_from(
    ["250", "007", "true", "null", "NaN", '"a"', "[1]", "{}", " 1", "1 ", '"', "\\", "1e400", "-0"]
)


@given(scalars | lookalikes | st.lists(scalars, min_size=1, max_size=3))
def test_every_value_survives_being_typed(value: object) -> None:
    text = value_text(value)
    assert text is not None
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (None, ("all", [])),
        (LEAF, ("all", [LEAF])),
        ({"all": [LEAF, OTHER]}, ("all", [LEAF, OTHER])),
        ({"any": [LEAF, OTHER]}, ("any", [LEAF, OTHER])),
        ({"all": [LEAF]}, None),
        ({"any": [LEAF]}, None),
        ({"not": LEAF}, None),
        ({"all": [LEAF, {"not": OTHER}]}, None),
        ({"any": [LEAF, {"any": [LEAF, OTHER]}]}, None),
    ],
)
def test_only_a_tree_that_rows_can_say_without_loss_becomes_rows(tree: Any, expected: object) -> None:
    assert flat(tree) == expected


def test_the_name_of_a_condition_can_be_read_in_a_list() -> None:
    assert condition_columns(LEAF, 1)["lgate_name"] == "jobtitle not-null"
    assert condition_columns({"column": "a.b", "op": "ge", "value": 250}, 1)["lgate_name"] == "a.b ge 250"
    assert len(str(condition_columns({"column": "a", "op": "eq", "value": "x" * 900}, 1)["lgate_name"])) == 200


def row(**columns: object) -> dict[str, object]:
    return {"lgate_definition": None, "lgate_join": ScoringGroup.JOINS["all"], **columns}


def test_conditions_come_back_in_their_order_under_their_join() -> None:
    written = [condition_columns(OTHER, 2), condition_columns(LEAF, 1)]
    assert tree_of(row(), written) == {"all": [LEAF, OTHER]}
    assert tree_of(row(lgate_join=ScoringGroup.JOINS["any"]), written) == {"any": [LEAF, OTHER]}
    assert tree_of(row(lgate_join=None), written) == {"all": [LEAF, OTHER]}
    assert tree_of(row(), written[1:]) == LEAF
    assert tree_of(row(), []) is None


def test_a_condition_row_that_was_left_empty_is_not_dropped() -> None:
    assert tree_of(row(), [{}]) == {"column": None, "op": None}


def test_a_group_with_both_a_definition_and_conditions_is_refused_by_its_name() -> None:
    both = row(lgate_name="Large account", lgate_definition='{"not": {"column": "a", "op": "null"}}')
    assert tree_of(both, []) == {"not": {"column": "a", "op": "null"}}
    with pytest.raises(DefinitionError, match="lgate_definition: group 'Large account' has condition rows as well"):
        tree_of(both, [condition_columns(LEAF, 1)])


HOSTILE = {
    "no JSON": "{jobtitle}",
    "Python": "{'column': 'a'}",
    "cut": '{"column": "a"',
    "trailing": '{"column": "a"} {}',
    "NaN": '{"column": "a", "op": "eq", "value": NaN}',
    "infinity": '{"column": "a", "op": "eq", "value": -Infinity}',
    "5,000 digits": '{"value": ' + "9" * 5_000 + "}",
    "100,000 deep": '{"not":' * 100_000,
    "a key twice": '{"column": "a", "op": "eq", "value": 1, "value": 2}',
    "a key twice further in": '{"all": [{"column": "a", "column": "b", "op": "null"}]}',
    "a byte order mark": "\ufeff{}",
    "a comment": "{} // x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_is_refused_by_the_name_of_its_column_and_not_repeated(text: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        json_in(text, "lgate_entrycondition")
    assert str(refused.value) == "lgate_entrycondition: is not JSON"


def test_a_value_that_no_condition_row_holds_is_json_on_its_group() -> None:
    fits, long = {**OTHER, "value": "x" * 100_000}, {**OTHER, "value": "x" * 100_001}
    assert flat(fits) == ("all", [fits])
    assert flat(long) is None
    assert flat({"any": [LEAF, long]}) is None
    assert flat({**OTHER, "value": "\U0001f600" * 50_001}) is None
