"""A webhook is a hint: it chooses which rows are read again, and nothing it holds can do more."""

import gzip
import json
from typing import Any
from uuid import UUID

import pytest

from connector.intake import BODY_MAX_BYTES, Refusal, read_row_changed, refuse_caller
from connector.lifecycle_message import LifecycleMessage
from connector.messages import RowChanges
from connector.tables import MODEL_TABLES
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


def read(body: object) -> tuple[RowChanges | LifecycleMessage, ...] | Refusal:
    return read_row_changed(body if isinstance(body, bytes) else json.dumps(body).encode(), OURS)


def queued(body: object) -> list[tuple[str, list[str]]]:
    messages = read(body)
    assert not isinstance(messages, Refusal), messages
    assert all(isinstance(message, RowChanges) for message in messages)
    return [(each.table, [str(row_id) for row_id in each.ids]) for each in messages if isinstance(each, RowChanges)]


def refusal(body: object) -> tuple[int, str]:
    refused = read(body)
    assert isinstance(refused, Refusal), refused
    return refused.status, refused.reason


WHOLE = json.dumps(context()).encode()

GOOD = {
    "the documented update": context(),
    "a create": context(MessageName="Create"),
    "a delete, whose target is a reference": context(
        MessageName="Delete", InputParameters=[pair("Target", reference("lead", LEAD_ID))]
    ),
    "a merge": context(MessageName="Merge"),
    "an assignment": context(MessageName="Assign"),
    "a change of state": context(MessageName="SetStateDynamicEntity"),
    "a qualification": context(MessageName="QualifyLead"),
    "an import in bulk": context(MessageName="UpdateMultiple"),
    "a message nobody has heard of": context(MessageName="Frobnicate"),
    "stripped above 256 KB": stripped(),
    "a date with an offset": context(OperationCreatedOn="/Date(1506409448000-0700)/"),
    "escaped slashes": WHOLE.replace(b"/", b"\\/"),
    "a byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "white space around": b"\r\n " + WHOLE + b"\n",
    "unknown members": context(Tomorrow={"anything": [1, 2]}, **{"": None}),
    "members of another type": context(Depth="one", Mode={}, InputParameters={"Target": 1}, PreEntityImages="x"),
    "no correlation id": {name: value for name, value in context().items() if name != "CorrelationId"},
    "depth 99": context(Depth=99),
    "a synchronous step": context(Mode=0, IsInTransaction=True),
    "an id in braces": context(PrimaryEntityId="{" + LEAD_ID + "}"),
    "an id in upper case": context(PrimaryEntityId=LEAD_ID.upper()),
    "an organisation in upper case": context(OrganizationId=ORGANIZATION.upper()),
    "NaN": context(Depth=float("nan")),
    "infinity": context(Depth=float("-inf")),
    "1e400": WHOLE.replace(b'"Depth": 1', b'"Depth": 1e400'),
    "minus zero": context(Depth=-0.0),
    "its id twice, the second one right": WHOLE.replace(b'"Depth"', b'"PrimaryEntityId": "x", "Depth"'),
    "a thousand members": context(**{f"Member{number}": number for number in range(1_000)}),
    "a lone surrogate": context(OrganizationName="\ud800"),
    "a NUL": context(OrganizationName="\0"),
    "right-to-left marks": context(OrganizationName="\u202egnp.exe"),
    "terminal codes": context(OrganizationName="\x1b[2J\r\nInjected: yes"),
    "900 KB of text": context(OrganizationName="x" * 900_000),
}

BAD = {
    "nothing": b"",
    "white space": b" \n",
    "null": b"null",
    "a list": b"[]",
    "text": b'"x"',
    "a number": b"1",
    "true": b"true",
    "an empty object": b"{}",
    "trailing bytes": WHOLE + b"x",
    "two documents": WHOLE + WHOLE,
    "latin-1": json.dumps(context(OrganizationName="Société"), ensure_ascii=False).encode("latin-1"),
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "gzip": gzip.compress(WHOLE),
    "a form": b"OrganizationId=" + ORGANIZATION.encode(),
    "multipart": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + WHOLE + b"\r\n--x--",
    "XML": b"<RemoteExecutionContext/>",
    "5,000 digits": WHOLE.replace(b'"Depth": 1', b'"Depth": ' + b"9" * 5_000),
    "100,000 lists in each other": WHOLE.replace(b'"Depth": 1', b'"Depth": ' + b"[" * 100_000 + b"]" * 100_000),
    "100,000 objects in each other": b'{"a":' * 100_000,
    "no id": {name: value for name, value in context().items() if name != "PrimaryEntityId"},
    "an id of null": context(PrimaryEntityId=None),
    "an id that is a number": context(PrimaryEntityId=1),
    "an id that is a list": context(PrimaryEntityId=[LEAD_ID]),
    "an id that is an object": context(PrimaryEntityId={"Id": LEAD_ID}),
    "an id that is a condition": context(PrimaryEntityId="' or 1 eq 1"),
    "an id that is a path": context(PrimaryEntityId="../../contacts"),
    "an id of 10 KB": context(PrimaryEntityId="a" * 10_240),
    "an id with a lone surrogate": context(PrimaryEntityId="\ud800"),
    "its id twice, the second one wrong": WHOLE.replace(b'"SecondaryEntityName"', b'"PrimaryEntityId": "x", "S"'),
    "an organisation that is no GUID": context(OrganizationId="contoso"),
    "no organisation": {name: value for name, value in context().items() if name != "OrganizationId"},
    "a table that is a list": context(PrimaryEntityName=["lead"]),
    **{f"cut at {tenth}0%": WHOLE[: len(WHOLE) * tenth // 10] for tenth in range(1, 10)},
}


def test_there_are_sixty_bodies_and_more() -> None:
    assert len(GOOD) + len(BAD) >= 60


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_a_lead_changed_whatever_else_the_body_holds(body: object) -> None:
    assert queued(body) == [("lead", [LEAD_ID])]


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_is_no_execution_context_is_refused_and_never_a_fault(body: object) -> None:
    assert refusal(body) == (400, "not-an-execution-context")


def test_another_organisation_is_refused_before_its_table_is_looked_at() -> None:
    foreign = "c015df52-a05f-ee11-a382-000d3a64db73"
    assert refusal(context(OrganizationId=foreign)) == (403, "another-organization")
    assert refusal(context(OrganizationId=foreign, PrimaryEntityName="account")) == (403, "another-organization")


@pytest.mark.parametrize(
    "table", ["account", "contact", "Lead", "lead ", "lgate_leadscore", "", "systemuser", "lead\ud800"]
)
def test_other_tables_are_refused(table: str) -> None:
    assert refusal(context(PrimaryEntityName=table)) == (400, "another-table")


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
    messages = read(body)
    assert not isinstance(messages, Refusal), messages
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


def test_one_webhook_queues_at_most_fifty_leads() -> None:
    ids = [f"11111111-0000-4000-8000-0000000000{number:02x}" for number in range(60)]
    ((table, found),) = queued(interaction("Create", *(to_lead(row_id) for row_id in ids)))
    assert (table, found) == ("lead", ids[:50])


def test_every_message_says_that_it_came_by_webhook_and_is_new() -> None:
    messages = read(interaction("Create", to_contact(), to_lead()))
    assert not isinstance(messages, Refusal)
    changes = [message for message in messages if isinstance(message, RowChanges)]
    assert {(message.cause, message.attempt, message.v) for message in changes} == {("webhook", 0, 1)}
    assert len({message.correlation for message in messages}) == 2


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
