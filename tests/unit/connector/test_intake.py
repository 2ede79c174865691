"""A webhook is a hint: it chooses which rows are read again, and nothing it holds can do more."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from connector.intake import BODY_MAX_BYTES, ROWS_MAX, Accepted, Refusal, read_row_changed, refuse_caller
from connector.lifecycle_message import LifecycleMessage
from connector.messages import RowChanges
from connector.queries import InteractionQuery
from connector.reach import NOTHING_REACHED, Reach, RelatedTable
from connector.tables import MODEL_TABLES
from tests.security.bodies import NO_CONTEXT, OF_A_LEAD, WHOLE
from tests.unit.connector.executed import (
    INTERACTION_ID,
    LEAD_ID,
    ORGANIZATION,
    context,
    entity,
    interaction,
    pair,
    reference,
    stripped,
)

OURS = UUID(ORGANIZATION)
SECRET = "Abcdefghijklmnopqrstuvwxyz012345"
OTHER_SECRET = "Zyxwvutsrqponmlkjihgfedcba543210"
LEAD = "11111111-0000-4000-8000-000000000001"
ANOTHER_LEAD = "11111111-0000-4000-8000-000000000002"
CONTACT = "22222222-0000-4000-8000-000000000001"


def unasked() -> Reach:
    raise AssertionError("what is live was asked for")


def read(body: object, reach: Callable[[], Reach] = unasked) -> Accepted | Refusal:
    return read_row_changed(body if isinstance(body, bytes) else json.dumps(body).encode(), OURS, reach)


def accepted(body: object, reach: Callable[[], Reach] = unasked) -> Accepted:
    answer = read(body, reach)
    assert isinstance(answer, Accepted), answer
    return answer


def queued(body: object, reach: Callable[[], Reach] = unasked) -> list[tuple[str, list[str]]]:
    return [(message.table, [str(row_id) for row_id in message.ids]) for message in accepted(body, reach).messages]


def refusal(body: object, reach: Callable[[], Reach] = unasked) -> tuple[int, str]:
    refused = read(body, reach)
    assert isinstance(refused, Refusal), refused
    return refused.status, refused.reason


@pytest.mark.parametrize("body", OF_A_LEAD.values(), ids=OF_A_LEAD.keys())
def test_a_lead_changed_whatever_else_the_body_holds(body: object) -> None:
    assert queued(body) == [("lead", [LEAD_ID])]


@pytest.mark.parametrize("body", NO_CONTEXT.values(), ids=NO_CONTEXT.keys())
def test_what_is_no_execution_context_is_refused_and_never_a_fault(body: object) -> None:
    assert refusal(body) == (400, "not-an-execution-context")


def test_another_organisation_is_refused_before_its_table_is_looked_at() -> None:
    foreign = "c015df52-a05f-ee11-a382-000d3a64db73"
    assert refusal(context(OrganizationId=foreign)) == (403, "another-organization")
    assert refusal(context(OrganizationId=foreign, PrimaryEntityName="account")) == (403, "another-organization")


@pytest.mark.parametrize(
    "table", ["account", "contact", "Lead", "lead ", "lgate_leadscore", "", "systemuser", "lead\ud800"]
)
def test_tables_that_no_live_model_uses_are_refused(table: str) -> None:
    assert refusal(context(PrimaryEntityName=table), lambda: NOTHING_REACHED) == (400, "another-table")
    others = Reach({"opportunity": RelatedTable("opportunity", "opportunities", "opportunityid", ("x",))}, {})
    assert refusal(context(PrimaryEntityName=table), lambda: others) == (400, "another-table")


@pytest.mark.parametrize("zero", ["00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"])
def test_the_zero_id_is_refused(zero: str) -> None:
    assert refusal(context(PrimaryEntityId=zero)) == (400, "empty-id")


def test_a_body_is_at_most_one_mebibyte() -> None:
    padded = WHOLE.ljust(BODY_MAX_BYTES)
    assert queued(padded) == [("lead", [LEAD_ID])]
    assert refusal(padded + b" ") == (413, "too-large")


def test_a_body_that_is_too_large_is_not_parsed_first() -> None:
    assert refusal(b"[" * (BODY_MAX_BYTES + 1)) == (413, "too-large")


def looked_at(body: object) -> list[tuple[str, str]]:
    """The models and rules, or parts of them, that the messages name."""
    messages = accepted(body).messages
    assert all(isinstance(message, LifecycleMessage) for message in messages)
    return [(message.table, str(message.id)) for message in messages if isinstance(message, LifecycleMessage)]


@pytest.mark.parametrize("table", ["lgate_scoringmodel", "lgate_qualificationrule"])
def test_a_change_of_a_model_or_rule_is_a_look_at_it_and_at_no_lead(table: str) -> None:
    assert looked_at(context(PrimaryEntityName=table)) == [(table, LEAD_ID)]


def test_a_published_version_is_ours_alone() -> None:
    assert looked_at(context(PrimaryEntityName="lgate_publishedversion")) == []


BELOW = {
    "lgate_scoringgroup": ("lgate_modelid", "lgate_scoringmodel"),
    "lgate_scoringgrade": ("lgate_modelid", "lgate_scoringmodel"),
    "lgate_scoringcondition": ("lgate_groupid", "lgate_scoringgroup"),
    "lgate_qualificationcriterion": ("lgate_ruleid", "lgate_qualificationrule"),
}


@pytest.mark.parametrize("table", BELOW)
def test_a_part_of_a_draft_is_a_look_at_what_it_belongs_and_belonged_to(table: str) -> None:
    lookup, above = BELOW[table]
    moved = {
        **interaction(
            "Update", pair(lookup, reference(above, LEAD)), before=(pair(lookup, reference(above, CONTACT)),)
        ),
        "PrimaryEntityName": table,
    }
    assert looked_at(moved) == [(above, LEAD), (above, CONTACT)]
    deleted = {**interaction("Delete", before=(pair(lookup, reference(above, LEAD)),)), "PrimaryEntityName": table}
    assert looked_at(deleted) == [(above, LEAD)]
    assert looked_at(stripped(PrimaryEntityName=table)) == [(table, LEAD_ID)]


def test_every_table_of_models_and_rules_is_known() -> None:
    assert {*BELOW, "lgate_scoringmodel", "lgate_qualificationrule", "lgate_publishedversion"} == MODEL_TABLES


def to_lead(row_id: object = LEAD) -> dict[str, object]:
    return pair("lgate_leadid", reference("lead", row_id))


def to_contact(row_id: object = CONTACT) -> dict[str, object]:
    return pair("lgate_contactid", reference("contact", row_id))


INTERACTIONS: dict[str, tuple[Any, list[tuple[str, list[str]]]]] = {
    "of a lead": (interaction("Create", to_lead()), [("lead", [LEAD])]),
    "of a contact": (interaction("Create", to_contact()), [("contact", [CONTACT])]),
    "of both": (interaction("Create", to_contact(), to_lead()), [("lead", [LEAD]), ("contact", [CONTACT])]),
    "of neither, or of what was left unchanged": (
        interaction("Update", pair("lgate_type", "price-page")),
        [("lgate_leadinteraction", [INTERACTION_ID])],
    ),
    "whose lead was emptied": (
        interaction("Update", pair("lgate_leadid", None), before=(to_lead(),)),
        [("lead", [LEAD])],
    ),
    "moved from one lead to another": (
        interaction("Update", to_lead(ANOTHER_LEAD), before=(to_lead(LEAD), to_contact())),
        [("lead", [ANOTHER_LEAD, LEAD]), ("contact", [CONTACT])],
    ),
    "deleted, known from its image": (interaction("Delete", before=(to_lead(),)), [("lead", [LEAD])]),
    "deleted, without an image": (interaction("Delete"), [("lgate_leadinteraction", [INTERACTION_ID])]),
    "whose lookup is no GUID": (
        interaction("Create", to_lead("' or 1 eq 1"), to_lead(7), to_lead(None), pair("lgate_leadid", LEAD)),
        [("lgate_leadinteraction", [INTERACTION_ID])],
    ),
}


@pytest.mark.parametrize(("body", "expected"), INTERACTIONS.values(), ids=INTERACTIONS.keys())
def test_an_interaction_looks_at_whom_it_points_and_pointed_at(
    body: object, expected: list[tuple[str, list[str]]]
) -> None:
    assert queued(body) == expected


def test_an_interaction_that_was_stripped_is_looked_up_by_its_own_id() -> None:
    body = stripped(PrimaryEntityName="lgate_leadinteraction", PrimaryEntityId=INTERACTION_ID)
    assert queued(body) == [("lgate_leadinteraction", [INTERACTION_ID])]


def test_one_webhook_queues_fifty_leads_to_a_message_and_a_thousand_at_most() -> None:
    ids = [f"11111111-0000-4000-8000-00000000{number:04x}" for number in range(ROWS_MAX + 60)]
    found = queued(interaction("Create", *(to_lead(row_id) for row_id in ids)))
    assert [(table, len(leads)) for table, leads in found] == [("lead", 50)] * (ROWS_MAX // 50)
    assert [lead for _, leads in found for lead in leads] == ids[:ROWS_MAX]


def test_every_message_says_that_it_came_by_webhook_and_is_new() -> None:
    messages = accepted(interaction("Create", to_contact(), to_lead())).messages
    changes = [message for message in messages if isinstance(message, RowChanges)]
    assert {(message.cause, message.attempt, message.v) for message in changes} == {("webhook", 0, 1)}
    assert len({message.correlation for message in messages}) == 2


MESSAGE_NAMES = [
    *("Create", "Update", "Delete", "Merge", "Assign", "SetState", "SetStateDynamicEntity", "QualifyLead"),
    *("CreateMultiple", "UpdateMultiple", "UpsertMultiple", "Frobnicate"),
]


@pytest.mark.parametrize("name", MESSAGE_NAMES)
@pytest.mark.parametrize("parameters", [[], [pair("Target", reference("lead", LEAD_ID))], None])
def test_whatever_the_message_is_called_its_id_is_looked_at(name: str, parameters: object) -> None:
    assert queued(context(MessageName=name, InputParameters=parameters)) == [("lead", [LEAD_ID])]


def merge(subordinate: object) -> Any:
    content = entity("lead", "00000000-0000-0000-0000-000000000000", pair("jobtitle", "CTO"))
    parameters = [
        pair("Target", reference("lead", LEAD_ID)),
        pair("SubordinateId", subordinate),
        pair("UpdateContent", content),
        pair("PerformParentingChecks", False),
    ]
    return context(MessageName="Merge", InputParameters=parameters)


def test_a_merge_looks_at_both_leads() -> None:
    assert queued(merge(LEAD)) == [("lead", [LEAD_ID, LEAD])]


@pytest.mark.parametrize("subordinate", [None, 7, "' or 1 eq 1", {}, [], LEAD_ID, "\ud800"])
def test_a_merge_whose_subordinate_is_no_other_row_looks_at_the_one_that_stays(subordinate: object) -> None:
    assert queued(merge(subordinate)) == [("lead", [LEAD_ID])]


ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "targets",
    [
        {"Entities": [entity("lead", LEAD), entity("lead", ANOTHER_LEAD)], "MoreRecords": False},
        [entity("lead", LEAD), entity("lead", ANOTHER_LEAD)],
        [entity("lead", LEAD), None, 7, {"Id": []}, entity("lead", ZERO), entity("lead", ANOTHER_LEAD)],
    ],
)
@pytest.mark.parametrize("name", ["CreateMultiple", "UpdateMultiple"])
def test_a_bulk_message_looks_at_each_of_its_rows(name: str, targets: object) -> None:
    body = context(MessageName=name, PrimaryEntityId=ZERO, InputParameters=[pair("Targets", targets)])
    assert queued(body) == [("lead", [LEAD, ANOTHER_LEAD])]


def test_a_parameter_with_a_key_that_is_no_text_names_nothing() -> None:
    keys: list[Any] = [["Targets"], {"a": 1}, None, 1]
    parameters = [{"key": key, "value": LEAD} for key in keys]
    assert queued(context(InputParameters=parameters)) == [("lead", [LEAD_ID])]


@pytest.mark.parametrize("synchronous", [{"Mode": 0}, {"IsInTransaction": True}, {"Mode": 0, "IsInTransaction": True}])
def test_what_is_not_committed_yet_is_looked_at_half_a_minute_later(synchronous: dict[str, Any]) -> None:
    assert accepted(context(**synchronous)).delay_s == 30


@pytest.mark.parametrize(
    "asynchronous",
    [{}, {"Mode": 1, "IsInTransaction": False}, {"Mode": None}, {"Mode": False}, {"Mode": "0"}, {"IsInTransaction": 1}],
)
def test_what_is_committed_is_looked_at_now(asynchronous: dict[str, Any]) -> None:
    assert accepted(context(**asynchronous)).delay_s == 0


@pytest.mark.parametrize("on", ["/Date(0)/", "/Date(-2208988800000)/", "/Date(32503680000000)/", None, "never", 5, {}])
def test_no_event_is_too_old_or_too_new(on: object) -> None:
    assert queued(context(OperationCreatedOn=on)) == [("lead", [LEAD_ID])]


ACCOUNTS = RelatedTable("account", "accounts", "accountid", ("parentaccountid",))
VISITS = InteractionQuery("new_visit", "new_visits", "new_visitid", (), ("new_lead",), ("new_person", "new_guest"))


def live() -> Reach:
    return Reach({"account": ACCOUNTS}, {"new_visit": VISITS})


def test_a_table_that_live_models_read_by_a_lookup_is_looked_up_by_its_own_id() -> None:
    assert queued(context(PrimaryEntityName="account"), live) == [("account", [LEAD_ID])]


def visit(*attributes: dict[str, object], before: tuple[dict[str, object], ...] = ()) -> Any:
    body = interaction("Update", *attributes, before=before)
    return {**body, "PrimaryEntityName": "new_visit"}


def test_interactions_of_any_table_look_at_whom_they_point_and_pointed_at() -> None:
    moved = visit(
        pair("new_lead", reference("lead", LEAD)),
        pair("lgate_leadid", reference("lead", LEAD_ID)),
        before=(pair("new_lead", reference("lead", ANOTHER_LEAD)), pair("new_guest", reference("contact", CONTACT))),
    )
    assert queued(moved, live) == [("lead", [LEAD, ANOTHER_LEAD]), ("contact", [CONTACT])]
    assert queued(visit(pair("new_page", "price")), live) == [("new_visit", [INTERACTION_ID])]


def test_a_table_of_both_kinds_is_looked_at_in_both_ways() -> None:
    visits = RelatedTable("new_visit", "new_visits", "new_visitid", ("new_lastvisit",))
    both = Reach({"new_visit": visits}, {"new_visit": VISITS})
    named = visit(pair("new_lead", reference("lead", LEAD)))
    assert queued(named, lambda: both) == [("lead", [LEAD]), ("new_visit", [INTERACTION_ID])]
    assert queued(visit(), lambda: both) == [("new_visit", [INTERACTION_ID])]


def test_a_contact_that_points_at_another_contact_is_looked_at_beside_it() -> None:
    guests = InteractionQuery("contact", "contacts", "contactid", (), (), ("new_host",))
    both = Reach(
        {"contact": RelatedTable("contact", "contacts", "contactid", ("parentcontactid",))}, {"contact": guests}
    )
    body = {**visit(pair("new_host", reference("contact", CONTACT))), "PrimaryEntityName": "contact"}
    assert queued(body, lambda: both) == [("contact", [CONTACT]), ("contact", [INTERACTION_ID])]


HOSTILE_PARAMETERS: list[Any] = [
    None,
    {},
    [None],
    [[]],
    [{"key": "Target"}],
    [{"value": 1}],
    [pair("Target", None)],
    [pair("Target", [entity("lead", LEAD)])],
    [pair("Target", {"Attributes": {"lgate_leadid": LEAD}})],
    [pair("Target", {"Attributes": [1, None, {"key": "lgate_leadid", "value": {"Id": {}}}]})],
]


@pytest.mark.parametrize("parameters", HOSTILE_PARAMETERS)
def test_parameters_of_another_shape_hold_no_reference_and_do_no_harm(parameters: object) -> None:
    body = {**interaction("Update"), "InputParameters": parameters, "PostEntityImages": parameters}
    assert queued(body) == [("lgate_leadinteraction", [INTERACTION_ID])]


WRONG = {
    "missing": None,
    "empty": "",
    "another": "x" * 32,
    "a prefix": SECRET[:-1],
    "with a suffix": SECRET + "x",
    "in another case": SECRET.swapcase(),
    "between spaces": f" {SECRET} ",
    "twice, as a host joins two headers": f"{SECRET},{SECRET}",
    "not ASCII": SECRET[:-1] + "é",
    "a lone surrogate": SECRET[:-1] + "\ud800",
    "and a lone surrogate": SECRET + "\ud800",
    "of a megabyte": SECRET * 32_768,
    "both secrets": f"{SECRET},{OTHER_SECRET}",
}


@pytest.mark.parametrize("presented", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_secret_is_refused_in_one_and_the_same_way(presented: str | None) -> None:
    assert refuse_caller(presented, [SECRET], OURS) == Refusal(401, "unauthorized")
    assert refuse_caller(presented, [OTHER_SECRET, SECRET], OURS) == Refusal(401, "unauthorized")


def test_two_secrets_are_valid_while_one_replaces_the_other_and_the_old_one_is_refused_after() -> None:
    assert refuse_caller(SECRET, [OTHER_SECRET, SECRET], OURS) is None
    assert refuse_caller(OTHER_SECRET, [OTHER_SECRET, SECRET], OURS) is None
    assert refuse_caller(SECRET, [OTHER_SECRET], OURS) == Refusal(401, "unauthorized")


@pytest.mark.parametrize("presented", [None, "", SECRET])
@pytest.mark.parametrize("secrets", [[], [""], ["", SECRET]])
def test_without_a_secret_of_our_own_nobody_is_let_in(presented: str | None, secrets: list[str]) -> None:
    assert refuse_caller(presented, secrets, OURS) == Refusal(503, "not-configured")


def test_without_an_organisation_of_our_own_nobody_is_let_in() -> None:
    assert refuse_caller(SECRET, [SECRET], None) == Refusal(503, "not-configured")
