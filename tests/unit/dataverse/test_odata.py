"""SEC6, quoting: no value can become an operator, and every value comes back as it went in."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import dataverse
from dataverse import InvalidRequestError, query
from dataverse.odata import Filter, all_of, any_of, encode, eq, ge, gt, in_, is_null, le, literal, lt, ne

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
HOSTILE = [
    "'",
    "''",
    "%27",
    "&$top=1",
    "#",
    "+",
    "a b",
    "\n",
    "\x00",
    "😀",
    "' or 1 eq 1 or '",
    "]),x",
    '"',
    "\\",
    "\\u0027",
]


def read_text_literal(text: str) -> str:
    """An independent reader of OData's SQUOTE rule: character by character, a doubled quote is one."""
    assert text[0] == "'"
    assert text[-1] == "'"
    inner, read, at = text[1:-1], "", 0
    while at < len(inner):
        if inner[at] == "'":
            assert inner[at : at + 2] == "''", "a lone quote ends the literal early"
            at += 1
        read += inner[at]
        at += 1
    return read


def filter_on_the_wire(condition: Filter) -> str:
    """What a server finds in `$filter` once it has split the URL, the query and the options, in that order."""
    url = f"https://host/api/{query('leads', select=['leadid'], filter=condition).path}"
    parts = urlsplit(url)
    assert not parts.fragment
    options = dict(option.split("=", 1) for option in parts.query.split("&"))
    assert set(options) == {"$select", "$filter"}, "a value added an option"
    assert "+" not in options["$filter"], "a plus is a space to some servers"
    return unquote(options["$filter"], errors="strict")


@given(UNICODE)
def test_any_text_comes_back_from_the_wire_as_it_went_in(text: str) -> None:
    expression = filter_on_the_wire(eq("lastname", text))
    assert expression.startswith("lastname eq ")
    assert read_text_literal(expression.removeprefix("lastname eq ")) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_one_value(text: str) -> None:
    assert read_text_literal(filter_on_the_wire(eq("a/b", text)).removeprefix("a/b eq ")) == text


@given(st.lists(UNICODE, min_size=1, max_size=5))
@example(HOSTILE)
def test_values_of_in_come_back_as_json(values: list[str]) -> None:
    expression = filter_on_the_wire(in_("lastname", values))
    found = re.fullmatch(
        r"Microsoft\.Dynamics\.CRM\.In\(PropertyName='lastname',PropertyValues=(.*)\)", expression, re.DOTALL
    )
    assert found is not None
    assert json.loads(found.group(1)) == values


@given(UNICODE)
@example("O'Brien [x]")
def test_the_list_of_in_hides_quotes_and_brackets_from_a_lexer_that_counts_them(text: str) -> None:
    inside = in_("lastname", [text]).expression.partition("PropertyValues=[")[2].removesuffix("])")
    assert not set("'[]") & set(inside)


def test_in_takes_ids() -> None:
    one = UUID(int=1)
    assert in_("leadid", [one]).expression.endswith(f'PropertyValues=["{one}"])')


@pytest.mark.parametrize("build", [literal, encode, lambda text: in_("a", [text]), lambda text: eq("a", text)])
def test_a_lone_surrogate_is_refused_by_name_and_not_shown(build: object) -> None:
    assert callable(build)
    with pytest.raises(InvalidRequestError, match="lone surrogate") as raised:
        build("secret\ud800")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (2.5, "2.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
        (date(2026, 8, 1), "2026-08-01"),
        (datetime(2026, 8, 1, tzinfo=UTC), "2026-08-01T00:00:00Z"),
        (datetime(2026, 8, 1, 2, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=2))), "2026-08-01T00:00:00.500000Z"),
    ],
)
def test_each_type_has_its_literal(value: bool | float | Decimal | UUID | date | None, expected: str) -> None:
    assert literal(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not finite"),
        (Decimal("Infinity"), "not finite"),
        (datetime(2026, 8, 1), "time zone"),  # noqa: DTZ001  the naive one is the case
    ],
)
def test_what_has_no_literal_is_refused_by_name(value: float | Decimal | datetime, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        literal(value)


@pytest.mark.parametrize(
    "name", ["", "a b", "a'", "Name", "1a", "a/b/c", "a/", "/a", "a\n", "a" * 129, "é", "a eq 1 or b", "a,b", "a%20b"]
)
def test_a_column_name_cannot_carry_anything_else(name: str) -> None:
    for build in (lambda: eq(name, 1), lambda: is_null(name), lambda: in_(name, ["x"])):
        with pytest.raises(InvalidRequestError, match="column"):
            build()


def test_comparisons_and_combinations_read_as_odata() -> None:
    parts = [eq("a", 1), ne("a", 2), gt("a", 3), ge("a", 4), lt("a", 5), le("a", 6)]
    assert [part.expression for part in parts] == ["a eq 1", "a ne 2", "a gt 3", "a ge 4", "a lt 5", "a le 6"]
    combined = all_of(is_null("a"), any_of(eq("_b_value", None), eq("nav/c", "x")))
    assert combined.expression == "(a eq null and (_b_value eq null or nav/c eq 'x'))"
    assert all_of(parts[0]) == parts[0]


def test_an_empty_combination_or_list_is_refused_by_name() -> None:
    for build in (all_of, any_of, lambda: in_("a", [])):
        with pytest.raises(InvalidRequestError, match="at least one"):
            build()


def test_in_refuses_a_column_of_another_table() -> None:
    with pytest.raises(InvalidRequestError, match="table itself"):
        in_("nav/a", ["x"])


def test_a_filter_does_not_show_its_values() -> None:
    assert "secret" not in repr(eq("a", "secret"))


def test_filters_are_built_nowhere_else() -> None:
    package = Path(dataverse.__file__).parent
    holders = {path.name for path in package.glob("*.py") if "$filter" in path.read_text(encoding="utf-8")}
    assert holders == {"odata.py", "operations.py"}
