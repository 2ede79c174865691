"""Deciding what is written about a lead: scores, the rules that act, and the lead's own columns. Pure."""

from datetime import datetime
from uuid import UUID

from connector.decide_scores import decide_scores, instant, scores_now
from connector.decision import Decision, Qualification
from connector.ids import lead_score_id
from connector.live import Live, LiveRule
from connector.look import Look
from connector.tables import Lead, QualificationLog
from scoring import Score

FIRST_OCCURRENCE = 1


def decide(look: Look, live: Live, at: datetime) -> Decision:
    """What Dataverse must be told so that it says what the live models and rules say of this lead at `at`."""
    scores = scores_now(look, live, at)
    qualifications = _qualifications(look, live, scores)
    lead_changes: dict[str, object] = {}
    for qualification in qualifications:
        lead_changes |= {Lead.QUALIFIED_ON: instant(at), **qualification.changes}
    return Decision(
        lead_id=look.lead_id,
        etag=look.etag,
        decided_on=at,
        scores=decide_scores(look, live, scores, at),
        qualifications=qualifications,
        lead_changes=lead_changes,
        primary_score=_primary_score(look, live, scores),
    )


def _qualifications(look: Look, live: Live, scores: dict[UUID, Score]) -> tuple[Qualification, ...]:
    """The rules that act, in their order; the first that matches sets a column."""
    if not look.is_open:
        return ()
    totals = {model.name: scores[model.model_id].total for model in live.models if model.model_id in scores}
    known = {name: total for name, total in totals.items() if total is not None}
    taken: set[str] = set()
    acting = []
    for rule in live.rules:
        if _has_acted(look, rule):
            taken |= rule.changes.keys()  # what it set is not set otherwise by a later rule, whenever that is met
            continue
        if not _is_met(look, rule, known):
            continue
        changes = {column: value for column, value in rule.changes.items() if column not in taken}
        taken |= changes.keys()
        met = {criterion.model: known[criterion.model] for criterion in rule.rule.criteria if criterion.model in known}
        acting.append(Qualification(rule.rule_id, rule.version_id, rule.name, FIRST_OCCURRENCE, met, changes))
    return tuple(acting)


def _has_acted(look: Look, rule: LiveRule) -> bool:
    """A rule acts once per lead: what people do to those columns afterwards stands."""
    acted = {QualificationLog.QUALIFIED, QualificationLog.QUALIFYING}
    return any(entry.rule_id == rule.rule_id and entry.outcome in acted for entry in look.log)


def _is_met(look: Look, rule: LiveRule, totals: dict[str, int]) -> bool:
    """Thresholds are inclusive; a model that gives the lead no score is not met."""
    if rule.from_status and look.row[Lead.STATUS] not in rule.from_status:
        return False
    met = (
        criterion.model in totals and totals[criterion.model] >= criterion.at_least for criterion in rule.rule.criteria
    )
    return all(met) if rule.rule.match == "all" else any(met)


def _primary_score(look: Look, live: Live, scores: dict[UUID, Score]) -> UUID | None:
    """The score row that views show through the lead, when the lead does not point at it yet."""
    for model in live.models:
        if model.show_on_lead and (score := scores.get(model.model_id)) and score.total is not None:
            row_id = lead_score_id(look.lead_id, model.model_id)
            stored = look.row.get(f"_{Lead.PRIMARY_SCORE}_value")
            return None if stored and UUID(str(stored)) == row_id else row_id
    return None
