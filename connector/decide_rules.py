"""Deciding what the rules do with a lead: which act, which are held back and why, what goes on. Pure.

Rules act in their order, each once per occurrence (connector.rule_standing); the first that acts sets a column.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from connector.decision import Action, Met, Note, Qualification, Settled
from connector.ids import qualification_id, reopened_id
from connector.live import Live, LiveRule, QualifyLead
from connector.look import Look
from connector.rule_standing import Standing, is_left_alone, standing
from connector.tables import Lead, QualificationLog, Reason

QUALIFY_LEAD = "qualify_lead"
"""Under which QualifyLead stands among the actions of a log entry, as it does in files."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why a rule does not act although it is met: `outcome` is blocked or failed."""

    outcome: int
    reason: str


@dataclass(slots=True)
class RuleDecision:
    """What the rules add to the decision about a lead."""

    qualifications: list[Qualification] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    changes: dict[str, object] = field(default_factory=dict)
    parent_contact: UUID | None = None
    action: Action | None = None
    asks: set[str] = field(default_factory=set)
    met: list[Met] = field(default_factory=list)


def decide_rules(look: Look, live: Live, totals: Mapping[str, int], held: Mapping[UUID, Held]) -> RuleDecision:
    """What the live rules do with the lead, given its scores by source; rules that are `held` may not act now."""
    found = RuleDecision()
    taken: set[str] = set()
    standings = [(rule, standing(look, rule)) for rule in live.rules]
    for rule, stands in standings:
        _go_on(look, rule, stands, totals, held, found)
    if found.action is not None or not look.is_open or look.is_in_no_audience:
        return found  # an action under way goes alone, and closes the lead
    for rule, stands in standings:
        if stands.has_acted and not stands.may_act_again:
            taken |= _columns(rule)  # what it set is not set otherwise by a later rule, whenever that is met
            continue
        if stands.may_act_again:
            found.notes.append(_reopened(look, rule, stands.next_occurrence, stands.may_act_again))
        if _is_met(look, rule, totals):
            scores = {each.source: totals[each.source] for each in rule.rule.criteria if each.source in totals}
            found.met.append(Met(rule.rule_id, stands.next_occurrence, scores))
            if not is_left_alone(look, rule):
                _meet(look, rule, stands, scores, taken, held, found)
    return found


def _meet(
    look: Look,
    rule: LiveRule,
    stands: Standing,
    met: Mapping[str, int],
    taken: set[str],
    held: Mapping[UUID, Held],
    found: RuleDecision,
) -> None:
    """Let the rule act, or say why it does not."""
    qualify = rule.qualify if QUALIFY_LEAD not in taken else None
    column = _asked(look, qualify)
    if column is not None and column not in look.contacts and rule.rule_id not in held:
        found.asks.add(column)
        return
    matches = look.contacts.get(column, ()) if column is not None else ()
    refusal = held.get(rule.rule_id)
    if refusal is None and len(matches) > 1:
        refusal = Held(QualificationLog.BLOCKED, Reason.AMBIGUOUS_CONTACT)
    if refusal is not None:
        if refusal.reason != stands.last_refusal or stands.may_act_again:
            found.notes.append(_refused(rule, stands, refusal, met))
        return
    changes = {name: value for name, value in rule.changes.items() if name not in taken}
    actions = dict(changes)
    if qualify is not None:
        found.parent_contact = matches[0] if matches else None
        found.action = _action(look, rule, qualify, found.parent_contact)
        actions[QUALIFY_LEAD] = _created(found.action)
    taken |= _columns(rule)
    found.changes |= changes
    entry = Qualification(rule.rule_id, rule.version_id, rule.name, stands.next_occurrence, met, actions)
    found.qualifications.append(entry)


def _go_on(
    look: Look,
    rule: LiveRule,
    stands: Standing,
    totals: Mapping[str, int],
    held: Mapping[UUID, Held],
    found: RuleDecision,
) -> None:
    """An action that the log says is under way: done when the lead is qualified, else tried again at every look.

    One that was refused may be mended long after: it is tried only while the scores still meet the rule.
    """
    entry = stands.qualifying
    if entry is None:
        return
    row_id = entry.row_id or qualification_id(look.lead_id, rule.rule_id, entry.occurrence)
    if look.row[Lead.STATE] == Lead.QUALIFIED:
        found.settled.append(Settled(row_id, QualificationLog.QUALIFIED))
    elif not look.is_open:
        found.settled.append(Settled(row_id, QualificationLog.FAILED, Reason.DISQUALIFIED))
    elif (refusal := held.get(rule.rule_id)) is not None:
        if refusal.reason != stands.last_refusal:
            found.notes.append(_refused(rule, stands, refusal, {}))
    elif rule.qualify is None or look.is_in_no_audience:
        return
    elif stands.last_refusal is None or _is_reached(rule, totals):
        found.action = _action(look, rule, rule.qualify, None, alone=True)


def _action(look: Look, rule: LiveRule, qualify: QualifyLead, linked: UUID | None, *, alone: bool = False) -> Action:
    """QualifyLead for this lead: nobody whom it names already is created a second time."""
    contact, account = linked or look.lookup(Lead.CONTACT), look.lookup(Lead.ACCOUNT)
    return Action(
        rule_id=rule.rule_id,
        contact=qualify.contact and contact is None,
        account=qualify.account and account is None,
        opportunity=qualify.opportunity,
        status=qualify.status,
        currency=(look.lookup(Lead.CURRENCY) or qualify.currency) if qualify.opportunity else None,
        customer_account=account if qualify.opportunity else None,
        customer_contact=contact if qualify.opportunity and account is None and not qualify.account else None,
        alone=alone,
    )


def _created(action: Action) -> dict[str, object]:
    return {
        "contact": action.contact,
        "account": action.account,
        "opportunity": action.opportunity,
        "status": action.status,
    }


def _asked(look: Look, qualify: QualifyLead | None) -> str | None:
    """The column by which the lead's contact is looked for: none when it has one, or nothing to be found by."""
    if qualify is None or qualify.match_contact is None or look.lookup(Lead.CONTACT) is not None:
        return None
    return qualify.match_contact if look.text(qualify.match_contact) else None


def _reopened(look: Look, rule: LiveRule, number: int, reason: str) -> Note:
    row_id = reopened_id(look.lead_id, rule.rule_id, number)
    return Note(rule.rule_id, rule.version_id, rule.name, number, QualificationLog.REOPENED, reason, row_id=row_id)


def _refused(rule: LiveRule, stands: Standing, refusal: Held, met: Mapping[str, int]) -> Note:
    return Note(rule.rule_id, rule.version_id, rule.name, stands.next_occurrence, refusal.outcome, refusal.reason, met)


def _columns(rule: LiveRule) -> set[str]:
    return {*rule.changes, *([QUALIFY_LEAD] if rule.qualify is not None else [])}


def _is_met(look: Look, rule: LiveRule, totals: Mapping[str, int]) -> bool:
    """Thresholds are inclusive; a model that gives the lead no score is not met."""
    return (not rule.from_status or look.row[Lead.STATUS] in rule.from_status) and _is_reached(rule, totals)


def _is_reached(rule: LiveRule, totals: Mapping[str, int]) -> bool:
    met = (each.source in totals and totals[each.source] >= each.at_least for each in rule.rule.criteria)
    return all(met) if rule.rule.match == "all" else any(met)
