"""The table of truth: what each operator says of each type of column, held against the engine and the documentation."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring import DefinitionError, Facts, compile_model, parse_model
from scoring.column_types import COLUMN_TYPES, FAMILIES
from scoring.operators import OPERATORS

TRUTH = yaml.safe_load(Path(__file__).with_name("truth_table.yaml").read_text("utf-8"))
TABLE: dict[str, dict[str, Any]] = TRUTH["operators"]
DOCUMENTED = (Path(__file__).parents[3] / "docs" / "models.md").read_text("utf-8")
NOON = datetime(2026, 5, 13, 12, tzinfo=UTC)
KINDS = ["text", "number", "choice", "choices", "yes/no", "date", "id"]
OPERANDS: dict[str, object] = {
    "text": "x",
    "number": 1,
    "choice": 1,
    "choices": 1,
    "yes/no": True,
    "date": "2026-05-01",
}


def asked(op: str, case: dict[str, Any], column_type: str | None) -> Any:
    condition = {"column": "x", "op": op} | ({"value": case["value"]} if "value" in case else {})
    types = {} if column_type is None else {"columns": {"lead": {"x": column_type}}}
    groups = [{"name": "g", "points": 1, "when": condition}]
    return compile_model(parse_model({"model": "M", "groups": groups, **types}))


def row(column_type: str | None, value: object) -> dict[str, object]:
    if column_type == "Money":
        return {"x": value, "x_base": value}
    return {"_x_value" if column_type in {"Lookup", "Customer", "Owner"} else "x": value}


def fits(column_type: str | None, value: object) -> bool:
    """A column of days has no value with a time of day."""
    return column_type != "DateOnly" or "T" not in str(value)


CASES = [
    (op, column_type)
    for op in TABLE
    for column_type in sorted(COLUMN_TYPES)
    if FAMILIES[column_type] in TABLE[op] and (op, column_type) != ("last-x-hours", "DateOnly")  # type: ignore[index]
]


@pytest.mark.parametrize(("op", "column_type"), CASES)
def test_an_operator_says_of_a_type_what_the_table_says(op: str, column_type: str) -> None:
    for as_type in (column_type, None):  # known from the metadata, and told from the operand
        case = TABLE[op][FAMILIES[column_type]]  # type: ignore[index]  # one of the types
        scorer = asked(op, case, as_type)
        for expected, values in ((1, case["holds"]), (0, case["fails"]), (int(TABLE[op]["matches_null"]), [None, ""])):
            for value in values:
                if fits(column_type, value):
                    total = scorer.score(Facts(row(column_type, value)), NOON).total
                    assert total == expected, (as_type, value)
        assert scorer.score(Facts({}), NOON).total == int(TABLE[op]["matches_null"])


def clothes(text: str) -> list[str]:
    """The same text to Dataverse: in another case, without its accents or with more, spelled in another form."""
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    accented = text.replace("e", "é").replace("E", "È").replace("o", "ô")
    return [text, text.upper(), text.lower(), text.swapcase(), decomposed, bare, accented]


TEXT_OPERATORS = [op for op in TABLE if "text" in TABLE[op]]


@pytest.mark.parametrize("op", TEXT_OPERATORS)
@pytest.mark.parametrize("column_type", ["String", "Memo", None])
def test_the_same_text_in_other_clothes_gets_the_same_answer(op: str, column_type: str | None) -> None:
    case = TABLE[op]["text"]
    scorer = asked(op, case, column_type)
    for expected, values in ((1, case["holds"]), (0, case["fails"])):
        for value in values:
            for same in (f"{dressed}{spaces}" for dressed in clothes(value) for spaces in ("", " ", "     ")):
                assert scorer.score(Facts(row(column_type, same)), NOON).total == expected, (value, same)


@pytest.mark.parametrize("op", [op for op in TEXT_OPERATORS if "value" in TABLE[op]["text"]])
def test_what_is_compared_with_may_wear_other_clothes_too(op: str) -> None:
    case = TABLE[op]["text"]
    listed = isinstance(case["value"], list)
    in_order = op in {"like", "not-like", "begins-with", "not-begin-with"}  # there a space is part of the pattern
    for spaces in [""] if in_order else ["", "   "]:
        for several in zip(*map(clothes, case["value"] if listed else [case["value"]]), strict=True):
            dressed = [f"{text}{spaces}" for text in several]
            other = asked(op, {"value": dressed if listed else dressed[0]}, "String")
            for expected, values in ((1, case["holds"]), (0, case["fails"])):
                assert [other.score(Facts({"x": value}), NOON).total for value in values] == [expected] * len(values)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "ge", "lt", "le", "between", "not-between", "in", "not-in"])
def test_the_table_says_of_every_kind_what_holds_on_the_boundary_itself(op: str) -> None:
    for kind in set(KINDS) & set(TABLE[op]):
        case = TABLE[op][kind]
        written = case["value"] if isinstance(case["value"], list) else [case["value"]]
        said = {str(value).strip().casefold() for value in (*case["holds"], *case["fails"])}
        assert {str(each).strip().casefold() for each in written} & said, (op, kind)
        assert said - {str(each).strip().casefold() for each in written} or kind == "yes/no", (op, kind)


@pytest.mark.parametrize("op", sorted(OPERATORS))
@pytest.mark.parametrize("column_type", sorted(COLUMN_TYPES))
def test_what_makes_no_sense_for_a_type_is_refused_by_name(op: str, column_type: str) -> None:
    family = FAMILIES[column_type]  # type: ignore[index]  # one of the types
    if family in TABLE[op] and (op, column_type) != ("last-x-hours", "DateOnly"):
        return
    case = next(TABLE[op][kind] for kind in KINDS if kind in TABLE[op])
    with pytest.raises(DefinitionError) as refused:
        asked(op, case, column_type)
    (problem,) = refused.value.problems
    assert problem.place == ("groups", 0, "when")
    assert f"lead.x is of type {column_type}: {op}" in problem.message


def test_the_table_leaves_no_operator_out_and_names_its_sources() -> None:
    assert set(TABLE) == set(OPERATORS)
    assert {rows["source"] for rows in TABLE.values()} <= set(TRUTH["sources"])
    assert {name: rows["matches_null"] for name, rows in TABLE.items()} == {
        name: operator.matches_null for name, operator in OPERATORS.items()
    }


def documented() -> str:
    lines = [f"| operator | {' | '.join(KINDS)} | null | source |", "|---" * (len(KINDS) + 3) + "|"]
    for op, rows in TABLE.items():
        marks = ["yes" if kind in rows else "" for kind in KINDS]
        null = "matches" if rows["matches_null"] else ""
        lines.append(
            f"| `{op}` | {' | '.join(marks)} | {null} | [{rows['source']}]({TRUTH['sources'][rows['source']]}) |"
        )
    return "\n".join(lines)


def test_the_models_page_has_the_table() -> None:
    assert documented() in DOCUMENTED, documented()
