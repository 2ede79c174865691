"""What a rule sets is found in the environment's own metadata, in whatever language its people use."""

from typing import Any

import pytest

from connector.lead_table import LeadTable, Resolved
from connector.live import QualifyLead
from connector.rules import parse_rule
from dataverse.metadata import ColumnMetadata, StatusOption, TableMetadata
from scoring import DefinitionError

NEW = StatusOption(1, 0, {1033: "New", 1036: "Nouveau"})
CONTACTED = StatusOption(2, 0, {1033: "Contacted", 1036: "Contacté"})
QUALIFIED = StatusOption(3, 1, {1033: "Qualified", 1036: "Qualifié"})
OURS = StatusOption(482100000, 0, {1033: "Marketing Qualified", 1036: "Qualifié par le marketing"})
THEIRS = StatusOption(823270000, 0, {1033: "Marketing Qualified", 1036: "Qualifié pour le marketing"})


def lead_table(*columns: str, statuses: tuple[StatusOption, ...] = (NEW, CONTACTED, QUALIFIED, OURS)) -> LeadTable:
    metadata = TableMetadata(
        logical_name="lead",
        entity_set_name="leads",
        primary_id="leadid",
        primary_name="fullname",
        columns={name: ColumnMetadata(name, "Boolean", is_secured=False, is_valid_for_read=True) for name in columns},
        lookups={},
        navigations={},
    )
    return LeadTable(metadata, statuses)


def rule(**members: Any) -> Any:
    return parse_rule(
        {"rule": "R", "criteria": [{"model": "Fit", "at_least": 1}], "actions": {"sales_ready": True}, **members}
    )


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (("lgate_salesready",), "lgate_salesready"),
        (("msdyncrm_salesready",), "msdyncrm_salesready"),
        (("lgate_salesready", "msdyncrm_salesready"), "msdyncrm_salesready"),
        ((), None),
    ],
)
def test_sales_ready_is_customer_insights_own_where_it_is_installed_else_ours(
    columns: tuple[str, ...], found: str | None
) -> None:
    assert lead_table(*columns).sales_ready == found


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        ("Marketing Qualified", 482100000),
        ("marketing qualified", 482100000),
        ("QUALIFIÉ PAR LE MARKETING", 482100000),
        (" Nouveau ", 1),
        ("Contacté", 2),
        (2, 2),
        (482100000, 482100000),
        ("Qualified", None),
        (3, None),
        ("2", None),
        ("Contacte", None),
        ("", None),
        (0, None),
        (823270000, None),
    ],
)
def test_a_status_reason_is_an_open_one_by_its_value_or_by_its_label_in_any_language(
    wanted: str | int, value: int | None
) -> None:
    assert lead_table().open_status(wanted) == value


@pytest.mark.parametrize("order", [(OURS, THEIRS), (THEIRS, OURS)])
def test_where_customer_insights_has_the_same_label_its_own_option_is_meant(order: tuple[StatusOption, ...]) -> None:
    assert lead_table(statuses=(NEW, *order)).open_status("Marketing Qualified") == 823270000
    assert lead_table(statuses=(NEW, *order)).open_status("Qualifié par le marketing") == 482100000


def test_a_rule_becomes_columns_with_values_and_reasons_with_numbers() -> None:
    resolved = lead_table("lgate_salesready").resolve(
        rule(actions={"status_reason": "Marketing Qualified", "sales_ready": True}, from_status=["Nouveau", 2, "New"])
    )
    assert resolved.changes == {"statuscode": 482100000, "lgate_salesready": True}
    assert resolved.from_status == {1, 2}
    assert resolved.qualify is None


def test_a_rule_sets_only_what_it_names() -> None:
    table = lead_table("msdyncrm_salesready")
    assert table.resolve(rule()) == Resolved({"msdyncrm_salesready": True}, frozenset(), None)
    assert table.resolve(rule(actions={"status_reason": 2})) == Resolved({"statuscode": 2}, frozenset(), None)


def test_qualify_lead_gets_a_reason_of_the_state_qualified_by_label_or_value() -> None:
    for status in ("Qualifié", "qualified", 3):
        asked = {"qualify_lead": {"account": True, "qualified_status": status}}
        resolved = lead_table().resolve(rule(actions=asked))
        assert resolved.qualify == QualifyLead(
            contact=True, account=True, opportunity=False, match_contact=None, status=3
        )


def test_what_qualify_lead_names_must_be_there() -> None:
    asked = {"qualify_lead": {"match_contact": "emailaddress1", "qualified_status": "New"}}
    with pytest.raises(DefinitionError) as refused:
        lead_table().resolve(rule(actions=asked))
    assert [str(problem) for problem in refused.value.problems] == [
        "actions.qualify_lead.match_contact: lead has no readable text column emailaddress1",
        "actions.qualify_lead.qualified_status: lead has no qualified Status Reason 'New'",
    ]


def test_everything_that_the_environment_lacks_is_named_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        lead_table().resolve(
            rule(actions={"status_reason": "Hot", "sales_ready": True}, from_status=["New", "Warm", 3])
        )
    assert [str(problem) for problem in refused.value.problems] == [
        "actions.status_reason: lead has no open Status Reason 'Hot'",
        "actions.sales_ready: lead has no sales-ready column: run provision",
        "from_status[1]: lead has no open Status Reason 'Warm'",
        "from_status[2]: lead has no open Status Reason 3",
    ]
