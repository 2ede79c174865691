"""Where a rule stands with a lead: read off the log, which is append-only. Pure.

A rule acts once per occurrence. A new occurrence begins when the lead, seen closed, is open again, or under a version
that was published to reconsider.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    entries = [entry for entry in look.log if entry.rule_id == rule.rule_id]
    occurrence = 1 + sum(entry.outcome == QualificationLog.REOPENED for entry in entries)
    here = [entry for entry in entries if entry.occurrence == occurrence]
    acted = [entry for entry in here if entry.outcome in _ACTED or _failed_alone(entry)]
    qualifying = next((entry for entry in acted if entry.outcome == QualificationLog.QUALIFYING), None)
    again = _again(look, rule, entries, acted) if acted and qualifying is None else None
    return Standing(occurrence, bool(acted), qualifying, _last_refusal(here), again)


def is_left_alone(look: Look, rule: LiveRule) -> bool:
    """Whether the lead met the rule before this version of it was published, and existing leads were excluded."""
    return any(
        entry.rule_id == rule.rule_id and entry.version_id == rule.version_id and entry.reason == Reason.EXISTING_LEAD
        for entry in look.log
    )


def _failed_alone(entry: LogEntry) -> bool:
    """Whether the entry is that of an action that was under way and failed: what came before the action stands."""
    return entry.outcome == QualificationLog.FAILED and entry.ran_qualify_lead


def _again(look: Look, rule: LiveRule, entries: Sequence[LogEntry], acted: Sequence[LogEntry]) -> str | None:
    seen_closed = any(score.saw_closed for score in look.scores)
    if seen_closed or any(entry.ran_qualify_lead and entry.outcome == QualificationLog.QUALIFIED for entry in acted):
        return Reason.REOPENED
    if rule.rule.reconsider and all(entry.version_id != rule.version_id for entry in entries):
        return Reason.RECONSIDERED
    return None


def _last_refusal(entries: Sequence[LogEntry]) -> str | None:
    refusals = sorted(
        (entry.decided_on, entry.reason) for entry in entries if entry.outcome in _REFUSED and entry.decided_on
    )
    return refusals[-1][1] if refusals else None
