"""A draft has unpublished changes when publishing it would change what is said, not what is filled in."""

import json
from typing import Any
from uuid import uuid4

import pytest

from connector.drafts import Draft
from connector.rules import parse_rule, rule_json
from connector.unpublished import has_unpublished_changes
from connector.versions import MODEL, RULE
from scoring import Problem, canonical_json, parse_model
from tests.unit.connector.fakes import KLINT

QUALIFIED = {"rule": "R", "criteria": [{"model": "Fit", "at_least": 1}], "actions": {"sales_ready": True}}
FILLED_IN = {
    "time_zone": "Europe/Paris",
    "text_accent_sensitive": True,
    "business_units": [str(uuid4())],
    "columns": {"lead": {"jobtitle": "String", "telephone1": "String"}},
}


def draft(content: dict[str, Any], unreadable: tuple[Problem, ...] = ()) -> Draft:
    return Draft(uuid4(), {}, content, (), unreadable)


def published(**members: object) -> str:
    return canonical_json(parse_model({**KLINT, "business_unit": "France", **FILLED_IN, **members}))


FRENCH = {**KLINT, "business_unit": "France"}
SAME = [FRENCH, {**FRENCH, "time_zone": "Europe/Paris"}, {**FRENCH, "show_on_lead": False}]
OTHER = [
    KLINT,
    {**FRENCH, "time_zone": "Europe/London"},
    {**FRENCH, "model": "Fitness"},
    {**FRENCH, "description": "new"},
    {**FRENCH, "show_on_lead": True},
    {**FRENCH, "grades": KLINT["grades"][:1]},
    {**FRENCH, "groups": KLINT["groups"][::-1]},
    {**FRENCH, "groups": []},
    {},
]


@pytest.mark.parametrize("content", SAME)
def test_what_the_publication_filled_in_is_no_change(content: dict[str, Any]) -> None:
    assert not has_unpublished_changes(draft(content), MODEL, published())


@pytest.mark.parametrize("content", OTHER)
def test_whatever_a_draft_says_otherwise_is_a_change(content: dict[str, Any]) -> None:
    assert has_unpublished_changes(draft(content), MODEL, published())


def test_what_cannot_be_read_is_a_change() -> None:
    broken = (Problem(("lgate_entrycondition",), "is not JSON"),)
    assert has_unpublished_changes(draft(FRENCH, broken), MODEL, published())
    assert has_unpublished_changes(draft(FRENCH), MODEL, "{")
    assert has_unpublished_changes(draft(QUALIFIED), RULE, json.dumps({"rule": "R"}))


def test_a_rule_is_compared_without_what_is_at_its_default() -> None:
    text = rule_json(parse_rule(QUALIFIED))
    assert not has_unpublished_changes(draft({**QUALIFIED, "order": 1, "match": "all"}), RULE, text)
    assert has_unpublished_changes(draft({**QUALIFIED, "order": 2}), RULE, text)
