"""Where a rule stands with a lead: read off the log, which is append-only. Pure.

A rule acts once per occurrence. A new occurrence begins when the lead, seen closed, is open again, or under a version
that was published to reconsider.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.ids import lead_score_id, left_alone_id, qualification_id, reopened_id
from connector.live import LiveRule
from connector.look import LogEntry, Look
from connector.tables import QualificationLog, Reason

_ACTED = frozenset({QualificationLog.QUALIFIED, QualificationLog.QUALIFYING})
_REFUSED = frozenset({QualificationLog.BLOCKED, QualificationLog.FAILED})


@dataclass(frozen=True, slots=True)
class Standing:
    """The occurrence a rule is in; whether it has acted in it; an action under way; and why it last did not act."""

    occurrence: int
    has_acted: bool
    qualifying: LogEntry | None
    last_refusal: str | None
    may_act_again: str | None
    """Why a new occurrence begins now; None when none does."""

    @property
    def next_occurrence(self) -> int:
        """The occurrence that the rule acts in if it acts now."""
        return self.occurrence + bool(self.may_act_again)


def standing(look: Look, rule: LiveRule) -> Standing:
    """Where the rule stands with the lead of this look."""
    entries = [entry for entry in look.log if entry.rule_id == rule.rule_id and not _came_with_a_merge(look, entry)]
    binding = [entry for entry in entries if _has_acted(entry) or entry.outcome == QualificationLog.REOPENED]
    # The latest and not their number: whoever deletes old entries does not make a rule act once more.
    occurrence = max((entry.occurrence for entry in binding), default=1)
    here = [entry for entry in entries if entry.occurrence == occurrence]
    acted = [entry for entry in here if _has_acted(entry)]
    qualifying = next((entry for entry in acted if entry.outcome == QualificationLog.QUALIFYING), None)
    again = _again(look, rule, entries, acted) if acted and qualifying is None else None
    return Standing(occurrence, bool(acted), qualifying, _last_refusal(here), again)


def is_left_alone(look: Look, rule: LiveRule) -> bool:
    """Whether the lead met the rule before this version of it was published, and existing leads were excluded."""
    return any(
        entry.version_id == rule.version_id
        and entry.reason == Reason.EXISTING_LEAD
        and not _came_with_a_merge(look, entry)
        for entry in look.log
    )


def _came_with_a_merge(look: Look, entry: LogEntry) -> bool:
    """Whether the entry is of a lead that was merged into this one: what rules did with that one binds nobody here.

    The id of an entry that binds a lead names the lead; entries that only tell have random ids.
    """
    match entry.outcome:
        case QualificationLog.REOPENED:
            own = reopened_id(look.lead_id, entry.rule_id, entry.occurrence)
        case QualificationLog.BLOCKED if entry.reason == Reason.EXISTING_LEAD and entry.version_id is not None:
            own = left_alone_id(look.lead_id, entry.version_id)
        case QualificationLog.QUALIFIED | QualificationLog.QUALIFYING:
            own = qualification_id(look.lead_id, entry.rule_id, entry.occurrence)
        case QualificationLog.FAILED if entry.ran_qualify_lead:
            own = qualification_id(look.lead_id, entry.rule_id, entry.occurrence)
        case _:
            return False
    return entry.row_id not in (None, own)


def _has_acted(entry: LogEntry) -> bool:
    """Whether the rule acted, also when its action was under way and failed: what came before the action stands."""
    return entry.outcome in _ACTED or (entry.outcome == QualificationLog.FAILED and entry.ran_qualify_lead)


def _again(look: Look, rule: LiveRule, entries: Sequence[LogEntry], acted: Sequence[LogEntry]) -> str | None:
    closed_by_rule = any(entry.ran_qualify_lead and entry.outcome == QualificationLog.QUALIFIED for entry in acted)
    if closed_by_rule or _saw_closed(look):
        return Reason.REOPENED
    if rule.rule.reconsider and all(entry.version_id != rule.version_id for entry in entries):
        return Reason.RECONSIDERED
    return None


def _saw_closed(look: Look) -> bool:
    """Whether a score row of the lead's own says so: one that came with a merge tells of the lead that is gone."""
    return any(
        score.saw_closed and score.model_id is not None and score.row_id == lead_score_id(look.lead_id, score.model_id)
        for score in look.scores
    )


def _last_refusal(entries: Sequence[LogEntry]) -> str | None:
    refusals = sorted(
        (entry.decided_on, entry.reason or "") for entry in entries if entry.outcome in _REFUSED and entry.decided_on
    )
    return refusals[-1][1] if refusals else None
