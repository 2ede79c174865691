"""What each operator says of null, of the boundary, and of the same text in other clothes."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scoring import FactError, Facts, compile_model, parse_model

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ABSENT = object()


def holds(op: str, operand: object, value: object, **model: object) -> bool:
    condition = {"column": "x", "op": op} if operand is ABSENT else {"column": "x", "op": op, "value": operand}
    definition = {"model": "M", "groups": [{"name": "g", "points": 1, "when": condition}], **model}
    lead = {} if value is ABSENT else {"x": value}
    return compile_model(parse_model(definition)).score(Facts(lead), NOON).total == 1


TEXT_TABLE = [
    # operator, operand, values that it matches, values that it does not
    ("eq", "Été", ["Été", "été", "ETE", "ete  ", "e\u0301te\u0301"], ["ét", "été1", " été", "x"]),
    ("ne", "Été", ["ét", "x", " été"], ["Été", "ETE", "ete  "]),
    ("gt", "b", ["c", "B1", "Ç"], ["b", "B ", "a", "à"]),
    ("ge", "b", ["b", "B  ", "c"], ["a", "A"]),
    ("lt", "b", ["a", "A", "à"], ["b", "B ", "c"]),
    ("le", "b", ["b", "B  ", "a"], ["c", "C"]),
    ("between", ["b", "d"], ["b", "B ", "c", "d", "D "], ["a", "e", "da"]),
    ("not-between", ["b", "d"], ["a", "e"], ["b", "c", "D "]),
    ("in", ["Hôtel", "Bar "], ["hotel", "HÔTEL ", "bar"], ["hot", "barbar"]),
    ("not-in", ["Hôtel", "Bar "], ["hot", "barbar"], ["hotel", "bar"]),
    ("like", "%Dir_cteur%", ["directeur", "le DIRECTEUR  ", "Dirécteur"], ["dircteur", "direecteur"]),
    ("not-like", "%directeur%", ["dircteur"], ["Directeur général"]),
    ("begins-with", "Dé", ["dE", "Début", "debut "], ["ade", "d"]),
    ("not-begin-with", "Dé", ["ade"], ["debut"]),
    ("ends-with", "@Gmail.com ", ["a@gmail.com", "A@GMAIL.COM  "], ["a@gmail.com.fr", "gmail.com"]),
    ("not-end-with", "@gmail.com", ["a@x.fr"], ["a@gmail.com "]),
    ("null", ABSENT, [], ["a", " ", 0, False]),
    ("not-null", ABSENT, ["a", " ", 0, False, {"id": 1}], []),
]


@pytest.mark.parametrize(("op", "operand", "matching", "other"), TEXT_TABLE, ids=[row[0] for row in TEXT_TABLE])
def test_text_compares_without_case_accents_and_trailing_spaces(
    op: str, operand: object, matching: list[object], other: list[object]
) -> None:
    for value in matching:
        assert holds(op, operand, value), value
    for value in other:
        assert not holds(op, operand, value), value


def test_letters_that_fold_to_two_are_those_two() -> None:
    assert holds("eq", "straße", "STRASSE")
    assert holds("ends-with", "STRASSE", "Hauptstraße ")


def test_only_spaces_trail_unseen() -> None:
    assert not holds("eq", "a", "a\t")
    assert not holds("ends-with", "a", "a\n")


@pytest.mark.parametrize("nothing", [ABSENT, None, ""], ids=["absent", "null", "empty"])
@pytest.mark.parametrize(("op", "operand"), [row[:2] for row in TEXT_TABLE], ids=[row[0] for row in TEXT_TABLE])
def test_null_meets_only_ne_the_not_operators_and_null(op: str, operand: object, nothing: object) -> None:
    negations = {"ne", "not-between", "not-in", "not-like", "not-begin-with", "not-end-with"}
    assert holds(op, operand, nothing) is (op in negations | {"null"})


@pytest.mark.parametrize(
    ("op", "operand", "matching", "other"),
    [
        ("eq", 10, [10, 10.0, Decimal("10.00")], [9, 10.0000001]),
        ("ne", 10, [9, -10], [10, Decimal(10)]),
        ("gt", 0.1, [0.2, Decimal("0.11")], [Decimal("0.1"), 0.1, 0, -1]),
        ("ge", 0.1, [Decimal("0.1"), 0.1, 1], [0.09, Decimal("0.0999999999999999999")]),
        ("lt", -1, [-2, -1.5], [-1, 0]),
        ("le", 250, [250, -(10**30)], [251, 10**30]),
        ("between", [1, 3], [1, 2.5, 3], [0.99, 3.01]),
        ("not-between", [1, 3], [0.99, 3.01], [1, 3]),
        ("in", [1, 2.5], [1, Decimal("2.5")], [2, 0]),
        ("not-in", [1, 2.5], [2], [1.0, 2.5]),
    ],
)
def test_numbers_compare_as_the_decimals_that_were_written(
    op: str, operand: object, matching: list[object], other: list[object]
) -> None:
    assert [holds(op, operand, value) for value in matching] == [True] * len(matching)
    assert [holds(op, operand, value) for value in other] == [False] * len(other)


def test_booleans_know_equality_and_membership() -> None:
    assert holds("eq", True, True)
    assert not holds("eq", True, False)
    assert holds("ne", True, False)
    assert holds("ne", True, None)
    assert holds("in", [False], False)
    assert holds("not-in", [False], True)


@pytest.mark.parametrize(
    ("op", "operand", "matching", "other"),
    [
        ("eq", "2026-05-01", ["2026-05-01", "2026-05-01T00:00:00Z"], ["2026-05-02", "2026-05-01T00:00:01Z"]),
        (
            "ge",
            "2026-05-01",
            ["2026-05-01", "2026-05-01T00:00:00Z", "2027-01-01"],
            ["2026-04-30", "2026-04-30T23:59:59Z"],
        ),
        (
            "lt",
            "2026-05-01T12:00:00+02:00",
            ["2026-05-01T09:59:59Z", "2026-05-01T11:59:59+02:00", "2026-05-01"],
            ["2026-05-01T10:00:00Z", "2026-05-02"],
        ),
        ("between", ["2026-01-01", "2026-12-31"], ["2026-01-01", "2026-12-31", "2026-06-01T10:00:00Z"], ["2027-01-01"]),
        ("in", ["2026-05-01"], ["2026-05-01T00:00:00.0000000Z"], ["2026-05-03"]),
    ],
)
def test_dates_compare_as_days_or_instants(
    op: str, operand: object, matching: list[object], other: list[object]
) -> None:
    assert [holds(op, operand, value) for value in matching] == [True] * len(matching)
    assert [holds(op, operand, value) for value in other] == [False] * len(other)


def test_a_day_begins_at_midnight_in_the_zone_of_the_model() -> None:
    assert holds("ge", "2026-05-01", "2026-04-30T22:00:00Z", time_zone="Europe/Paris")
    assert not holds("ge", "2026-05-01", "2026-04-30T21:59:59Z", time_zone="Europe/Paris")
    assert not holds("ge", "2026-05-01", "2026-04-30T22:00:00Z")


def test_text_beside_a_date_compares_as_text() -> None:
    assert holds("gt", "2026-05-01", "unknown")
    assert not holds("eq", "2026-05-01", "2026-05-01x")
    assert not holds("eq", "2026-05-01", "2026-13-45")


def test_the_ends_of_the_calendar_are_dates_like_any_other() -> None:
    assert holds("gt", "2026-05-01", "9999-12-31T23:59:59-12:00", time_zone="America/Los_Angeles")
    assert holds("le", "2026-05-01T00:00:00Z", "1753-01-01", time_zone="Asia/Tokyo")


def test_accents_count_where_the_collation_says_so() -> None:
    assert not holds("eq", "été", "ete", text_accent_sensitive=True)
    assert holds("eq", "été", "E\u0301T\u00c9 ", text_accent_sensitive=True)
    assert holds("like", "_t_", "e\u0301te\u0301", text_accent_sensitive=True)
    assert not holds("like", "[a-f]t%", "été", text_accent_sensitive=True)
    assert holds("like", "[a-f]t%", "été")


@pytest.mark.parametrize(
    ("operand", "value", "found"),
    [
        (250, "300", "text"),
        (250, True, "a boolean"),
        (250, {"secret": 1}, "a related row"),
        (250, float("nan"), "a number that is not finite"),
        ("x", 300, "a number"),
        ("x", False, "a boolean"),
        ("x", ["secret"], "a list"),
        ("2026-05-01", 20260501, "a number"),
        (True, 1, "a number"),
        (True, "true", "text"),
    ],
)
def test_another_kind_of_value_is_a_fault_that_names_the_column_and_never_the_value(
    operand: object, value: object, found: str
) -> None:
    with pytest.raises(FactError) as fault:
        holds("eq", operand, value)
    assert fault.value.column == "x"
    assert fault.value.found == found
    assert "secret" not in str(fault.value)
    assert "300" not in str(fault.value)


def test_a_pattern_over_a_number_is_a_fault() -> None:
    with pytest.raises(FactError):
        holds("like", "3%", 300)
