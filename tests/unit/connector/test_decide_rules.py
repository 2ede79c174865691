"""What rules do with a lead: who acts first, whom QualifyLead creates, who is held back and what the log is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from connector.decide_rules import QUALIFY_LEAD, Held, RuleDecision, decide_rules
from connector.decision import Action, Met, Note, Settled
from connector.ids import left_alone_id, qualification_id, reopened_id
from connector.live import LiveRule, QualifyLead
from connector.look import LogEntry, Look
from connector.tables import Lead, LeadScore, QualificationLog, Reason
from tests.unit.connector.fakes import (
    CONTACT,
    LEAD,
    MARKETING_QUALIFIED,
    RULE,
    RULE_VERSION,
    entry,
    lead_row,
    live,
    live_rule,
    look,
    stored,
)

QUALIFIED, QUALIFYING = QualificationLog.QUALIFIED, QualificationLog.QUALIFYING
BLOCKED, FAILED, REOPENED = QualificationLog.BLOCKED, QualificationLog.FAILED, QualificationLog.REOPENED

SECOND = UUID(int=22)
ACCOUNT = UUID(int=23)
EURO = UUID(int=24)
FRANC = UUID(int=25)
IN_FULL = {"Fit": 110}
CLOSED_BY_US = 3
STATUS_AND_FLAG = {"statuscode": MARKETING_QUALIFIED, "msdyncrm_salesready": True}
EMAIL = "emailaddress1"
CLOSED_ONCE = stored(active=False, reason=LeadScore.LEAD_CLOSED)
LATE = Held(BLOCKED, Reason.MAX_PER_HOUR)


def qualify(**more: Any) -> QualifyLead:
    """QualifyLead that creates a contact and nothing else, unless told otherwise."""
    given = {"contact": True, "account": False, "opportunity": False, "match_contact": None, "status": CLOSED_BY_US}
    return QualifyLead(**{**given, **more})


def decided(
    seen: Look, *rules: LiveRule, totals: Mapping[str, int] | None = None, held: Mapping[UUID, Held] | None = None
) -> RuleDecision:
    return decide_rules(seen, live(*rules), IN_FULL if totals is None else totals, held or {})


def pointing(**at: UUID) -> dict[str, object]:
    """An open lead whose lookups point at these rows."""
    return lead_row(**{f"_{column}_value": str(row_id) for column, row_id in at.items()})


def asking(row: Mapping[str, object], contacts: Mapping[str, Sequence[UUID]] | None = None) -> Look:
    return replace(look(row), contacts=contacts or {})


def done(found: RuleDecision) -> list[tuple[str, int, dict[str, object]]]:
    return [(each.name, each.occurrence, dict(each.actions)) for each in found.qualifications]


def test_a_rule_that_is_met_acts_and_its_entry_says_what_it_did() -> None:
    found = decided(look(), live_rule())
    assert done(found) == [("Marketing qualified", 1, STATUS_AND_FLAG)]
    assert (found.changes, found.action, found.notes, found.settled) == (STATUS_AND_FLAG, None, [], [])
    assert dict(found.qualifications[0].scores) == IN_FULL


def test_a_rule_that_is_not_met_says_nothing() -> None:
    assert decided(look(), live_rule(), totals={"Fit": 109}) == RuleDecision()


@pytest.mark.parametrize(
    ("contact", "account", "asked", "creates"),
    [
        (None, None, qualify(), (True, False, False)),
        (CONTACT, None, qualify(), (False, False, False)),
        (None, None, qualify(contact=False), (False, False, False)),
        (None, None, qualify(account=True), (True, True, False)),
        (None, ACCOUNT, qualify(account=True), (True, False, False)),
        (CONTACT, ACCOUNT, qualify(account=True, opportunity=True), (False, False, True)),
    ],
)
def test_nobody_whom_the_lead_names_already_is_created_a_second_time(
    contact: UUID | None, account: UUID | None, asked: QualifyLead, creates: tuple[bool, bool, bool]
) -> None:
    named = {Lead.CONTACT: contact, Lead.ACCOUNT: account}
    row = pointing(**{column: row_id for column, row_id in named.items() if row_id is not None})
    found = decided(look(row), live_rule(changes={}, qualify=asked))
    assert found.action is not None
    assert (found.action.contact, found.action.account, found.action.opportunity) == creates
    assert (found.action.rule_id, found.action.status, found.action.alone) == (RULE, CLOSED_BY_US, False)
    told = dict(zip(("contact", "account", "opportunity"), creates, strict=True)) | {"status": CLOSED_BY_US}
    assert done(found) == [("Marketing qualified", 1, {QUALIFY_LEAD: told})]


@pytest.mark.parametrize(
    ("at", "asked", "currency", "account", "contact"),
    [
        ({}, qualify(opportunity=True, currency=EURO), EURO, None, None),
        ({Lead.CURRENCY: FRANC}, qualify(opportunity=True, currency=EURO), FRANC, None, None),
        ({Lead.CURRENCY: FRANC}, qualify(currency=EURO), None, None, None),
        ({Lead.CONTACT: CONTACT}, qualify(opportunity=True), None, None, CONTACT),
        ({Lead.CONTACT: CONTACT}, qualify(), None, None, None),
        ({Lead.ACCOUNT: ACCOUNT}, qualify(opportunity=True), None, ACCOUNT, None),
        ({Lead.ACCOUNT: ACCOUNT}, qualify(), None, None, None),
        ({Lead.CONTACT: CONTACT, Lead.ACCOUNT: ACCOUNT}, qualify(opportunity=True), None, ACCOUNT, None),
        ({Lead.CONTACT: CONTACT}, qualify(opportunity=True, account=True), None, None, None),
    ],
)
def test_an_opportunity_has_the_leads_own_currency_and_the_customer_that_the_lead_names(
    at: dict[str, UUID], asked: QualifyLead, currency: UUID | None, account: UUID | None, contact: UUID | None
) -> None:
    action = decided(look(pointing(**at)), live_rule(qualify=asked)).action
    assert action is not None
    assert (action.currency, action.customer_account, action.customer_contact) == (currency, account, contact)


@pytest.mark.parametrize(
    ("row", "asked", "asks"),
    [
        (lead_row(emailaddress1="a@b.example"), qualify(match_contact=EMAIL), {EMAIL}),
        (lead_row(emailaddress1=None), qualify(match_contact=EMAIL), set()),
        (lead_row(), qualify(match_contact=EMAIL), set()),
        (lead_row(emailaddress1="a@b.example"), qualify(), set()),
        (pointing(parentcontactid=CONTACT) | {EMAIL: "a@b.example"}, qualify(match_contact=EMAIL), set()),
    ],
)
def test_a_contact_is_looked_for_where_the_lead_has_none_and_something_to_be_found_by(
    row: dict[str, object], asked: QualifyLead, asks: set[str]
) -> None:
    found = decided(look(row), live_rule(qualify=asked))
    assert found.asks == asks
    assert bool(found.qualifications) is bool(found.action) is (not asks)


def test_who_is_found_is_linked_and_not_created_and_two_are_nobody() -> None:
    row, rule = lead_row(emailaddress1="a@b.example"), live_rule(qualify=qualify(match_contact=EMAIL, opportunity=True))
    nobody = decided(asking(row, {EMAIL: []}), rule)
    assert nobody.action is not None
    assert (nobody.parent_contact, nobody.action.contact, nobody.action.customer_contact) == (None, True, None)
    one = decided(asking(row, {EMAIL: [CONTACT]}), rule)
    assert one.action is not None
    assert (one.parent_contact, one.action.contact, one.action.customer_contact) == (CONTACT, False, CONTACT)
    two = decided(asking(row, {EMAIL: [CONTACT, SECOND]}), rule)
    assert (two.action, two.parent_contact, two.changes, done(two)) == (None, None, {}, [])
    assert two.notes == [Note(RULE, RULE_VERSION, "Marketing qualified", 1, BLOCKED, Reason.AMBIGUOUS_CONTACT, IN_FULL)]


def test_a_rule_that_is_held_does_nothing_asks_nobody_and_the_log_says_why() -> None:
    seen = look(lead_row(emailaddress1="a@b.example"))
    found = decided(seen, live_rule(qualify=qualify(match_contact=EMAIL)), held={RULE: LATE})
    note = Note(RULE, RULE_VERSION, "Marketing qualified", 1, BLOCKED, Reason.MAX_PER_HOUR, IN_FULL)
    assert found == RuleDecision(notes=[note], met=[Met(RULE, 1, IN_FULL)])


def test_why_a_rule_is_held_goes_before_what_its_search_found() -> None:
    seen = asking(lead_row(emailaddress1="a@b.example"), {EMAIL: [CONTACT, SECOND]})
    (note,) = decided(seen, live_rule(qualify=qualify(match_contact=EMAIL)), held={RULE: LATE}).notes
    assert note.reason == Reason.MAX_PER_HOUR


@pytest.mark.parametrize(
    ("log", "notes"),
    [
        ([], [(1, BLOCKED)]),
        ([entry(BLOCKED, reason=Reason.MAX_PER_HOUR)], []),
        ([entry(BLOCKED, reason=Reason.DUPLICATE)], [(1, BLOCKED)]),
        ([entry(QUALIFIED), entry(REOPENED, 2), entry(BLOCKED, 2, reason=Reason.MAX_PER_HOUR)], []),
        ([entry(BLOCKED, reason=Reason.MAX_PER_HOUR), entry(QUALIFIED), entry(REOPENED, 2)], [(2, BLOCKED)]),
    ],
)
def test_a_refusal_is_logged_when_its_reason_is_another_than_the_last_one(
    log: list[LogEntry], notes: list[tuple[int, int]]
) -> None:
    found = decided(look(log=log), live_rule(), held={RULE: LATE})
    assert [(note.occurrence, note.outcome) for note in found.notes] == notes


def test_a_refusal_of_a_new_occurrence_is_logged_though_the_one_before_ended_with_the_same() -> None:
    log = [entry(FAILED, reason=Reason.MAX_PER_HOUR, ran_qualify_lead=True)]
    found = decided(look(log=log, scores=[CLOSED_ONCE]), live_rule(), held={RULE: LATE})
    assert [(note.occurrence, note.outcome) for note in found.notes] == [(2, REOPENED), (2, BLOCKED)]


@pytest.mark.parametrize("score", [110, 0])
def test_that_a_rule_may_act_again_is_noted_by_its_computed_id_and_it_acts_if_it_is_met(score: int) -> None:
    seen = look(log=[entry(QUALIFIED)], scores=[CLOSED_ONCE])
    found = decided(seen, live_rule(), totals={"Fit": score})
    name, row_id = "Marketing qualified", reopened_id(LEAD, RULE, 2)
    assert found.notes == [Note(RULE, RULE_VERSION, name, 2, REOPENED, Reason.REOPENED, {}, row_id)]
    assert done(found) == ([(name, 2, STATUS_AND_FLAG)] if score else [])


def test_a_lead_that_is_left_alone_is_not_acted_on_and_leaves_its_columns_to_later_rules() -> None:
    left = entry(BLOCKED, reason=Reason.EXISTING_LEAD, row_id=left_alone_id(LEAD, RULE_VERSION))
    later = live_rule(rule_id=SECOND, name="later", changes={"statuscode": 5})
    later = replace(later, version_id=SECOND)
    assert done(decided(look(log=[left]), live_rule(), later)) == [("later", 1, {"statuscode": 5})]


@pytest.mark.parametrize("met", [True, False])
def test_what_a_rule_has_set_no_later_rule_sets_otherwise_though_the_first_is_met_no_more(met: bool) -> None:
    first = live_rule(("Fit", 110 if met else 111), changes={"statuscode": 4}, qualify=qualify())
    later = live_rule(rule_id=SECOND, name="later", changes={"statuscode": 5, "lgate_x": 1}, qualify=qualify())
    log = [entry(FAILED, ran_qualify_lead=True)]
    found = decided(look(log=log), first, later)
    assert done(found) == [("later", 1, {"lgate_x": 1})]
    assert (found.changes, found.action) == ({"lgate_x": 1}, None)


def test_the_first_rule_that_runs_qualify_lead_is_the_only_one_and_a_later_one_looks_for_no_contact() -> None:
    first = live_rule(changes={"a": 1}, qualify=qualify())
    later = live_rule(
        rule_id=SECOND, name="later", changes={"b": 2}, qualify=qualify(match_contact=EMAIL, account=True)
    )
    found = decided(look(lead_row(emailaddress1="a@b.example")), first, later)
    assert [(name, sorted(actions)) for name, _, actions in done(found)] == [
        ("Marketing qualified", ["a", QUALIFY_LEAD]),
        ("later", ["b"]),
    ]
    assert found.changes == {"a": 1, "b": 2}
    assert found.asks == set()
    assert found.action is not None
    assert (found.action.rule_id, found.action.account) == (RULE, False)


def test_a_rule_that_waits_for_an_answer_or_is_held_keeps_no_other_from_acting() -> None:
    later = live_rule(rule_id=SECOND, name="later", changes={"statuscode": 5})
    waiting = live_rule(qualify=qualify(match_contact=EMAIL))
    found = decided(look(lead_row(emailaddress1="a@b.example")), waiting, later)
    assert (found.asks, done(found)) == ({EMAIL}, [("later", 1, {"statuscode": 5})])
    assert done(decided(look(), live_rule(), later, held={RULE: LATE})) == [("later", 1, {"statuscode": 5})]


UNDER_WAY = entry(QUALIFYING, row_id=qualification_id(LEAD, RULE, 1), ran_qualify_lead=True)


@pytest.mark.parametrize(
    ("state", "held", "settled"),
    [
        (1, {}, (QUALIFIED, None)),
        (1, {RULE: LATE}, (QUALIFIED, None)),
        (2, {}, (FAILED, Reason.DISQUALIFIED)),
        (2, {RULE: LATE}, (FAILED, Reason.DISQUALIFIED)),
    ],
)
@pytest.mark.parametrize("row_id", [UNDER_WAY.row_id, None])
def test_an_action_under_way_ends_by_what_became_of_the_lead(
    state: int, held: dict[UUID, Held], settled: tuple[int, str | None], row_id: UUID | None
) -> None:
    seen = look(lead_row(statecode=state), log=[replace(UNDER_WAY, row_id=row_id)])
    found = decided(seen, live_rule(qualify=qualify()), held=held)
    assert found == RuleDecision(settled=[Settled(qualification_id(LEAD, RULE, 1), *settled)])


def test_an_action_under_way_that_is_refused_stays_under_way_and_the_log_says_why_once() -> None:
    held = {RULE: Held(FAILED, "0x80040265")}
    found = decided(look(lead_row(), log=[UNDER_WAY]), live_rule(qualify=qualify()), held=held)
    assert (found.settled, found.action) == ([], None)
    assert [(note.outcome, note.reason) for note in found.notes] == [(FAILED, "0x80040265")]
    said = entry(FAILED, reason="0x80040265")
    again = decided(look(lead_row(), log=[UNDER_WAY, said]), live_rule(qualify=qualify()), held=held)
    assert again.notes == []


@pytest.mark.parametrize("at", [{}, {Lead.CONTACT: CONTACT}])
def test_an_action_under_way_on_an_open_lead_is_tried_again_alone(at: dict[str, UUID]) -> None:
    found = decided(look(pointing(**at), log=[UNDER_WAY]), live_rule(qualify=qualify()))
    alone = Action(
        rule_id=RULE,
        contact=not at,
        account=False,
        opportunity=False,
        status=CLOSED_BY_US,
        currency=None,
        customer_account=None,
        customer_contact=None,
        alone=True,
    )
    assert found == RuleDecision(action=alone)


def test_an_action_under_way_of_a_rule_that_has_no_action_any_more_waits_for_the_lead_to_close() -> None:
    assert decided(look(log=[UNDER_WAY]), live_rule()) == RuleDecision()


@pytest.mark.parametrize("mark", [Lead.MERGED, Lead.GDPR_OPT_OUT])
def test_for_a_lead_in_no_audience_no_rule_does_anything_new(mark: str) -> None:
    seen = look(lead_row(**{mark: True}), log=[entry(QUALIFIED)], scores=[CLOSED_ONCE])
    assert decided(seen, live_rule(), live_rule(rule_id=SECOND)) == RuleDecision()


def test_a_closed_lead_ends_what_is_under_way_of_every_rule_and_nothing_begins() -> None:
    of_second = replace(UNDER_WAY, rule_id=SECOND, row_id=qualification_id(LEAD, SECOND, 1))
    seen = look(lead_row(statecode=1), log=[UNDER_WAY, of_second])
    found = decided(seen, live_rule(qualify=qualify()), live_rule(rule_id=SECOND, qualify=qualify()))
    ids = [qualification_id(LEAD, rule, 1) for rule in (RULE, SECOND)]
    assert found == RuleDecision(settled=[Settled(row_id, QUALIFIED) for row_id in ids])
