"""A rule becomes rows and the rows become the rule again, with nothing lost and nothing made up."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.draft_columns import CRITERION_COLUMNS, RULE_COLUMNS
from connector.model_rows import RowToWrite
from connector.rule_rows import rule_definition_of, rule_rows
from connector.rules import parse_rule, rule_json
from scoring import DefinitionError
from tests.unit.connector.fakes import FIT, RULE, VISITS

MODELS = {"Fit": FIT, "Visits": VISITS, "x" * 200: UUID(int=3)}
WHOLE: dict[str, Any] = {
    "rule": "Marketing qualified",
    "match": "any",
    "order": 0,
    "from_status": ["New", 2],
    "existing_leads": "include",
    "criteria": [{"model": "Visits", "at_least": 5}, {"model": "Fit", "at_least": -100}],
    "actions": {"status_reason": "Qualifié par le marketing", "sales_ready": True},
}


def as_read(rows: Sequence[RowToWrite]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the Web API gives back: the rule's row, and each criterion with its model under the lookup's name."""
    top, *criteria = rows
    names = {f"/lgate_scoringmodels({row_id})": name for name, row_id in MODELS.items()}
    rule = {name: top.columns.get(name) for name in RULE_COLUMNS}
    read = [
        {name: row.columns.get(name) for name in CRITERION_COLUMNS} | {"lgate_modelid": _model(row, names)}
        for row in reversed(criteria)
    ]
    return rule, read


def _model(row: RowToWrite, names: Mapping[str, str]) -> dict[str, str] | None:
    bound = row.columns.get("lgate_modelid@odata.bind")
    return None if bound is None else {"lgate_name": names[str(bound)]}


def in_file_form(definition: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rule_json(parse_rule(definition)))
    return document


def rows_of(definition: Mapping[str, Any]) -> list[RowToWrite]:
    return list(rule_rows(in_file_form(definition), RULE, MODELS))


statuses = st.integers(1, 999_999_999) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
rules = st.fixed_dictionaries(
    {
        "rule": st.just("Marketing qualified"),
        "criteria": st.lists(
            st.fixed_dictionaries({"model": st.sampled_from(sorted(MODELS)), "at_least": st.integers(-9, 9)})
            | st.fixed_dictionaries({"customer_insights": st.sampled_from("AB"), "at_least": st.integers(-9, 9)}),
            min_size=1,
            max_size=3,
            unique_by=lambda criterion: max(criterion.items(), key=str),
        ),
        "actions": st.fixed_dictionaries(
            {"qualify_lead": st.just({"account": True, "match_contact": "emailaddress1"})},
            optional={"sales_ready": st.just(True), "status_reason": statuses},
        ),
    },
    optional={
        "match": st.sampled_from(["all", "any"]),
        "order": st.integers(0, 100_000),
        "from_status": st.lists(statuses, max_size=3),
        "existing_leads": st.sampled_from(["ask", "include", "exclude"]),
        "reconsider": st.booleans(),
        "max_per_hour": st.integers(1, 9),
    },
)


@given(rules)
def test_a_rule_survives_being_kept_as_rows(definition: dict[str, Any]) -> None:
    returned = rule_definition_of(*as_read(rows_of(definition)))
    assert rule_json(parse_rule(returned)) == rule_json(parse_rule(definition))


def test_the_rows_say_what_the_rule_says() -> None:
    rule, visits, fit = rows_of(WHOLE)
    assert rule.columns == {
        "lgate_name": "Marketing qualified",
        "lgate_order": 0,
        "lgate_match": 482100001,
        "lgate_fromstatus": '["New", 2]',
        "lgate_actions": '{"sales_ready": true, "status_reason": "Qualifié par le marketing"}',
        "lgate_existingleads": 482100001,
        "lgate_reconsider": False,
        "lgate_maxperhour": None,
    }
    assert visits.columns == {
        "lgate_name": "Visits >= 5",
        "lgate_order": 1,
        "lgate_customerinsightsmodel": None,
        "lgate_atleast": 5,
        "lgate_ruleid@odata.bind": f"/lgate_qualificationrules({RULE})",
        "lgate_modelid@odata.bind": f"/lgate_scoringmodels({VISITS})",
    }
    assert (fit.columns["lgate_order"], fit.columns["lgate_name"]) == (2, "Fit >= -100")
    assert len({rule.row_id, visits.row_id, fit.row_id}) == 3


def test_a_generated_name_fits_its_column() -> None:
    _, criterion = rows_of({**WHOLE, "criteria": [{"model": "x" * 200, "at_least": 1}]})
    assert len(str(criterion.columns["lgate_name"])) == 200


@pytest.mark.parametrize("column", ["lgate_fromstatus", "lgate_actions"])
@pytest.mark.parametrize("text", ["New", "{'a'}", "[NaN]", '{"sales_ready": true, "sales_ready": true}', "[" * 100_000])
def test_broken_json_is_refused_by_the_name_of_its_column(column: str, text: str) -> None:
    rule, criteria = as_read(rows_of(WHOLE))
    with pytest.raises(DefinitionError, match=f"^{column}: is not JSON$"):
        rule_definition_of({**rule, column: text}, criteria)


EDITED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"lgate_name": None}, {}, "rule"),
    ({"lgate_actions": None}, {}, "actions"),
    ({"lgate_actions": "[]"}, {}, "actions"),
    ({"lgate_actions": '{"delete": true}'}, {}, "actions.delete"),
    ({"lgate_actions": '{"sales_ready": true, "qualify_lead": 1}'}, {}, "actions.qualify_lead"),
    ({"lgate_fromstatus": '"New"'}, {}, "from_status"),
    ({"lgate_maxperhour": 200}, {}, "max_per_hour"),
    ({"lgate_order": -1}, {}, "order"),
    ({}, {"lgate_atleast": None}, "criteria[0].at_least"),
    ({}, {"lgate_modelid": None}, "criteria[0]"),
    ({}, {"lgate_modelid": {"lgate_name": "Fit"}}, "criteria[1].model"),
    ({}, {"lgate_customerinsightsmodel": "Engagement"}, "criteria[0]"),
]


@pytest.mark.parametrize(("rule_edit", "criterion_edit", "place"), EDITED)
def test_rows_edited_into_nonsense_are_refused_at_their_place(
    rule_edit: dict[str, Any], criterion_edit: dict[str, Any], place: str
) -> None:
    rule, (fit, visits) = as_read(rows_of(WHOLE))
    with pytest.raises(DefinitionError) as refused:
        parse_rule(rule_definition_of({**rule, **rule_edit}, [fit, {**visits, **criterion_edit}]))
    assert place in {str(problem).partition(":")[0] for problem in refused.value.problems}


def test_choices_left_empty_on_the_form_mean_the_defaults() -> None:
    rule, criteria = as_read(rows_of({**WHOLE, "match": "all", "order": 1, "existing_leads": "ask"}))
    emptied = rule | dict.fromkeys(["lgate_match", "lgate_order", "lgate_existingleads", "lgate_reconsider"])
    parsed = parse_rule(rule_definition_of(emptied, criteria))
    assert (parsed.match, parsed.order, parsed.existing_leads, parsed.reconsider) == ("all", 1, "ask", False)
