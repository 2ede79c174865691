"""Two hundred hostile definitions and values: each refused with a reason, none scored (reliability: SEC7, SEC8)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from math import inf, nan

import pytest

from scoring import DefinitionError, FactError, Facts, compile_model, parse_model

NOW = datetime(2026, 5, 15, tzinfo=UTC)
WORDS = [
    "__class__",
    "__import__('os').system('id')",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "{0.__init__.__globals__}",
    "%(x)s",
    "a;b",
    "a\nb",
    "a\x00b",
    "../../etc/passwd",
    "_x_value",
    "a..b",
    "a.b.c",
    ".a",
    "a.",
    "A",
    "\uff41",
    "a b",
    "a'--",
    "a/any(x:x)",
    "",
    " ",
    "1a",
    "a" * 129,
    "lambda: 0",
    "\ud800",
    "\u202ea",
    "a\u0301",
    "ﬁ",
]
SHAPES: list[object] = [
    None,
    0,
    1,
    -1,
    1.5,
    True,
    nan,
    inf,
    -inf,
    10**400,
    [],
    [[]],
    {},
    {"a": 1},
    "x",
    ["x"],
    [{}],
    b"x",
]
FIELDS = ["model", "time_zone", "groups", "entry", "limits", "grades", "show_on_lead", "columns", "business_units"]
DAYS_THAT_ARE_NONE = ["2026-02-30", "2026-05-01T10:00", "tomorrow", "0001-01-01", "20260501", "2026-W18"]
KEPT = [  # shapes that are right for the field after all
    *(("model", "x"), ("time_zone", None), ("entry", None), ("columns", None), ("columns", {}), ("limits", {})),
    *(("grades", []), ("show_on_lead", True), ("business_units", [])),
]


def model(**fields: object) -> dict[str, object]:
    group = {"name": "g", "points": 1, "when": {"column": "a", "op": "not-null"}}
    return {"model": "M", "groups": [group], **fields}


def when(condition: object) -> dict[str, object]:
    return model(groups=[{"name": "g", "points": 1, "when": condition}])


def asks(op: object, value: object, column: object = "a") -> dict[str, object]:
    return when({"column": column, "op": op, "value": value})


def definitions() -> Iterator[tuple[str, object]]:
    """Name and definition; every one of them has something wrong with it."""
    for word in WORDS:
        yield f"column {word!r:.30}", when({"column": word, "op": "not-null"})
        yield f"operator {word!r:.30}", asks(word, 1)
        yield f"table {word!r:.30}", counted(table=word)
        yield f"typed {word!r:.30}", model(columns={"lead": {"a": word}})
    yield from of_other_shapes()
    for day in DAYS_THAT_ARE_NONE:
        yield f"day {day}", asks("on", day)
    for count in (0, -1, 10**9, 1.0, "4", 36_526):
        yield f"count {count!r}", asks("last-x-days", count)
    yield "relative with a value", asks("today", 1)
    yield "typed against its type", {**asks("last-x-days", 4), "columns": {"lead": {"a": "String"}}}
    yield "a table's date that is none", {**counted(), "columns": {"visit": {"at": "String"}}}


def of_other_shapes() -> Iterator[tuple[str, object]]:
    """The same, where something else than what belongs there stands."""
    for shape in SHAPES:
        if not isinstance(shape, dict) and shape is not None:
            yield f"document {shape!r:.30}", shape
        for field in FIELDS:
            if not any(field == kept and repr(shape) == repr(value) for kept, value in KEPT):
                yield f"{field} {shape!r:.30}", model(**{field: shape})
        if not isinstance(shape, str):
            yield f"pattern {shape!r:.30}", asks("like", shape)
        if isinstance(shape, bool) or shape != 1:
            yield f"count {shape!r:.30}", asks("last-x-days", shape)
        if isinstance(shape, bool) or shape not in (0, 1, -1, "x", ["x"]):  # the numbers and the label of options
            yield f"option {shape!r:.30}", asks("contain-values", shape)
        yield f"day {shape!r:.30}", asks("on", shape)


def counted(table: object = "visit", **fields: object) -> dict[str, object]:
    rows = {"table": table, "lead": "lead", "at": "at", **fields}
    return model(groups=[{"name": "g", "points": 1, "interactions": rows}])


HOSTILE = list(definitions())


def test_there_are_two_hundred_and_more() -> None:
    assert len(HOSTILE) >= 200


@pytest.mark.parametrize("definition", [each for _, each in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_a_hostile_definition_is_refused_with_a_reason(definition: object) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_model(definition)
    assert refused.value.problems
    assert all(problem.message and len(problem.message) < 300 for problem in refused.value.problems)


@pytest.mark.parametrize("word", WORDS)
def test_hostile_text_as_a_value_is_text_and_nothing_else(word: str) -> None:
    if not word.strip() or "\ud800" in word:
        return
    scorer = compile_model(parse_model(asks("eq", word)))
    assert scorer.score(Facts({"a": word}), NOW).total == 1
    assert scorer.score(Facts({"a": "harmless"}), NOW).total == 0


@pytest.mark.parametrize("op", ["eq", "gt", "last-x-days", "contain-values", "on"])
@pytest.mark.parametrize(
    "value",
    [["secret"], {"secret": 1}, ("secret",), nan, inf, object(), json.loads("1e400")],
    ids=lambda v: repr(v)[:20],
)
def test_a_hostile_value_in_a_row_is_a_fault_and_never_a_zero(op: str, value: object) -> None:
    operand: object = {"eq": 5, "gt": 5, "last-x-days": 4, "contain-values": [1], "on": "2026-05-01"}[op]
    with pytest.raises(FactError) as fault:
        compile_model(parse_model(asks(op, operand))).score(Facts({"a": value}), NOW)
    assert "secret" not in str(fault.value)


def test_what_is_at_fault_does_not_depend_on_the_order_of_conditions() -> None:
    filled, wrong = {"column": "b", "op": "not-null"}, {"column": "a", "op": "gt", "value": 5}
    for condition in ({"any": [filled, wrong]}, {"any": [wrong, filled]}, {"all": [{"not": filled}, wrong]}):
        with pytest.raises(FactError, match="column a holds text"):
            compile_model(parse_model(when(condition))).score(Facts({"a": "x", "b": "x"}), NOW)


@pytest.mark.parametrize("name", ["constant_0", "lead", "frame", "lead_value_1", "None", "change"])
def test_a_column_may_have_a_name_that_compiled_code_uses_too(name: str) -> None:
    condition = {"column": name.lower(), "op": "eq", "value": name}
    assert compile_model(parse_model(when(condition))).score(Facts({name.lower(): name}), NOW).total == 1
