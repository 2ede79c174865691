"""Rules: everything wrong is named with its place, and the text is canonical."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.rules import parse_rule, rule_json
from scoring import DefinitionError

MINIMAL: dict[str, Any] = {
    "rule": "Marketing qualified",
    "criteria": [{"model": "Fit", "at_least": 100}],
    "actions": {"sales_ready": True},
}


def problems(content: object) -> list[str]:
    with pytest.raises(DefinitionError) as refused:
        parse_rule(content)
    return [str(problem) for problem in refused.value.problems]


def changed(**members: object) -> dict[str, Any]:
    return {**MINIMAL, **members}


def test_a_rule_has_the_defaults_of_the_documentation() -> None:
    rule = parse_rule(MINIMAL)
    assert (rule.match, rule.order, rule.from_status, rule.existing_leads, rule.reconsider) == (
        "all",
        1,
        (),
        "ask",
        False,
    )


WRONG: list[tuple[object, str]] = [
    (None, ""),
    ([], ""),
    ("rule", ""),
    ({}, "rule"),
    (changed(rule=""), "rule"),
    (changed(rule="   "), "rule"),
    (changed(rule="two\nlines"), "rule"),
    (changed(rule="\x1b[31mred"), "rule"),
    (changed(rule="x" * 201), "rule"),
    (changed(rule=5), "rule"),
    (changed(match="some"), "match"),
    (changed(order=-1), "order"),
    (changed(order="1"), "order"),
    (changed(order=True), "order"),
    (changed(criteria=[]), "criteria"),
    (changed(criteria=None), "criteria"),
    (changed(criteria=[{"model": "Fit"}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "Fit", "at_least": 1.5}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "Fit", "at_least": True}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "Fit", "at_least": "100"}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "Fit", "at_least": float("nan")}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "Fit", "at_least": 10**9}]), "criteria[0].at_least"),
    (changed(criteria=[{"model": "\u202egnp", "at_least": 1}]), "criteria[0].model"),
    (changed(criteria=[{"model": "Fit", "at_least": 1}] * 2), "criteria[1].model"),
    (changed(criteria=[{"model": f"M{number}", "at_least": 1} for number in range(41)]), "criteria"),
    (changed(actions={}), "actions"),
    (changed(actions={"sales_ready": False}), "actions.sales_ready"),
    (changed(actions={"sales_ready": "true"}), "actions.sales_ready"),
    (changed(actions={"status_reason": 1.5}), "actions.status_reason"),
    (changed(actions={"status_reason": None}), "actions"),
    (changed(actions={"sales_ready": True, "statecode": 1}), "actions.statecode"),
    (changed(from_status="New"), "from_status"),
    (changed(from_status=[None]), "from_status[0]"),
    (changed(surprise=1), "surprise"),
    (changed(max_per_hour=200), "max_per_hour"),
    (changed(max_per_hour=0, actions={"qualify_lead": {}}), "max_per_hour"),
    (changed(existing_leads="some"), "existing_leads"),
    (changed(reconsider=1), "reconsider"),
    (changed(actions={"qualify_lead": True}), "actions.qualify_lead"),
    (changed(actions={"qualify_lead": {"contact": 1}}), "actions.qualify_lead.contact"),
    (changed(actions={"qualify_lead": {"match_contact": "e mail"}}), "actions.qualify_lead.match_contact"),
    (changed(actions={"qualify_lead": {"merge": True}}), "actions.qualify_lead.merge"),
    (changed(criteria=[{"at_least": 1}]), "criteria[0]"),
    (changed(criteria=[{"model": "Fit", "customer_insights": "Fit", "at_least": 1}]), "criteria[0]"),
    (changed(criteria=[{"customer_insights": "E", "at_least": 1}] * 2), "criteria[1].customer_insights"),
    (changed(rule="\ud800"), ""),
    (changed(actions={"sales_ready": {1, 2}}), ""),
]


@pytest.mark.parametrize(("content", "place"), WRONG)
def test_what_is_wrong_is_named_with_its_place(content: object, place: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_rule(content)
    found = {str(problem).partition(": ")[0] if problem.place else "" for problem in refused.value.problems}
    assert place in found


def test_everything_that_is_wrong_is_named_at_once() -> None:
    content = changed(
        match="some", reconsider="yes", criteria=[{"customer_insights": "X", "at_least": "1"}], surprise=1
    )
    places = {problem.partition(":")[0] for problem in problems(content)}
    assert {"match", "reconsider", "criteria[0].at_least", "surprise"} <= places


def test_a_model_of_ours_and_one_of_customer_insights_may_have_one_name() -> None:
    rule = parse_rule(changed(criteria=[{"model": "Fit", "at_least": 1}, {"customer_insights": "Fit", "at_least": 2}]))
    assert [criterion.source for criterion in rule.criteria] == ["Fit", "Customer Insights: Fit"]


def test_one_thing_that_is_wrong_is_one_problem_in_our_words() -> None:
    assert problems(changed(criteria=[{"model": "Fit", "at_least": 1.5}])) == [
        "criteria[0].at_least: must be a whole number"
    ]
    assert problems(changed(criteria=[])) == ["criteria: has 0 entries: it must have 1 to 40"]
    assert problems(changed(actions={"sales_ready": True, "x": 1})) == [
        "actions.x: is not a field of this part of a model"
    ]


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"all": inner}
    return inner


def test_a_rule_nested_without_end_is_refused_and_not_a_fault() -> None:
    assert problems(changed(actions=nested(100_000))) == ["holds a value that JSON has no form for"]


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
statuses = st.integers(1, 999_999_999) | names
rules = st.fixed_dictionaries(
    {
        "rule": names,
        "criteria": st.lists(
            st.fixed_dictionaries({"model": names, "at_least": st.integers(-40_000_000, 40_000_000)}),
            min_size=1,
            max_size=4,
            unique_by=lambda criterion: criterion["model"],
        ),
        "actions": st.fixed_dictionaries({"sales_ready": st.just(True)}, optional={"status_reason": statuses})
        | st.fixed_dictionaries({"status_reason": statuses})
        | st.fixed_dictionaries(
            {
                "qualify_lead": st.fixed_dictionaries(
                    {},
                    optional={
                        "contact": st.booleans(),
                        "account": st.booleans(),
                        "opportunity": st.booleans(),
                        "match_contact": st.just("emailaddress1"),
                        "qualified_status": statuses,
                    },
                )
            }
        ),
    },
    optional={
        "match": st.sampled_from(["all", "any"]),
        "order": st.integers(0, 100_000),
        "from_status": st.lists(statuses, max_size=3),
        "existing_leads": st.sampled_from(["ask", "include", "exclude"]),
        "reconsider": st.booleans(),
    },
)


@given(rules)
def test_the_canonical_text_gives_the_rule_back_and_is_the_same_whatever_the_order_of_keys(
    rule: dict[str, Any],
) -> None:
    parsed = parse_rule(rule)
    text = rule_json(parsed)
    assert parse_rule(json.loads(text)) == parsed
    assert rule_json(parse_rule(dict(reversed(rule.items())))) == text


def test_the_canonical_text_leaves_defaults_out_and_does_not_change() -> None:
    spelled_out = changed(match="all", order=1, from_status=[], existing_leads="ask", reconsider=False)
    assert rule_json(parse_rule(spelled_out)) == rule_json(parse_rule(MINIMAL))
    assert rule_json(parse_rule(changed(from_status=["À qualifier"]))) == (
        '{"actions":{"sales_ready":true},"criteria":[{"at_least":100,"model":"Fit"}],'
        '"from_status":["À qualifier"],"rule":"Marketing qualified"}'
    )
