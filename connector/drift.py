"""What is stored of a lead against what is computed of it: the decision of `decide`, told as what is wrong. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from connector.decide import decide
from connector.decision import Decision, ScoreWrite
from connector.live import Live
from connector.look import Look, StoredScore
from connector.standing import standing
from connector.tables import ACTIVE, INACTIVE, LeadScore, Reason

Kind = Literal[
    "score", "grade", "explanation", "missing-row", "ended-row", "active-row", "due-instant", "rule", "primary-score"
]
"""A row has one kind, the first that holds: it is not there, is inactive and should not be (ended-row), is active and
should not be, or says another score, grade or explanation, or another instant at which to look again. `rule` is a rule
that should have acted, `primary-score` a lead that does not point at the row that views show."""

NOT_LIVE = "(no live model)"
UNDER_WAY = "(QualifyLead under way)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is stored otherwise than computed, and the model or rule that it is of; none of the values."""

    kind: Kind
    of: str


def differences(decision: Decision, look: Look, live: Live, in_flight: timedelta) -> tuple[Difference, ...]:
    """All that the worker would write about the lead, in its order.

    Nothing when what is stored was right `in_flight` ago: then only time has passed, and `rescore_due` is on its way.
    """
    if decision.is_empty or (in_flight and decide(look, live, decision.decided_on - in_flight).is_empty):
        return ()
    return tuple(_told(decision, look, live))


def _told(decision: Decision, look: Look, live: Live) -> Iterator[Difference]:
    names = {model.model_id: model.name for model in live.models}
    stored = {row.row_id: row for row in look.scores}
    for write in decision.scores:
        row = stored.get(write.row_id)
        model_id = write.model_id if row is None else row.model_id
        name = NOT_LIVE if model_id is None else names.get(model_id, NOT_LIVE)
        yield Difference("missing-row" if row is None else _kind(write, row), name)
    waiting = {rule.rule_id for rule in live.rules if standing(look, rule).last_refusal == Reason.MAX_PER_HOUR}
    acting = [(entry.rule_id, entry.name) for entry in decision.qualifications]
    noted = [(note.rule_id, note.name) for note in decision.notes]
    yield from (Difference("rule", name) for rule_id, name in [*acting, *noted] if rule_id not in waiting)
    if decision.settled or (decision.action is not None and decision.action.alone):
        yield Difference("rule", UNDER_WAY)
    if decision.primary_score is not None:
        yield Difference("primary-score", next(model.name for model in live.models if model.show_on_lead))


def _kind(write: ScoreWrite, row: StoredScore) -> Kind:
    changes = write.changes
    match changes.get("statecode"):
        case state if state == ACTIVE:
            return "ended-row"
        case state if state == INACTIVE:
            return "active-row"
    if changes.get(LeadScore.SCORE, row.score) != row.score:
        return "score"
    if changes.get(LeadScore.GRADE, row.grade) != row.grade:
        return "grade"
    return "explanation" if LeadScore.EXPLANATION in changes else "due-instant"
