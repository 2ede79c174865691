"""What Leadgate adds to an environment is all that the code names, in both languages, with the ties that data needs."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from admin.schema import (
    TableForm,
    lead_columns,
    lead_lookups,
    lead_status_reasons,
    lead_tables,
    model_tables,
    rule_tables,
)
from connector import tables
from dataverse.labels import Labels

ROOT = Path(__file__).parents[3]
ENGLISH, FRENCH = 1033, 1036
PARENTAL = dict.fromkeys(("Assign", "Delete", "Merge", "Reparent", "Share", "Unshare"), "Cascade")
MEMOS_OF_A_MILLION = {
    ("lgate_scoringmodel", "lgate_entrycondition"),
    ("lgate_scoringgroup", "lgate_definition"),
    ("lgate_publishedversion", "lgate_definition"),
}
STATUS_NAMES = {"statecode", "statuscode"}


def say(english: str, french: str) -> Labels:
    return {ENGLISH: english, FRENCH: french}


FORMS: dict[str, TableForm] = {form.name: form for form in (*model_tables(say), *rule_tables(say), *lead_tables(say))}
NAMED = {
    named.TABLE: named
    for _, named in inspect.getmembers(tables, inspect.isclass)
    if getattr(named, "TABLE", "").startswith("lgate_")
}


def columns(form: TableForm) -> dict[str, Mapping[str, Any]]:
    return {str(column["SchemaName"]): column for column in (form.primary_name, *form.columns)}


def constants(named: type) -> Iterator[tuple[str, str]]:
    for constant, value in vars(named).items():
        if isinstance(value, str) and constant not in {"TABLE", "SET", "ID"} and not constant.startswith("__"):
            yield constant, value


def test_the_tables_are_those_of_the_design_with_their_owners() -> None:
    assert {name: form.ownership.removesuffix("Owned") for name, form in FORMS.items()} == {
        "lgate_scoringmodel": "User",
        "lgate_scoringgroup": "Organization",
        "lgate_scoringcondition": "Organization",
        "lgate_scoringgrade": "Organization",
        "lgate_qualificationrule": "User",
        "lgate_qualificationcriterion": "Organization",
        "lgate_publishedversion": "Organization",
        "lgate_leadscore": "User",
        "lgate_qualificationlog": "User",
        "lgate_leadinteraction": "User",
        "lgate_syncstate": "Organization",
        "lgate_rescorejob": "Organization",
    }


def test_the_code_names_no_table_but_these() -> None:
    assert set(NAMED) == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_table_has_every_column_that_the_code_names_and_no_other(name: str) -> None:
    form = FORMS[name]
    made = {*columns(form), *(lookup.column for lookup in form.lookups)}
    assert {value for _, value in constants(NAMED[name])} == made


@pytest.mark.parametrize("name", FORMS)
def test_a_set_is_the_table_with_an_s_and_an_id_the_table_with_id(name: str) -> None:
    named: Any = NAMED[name]
    assert (f"{name}s", f"{name}id") == (named.SET, named.ID)


def test_every_column_of_ours_on_the_lead_is_made() -> None:
    ours = {value for _, value in constants(tables.Lead) if value.startswith("lgate_")}
    made = {*lead_columns(say, ()), *(lookup.column for lookup in lead_lookups(say))}
    assert made == ours


def test_names_are_lower_case_so_that_schema_and_logical_names_are_one() -> None:
    for form in FORMS.values():
        for name in (form.name, *columns(form), *(lookup.column for lookup in form.lookups)):
            assert name == name.lower()
            assert name.startswith("lgate_")


def labels_in(content: object) -> Iterator[Mapping[int, str]]:
    """Every label below `content`, as texts by language."""
    if isinstance(content, Mapping):
        if "LocalizedLabels" in content:
            yield {one["LanguageCode"]: one["Label"] for one in content["LocalizedLabels"]}
        for inner in content.values():
            yield from labels_in(inner)
    elif isinstance(content, list | tuple):
        for inner in content:
            yield from labels_in(inner)


def all_labels() -> Iterator[Mapping[int, str]]:
    for form in FORMS.values():
        yield from (form.labels, form.plural_labels)
        yield from labels_in((form.primary_name, *form.columns))
        yield from (lookup.labels for lookup in form.lookups)
        yield from (reason.labels for reason in form.status_reasons)
    yield from labels_in(lead_columns(say, ()))
    yield from (lookup.labels for lookup in lead_lookups(say))
    yield from (reason.labels for reason in lead_status_reasons(say, ()))


def test_everything_has_a_label_in_english_and_in_french() -> None:
    found = list(all_labels())
    assert len(found) > 150
    for labels in found:
        assert set(labels) == {ENGLISH, FRENCH}
        assert all(text.strip() == text != "" for text in labels.values())


def test_labels_of_tables_are_told_apart_in_each_language() -> None:
    for language in (ENGLISH, FRENCH):
        names = [form.labels[language] for form in FORMS.values()]
        assert len(set(names)) == len(names)


def test_an_environment_in_one_language_gets_that_one_alone() -> None:
    def german(english: str, _french: str) -> Labels:
        return {1031: english}

    for form in (*model_tables(german), *rule_tables(german), *lead_tables(german)):
        assert {language for labels in labels_in(form.columns) for language in labels} <= {1031}


@pytest.mark.parametrize("name", ["lgate_leadscore", "lgate_qualificationlog", "lgate_leadinteraction"])
def test_what_is_said_of_a_lead_belongs_to_it_and_goes_with_it(name: str) -> None:
    (to_lead,) = (lookup for lookup in FORMS[name].lookups if lookup.target == "lead")
    assert to_lead.cascade == PARENTAL
    others = [lookup for lookup in FORMS[name].lookups if lookup.target != "lead"]
    assert all(
        "Cascade" not in set(lookup.cascade.values()) or lookup.cascade == {"Merge": "Cascade"} for lookup in others
    )


def test_every_lookup_to_lead_or_contact_is_carried_over_by_a_merge_and_no_other_names_merge() -> None:
    for form in FORMS.values():
        for lookup in form.lookups:
            merged = lookup.cascade.get("Merge")
            assert merged == ("Cascade" if lookup.target in {"lead", "contact"} else None), (form.name, lookup.column)


def test_parts_of_a_model_or_rule_are_deleted_with_it_and_a_model_that_a_rule_names_is_kept() -> None:
    ties = {
        (form.name, lookup.column): lookup.cascade.get("Delete")
        for form in FORMS.values()
        for lookup in form.lookups
        if lookup.cascade.get("Delete") and lookup.target != "lead"
    }
    assert ties == {
        ("lgate_scoringgroup", "lgate_modelid"): "Cascade",
        ("lgate_scoringcondition", "lgate_groupid"): "Cascade",
        ("lgate_scoringgrade", "lgate_modelid"): "Cascade",
        ("lgate_qualificationcriterion", "lgate_ruleid"): "Cascade",
        ("lgate_qualificationcriterion", "lgate_modelid"): "Restrict",
    }


def test_every_lookup_leads_to_a_table_that_exists_or_is_made() -> None:
    targets = {lookup.target for form in FORMS.values() for lookup in (*form.lookups, *lead_lookups(say))}
    assert targets <= {*FORMS, "lead", "contact"}


def test_models_groups_conditions_rules_and_criteria_are_audited_and_scores_are_not() -> None:
    assert {name for name, form in FORMS.items() if form.auditing} == {
        "lgate_scoringmodel",
        "lgate_scoringgroup",
        "lgate_scoringcondition",
        "lgate_qualificationrule",
        "lgate_qualificationcriterion",
    }


def test_drafts_and_interactions_are_followed_by_change_tracking_and_our_own_writes_are_not() -> None:
    followed = {name for name, form in FORMS.items() if form.change_tracking}
    assert {"lgate_leadinteraction", "lgate_scoringmodel", "lgate_qualificationrule"} <= followed
    assert followed.isdisjoint({"lgate_leadscore", "lgate_qualificationlog", "lgate_syncstate", "lgate_rescorejob"})


@pytest.mark.parametrize(("table", "column"), sorted(MEMOS_OF_A_MILLION))
def test_definitions_have_room_for_a_million_characters(table: str, column: str) -> None:
    assert columns(FORMS[table])[column]["MaxLength"] == 1_000_000


@pytest.mark.parametrize("name", FORMS)
def test_names_have_room_for_the_200_characters_that_definitions_may_use(name: str) -> None:
    assert FORMS[name].primary_name["MaxLength"] == 200
    assert FORMS[name].primary_name["IsPrimaryName"] is True


def options(table: str, column: str) -> set[int]:
    choice: Any = columns(FORMS[table])[column]["OptionSet"]
    return {option["Value"] for option in choice["Options"]}


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("lgate_scoringgroup", "lgate_kind", tables.ScoringGroup.KINDS),
        ("lgate_scoringgroup", "lgate_join", tables.ScoringGroup.JOINS),
        ("lgate_scoringgroup", "lgate_count", tables.ScoringGroup.COUNTS),
        ("lgate_qualificationrule", "lgate_match", tables.QualificationRule.MATCHES),
        ("lgate_qualificationrule", "lgate_existingleads", tables.QualificationRule.EXISTING),
    ],
)
def test_choices_offer_what_the_code_knows(table: str, column: str, values: Mapping[str, int]) -> None:
    assert options(table, column) == set(values.values())
    assert len(set(values.values())) == len(values)


def test_values_of_ours_begin_with_our_option_prefix() -> None:
    log = tables.QualificationLog
    outcomes = {log.QUALIFIED, log.QUALIFYING, log.BLOCKED, log.FAILED, log.REOPENED}
    assert options("lgate_qualificationlog", "lgate_outcome") == outcomes
    reasons = {reason.value for form in FORMS.values() for reason in form.status_reasons if not reason.is_default}
    for value in {*outcomes, *reasons, tables.Lead.MARKETING_QUALIFIED}:
        assert str(value).startswith(str(tables.OPTION_PREFIX))
        assert len(str(value)) == 9


@pytest.mark.parametrize("table", ["lgate_scoringmodel", "lgate_qualificationrule"])
def test_the_life_cycle_is_that_of_the_design(table: str) -> None:
    assert [(reason.state, reason.value, reason.labels[ENGLISH]) for reason in FORMS[table].status_reasons] == [
        (0, 1, "Draft"),
        (1, 2, "Stopped"),
        (0, 482100001, "Publishing"),
        (0, 482100002, "Live"),
        (0, 482100003, "Stopping"),
    ]


def test_score_rows_end_for_one_of_four_reasons() -> None:
    score = tables.LeadScore
    assert {(reason.state, reason.value) for reason in FORMS["lgate_leadscore"].status_reasons} == {
        (0, score.UP_TO_DATE),
        (1, score.OUT_OF_AUDIENCE),
        (1, score.MODEL_STOPPED),
        (1, score.MERGED),
        (1, score.LEAD_CLOSED),
    }


def test_where_customer_insights_is_installed_its_own_column_and_reason_are_used() -> None:
    assert set(lead_columns(say, ["msdyncrm_salesready"])) == {"lgate_qualifiedon"}
    assert lead_status_reasons(say, [1, 2, 823270000]) == ()
    assert set(lead_columns(say, ["jobtitle"])) == {"lgate_qualifiedon", "lgate_salesready"}
    (reason,) = lead_status_reasons(say, [1, 2])
    assert (reason.state, reason.value) == (tables.Lead.OPEN, tables.Lead.MARKETING_QUALIFIED)


def spelled_out(path: Path) -> Iterator[tuple[int, str]]:
    """Texts in code, docstrings left out, that name a table, column or option of ours."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in said:
            text = str(node.value)
            if "lgate_" in text or (isinstance(node.value, int) and text.startswith("48210")):
                yield node.lineno, text


def test_names_of_ours_are_spelled_in_one_module_alone() -> None:
    sources = [
        ROOT / "function_app.py",
        *(path for part in ("connector", "admin", "dataverse", "scoring") for path in (ROOT / part).rglob("*.py")),
    ]
    assert len(sources) > 80
    assert list(spelled_out(ROOT / "connector" / "tables.py"))
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources
        if path != ROOT / "connector" / "tables.py"
        for line, text in spelled_out(path)
    ]
    assert found == []
