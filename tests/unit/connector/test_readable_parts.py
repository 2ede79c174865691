"""Of a definition that is not valid, what can be held against the environment all the same."""

from typing import Any

import pytest

from connector.readable_parts import readable_comparisons, readable_interactions
from scoring import parse_model, place_text
from scoring.needs import comparisons
from tests.unit.connector.fakes import KLINT

COUNTED = {"table": "visit", "lead": "leadid", "at": "on"}


def group(**members: Any) -> dict[str, Any]:
    return {"model": "M", "groups": [{"name": "g", "points": 1, **members}]}


def test_of_a_valid_model_everything_is_found_at_its_place() -> None:
    tree = {"any": [{"not": {"column": "fax", "op": "null"}}, {"column": "a.b", "op": "eq", "value": 1}]}
    counted = {**COUNTED, "where": {"all": [{"column": "kind", "op": "eq", "value": "x"}]}}
    content = {**KLINT, "entry": tree, "groups": [*KLINT["groups"], group(interactions=counted)["groups"][0]]}  # type: ignore[misc]
    assert list(readable_comparisons(content)) == list(comparisons(parse_model(content)))


def test_of_a_condition_that_is_wrong_the_column_is_kept() -> None:
    found = list(readable_comparisons(group(when={"any": [{"column": "fax", "op": "matches"}, {"column": "A B"}]})))
    assert [(place_text(each.place), each.comparison.column) for each in found] == [("groups[0].when.any[0]", "fax")]


def test_a_group_that_counts_wrongly_still_names_its_table() -> None:
    ((place, found),) = readable_interactions(group(interactions={**COUNTED, "count": "at-least"}))
    assert (place_text(place), found.table, found.lead, found.at) == ("groups[0].interactions", "visit", "leadid", "on")


NESTED: dict[str, Any] = {"column": "fax", "op": "null"}
for _ in range(1_000):
    NESTED = {"not": NESTED}

HOSTILE: list[Any] = [
    {},
    {"groups": None},
    {"groups": "x"},
    {"groups": [None, 1, [], "x"]},
    group(when=None),
    group(when=[]),
    group(when={"all": {}, "any": "x", "not": 7}),
    group(when={"column": None, "op": None}),
    group(when={"column": {}, "op": []}),
    group(when=NESTED),
    group(interactions=[]),
    group(interactions={"table": 1, "where": {"column": "a", "op": "null"}}),
    group(interactions={"table": "x"}),
    {"entry": "fax eq null"},
]


@pytest.mark.parametrize("content", HOSTILE)
def test_nonsense_holds_nothing_and_does_no_harm(content: Any) -> None:
    assert list(readable_comparisons(content)) == []
    assert list(readable_interactions(content)) == []
