"""Deciding what is written about a lead: scores, the rules that act, and the lead's own columns. Pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from connector.decide_rules import Held, decide_rules
from connector.decide_scores import decide_scores, instant, scores_now
from connector.decision import Decision
from connector.ids import lead_score_id
from connector.live import Live
from connector.look import Look
from connector.tables import Lead
from scoring import Score

_NOBODY: Mapping[UUID, Held] = {}


def decide(look: Look, live: Live, at: datetime, held: Mapping[UUID, Held] = _NOBODY) -> Decision:
    """What Dataverse must be told so that it says what the live models and rules say of this lead at `at`.

    `held` are rules, by id, that may not act on it now, and why.
    """
    scores = scores_now(look, live, at)
    rules = decide_rules(look, live, totals_of(look, live, scores), held)
    qualified = {Lead.QUALIFIED_ON: instant(at), **rules.changes} if rules.qualifications else {}
    return Decision(
        lead_id=look.lead_id,
        etag=look.etag,
        decided_on=at,
        scores=decide_scores(look, live, scores, at),
        qualifications=tuple(rules.qualifications),
        notes=tuple(rules.notes),
        settled=tuple(rules.settled),
        lead_changes=qualified,
        parent_contact=rules.parent_contact,
        primary_score=_primary_score(look, live, scores),
        action=rules.action,
        asks=frozenset(rules.asks),
        met=tuple(rules.met),
    )


def totals_of(look: Look, live: Live, scores: Mapping[UUID, Score]) -> dict[str, int]:
    """The lead's scores by the name that criteria know them by: ours as computed now, Customer Insights' as read."""
    ours = {model.name: scores[model.model_id].total for model in live.models if model.model_id in scores}
    theirs = {f"Customer Insights: {model}": score for model, score in look.customer_insights.items()}
    return {source: total for source, total in {**ours, **theirs}.items() if total is not None}


def _primary_score(look: Look, live: Live, scores: dict[UUID, Score]) -> UUID | None:
    """The score row that views show through the lead, when the lead does not point at it yet."""
    for model in live.models:
        if model.show_on_lead and (score := scores.get(model.model_id)) and score.total is not None:
            row_id = lead_score_id(look.lead_id, model.model_id)
            return None if look.lookup(Lead.PRIMARY_SCORE) == row_id else row_id
    return None
