"""What becomes of the leads of one call, while it runs and at its end."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from connector.decide_rules import Held
from connector.live_versions import InForce


@dataclass(slots=True)
class Outcome:
    """What became of the leads of one call: done, to be tried again (after a while), or not to be done at all.

    `held` counts leads that have something to write and were left alone, because this is a dry run; `again_by` says why
    the leads of `again` are to be tried again.
    """

    done: int = 0
    held: int = 0
    written: int = 0
    qualified: int = 0
    again: list[UUID] = field(default_factory=list)
    retry_after_s: float | None = None
    refused: dict[str, list[UUID]] = field(default_factory=dict)
    again_by: Counter[str] = field(default_factory=Counter)

    def put_off(self, lead_id: UUID, reason: str) -> None:
        """The lead is to be tried again, for this reason."""
        self.again.append(lead_id)
        self.again_by[reason] += 1

    def wait(self, seconds: float | None) -> None:
        """Try again no sooner than the longest wait that was asked for."""
        self.retry_after_s = max(filter(None, (self.retry_after_s, seconds)), default=None)

    def refuse(self, lead_id: UUID, reason: str) -> None:
        """Name a lead as not to be done, once."""
        leads = self.refused.setdefault(reason, [])
        if lead_id not in leads:
            leads.append(lead_id)


@dataclass(slots=True)
class Run:
    """One call: what is in force for it, what became of its leads, and which rules may not act on which of them.

    `later` are leads that are to be tried again although nothing is left to write now, and why.
    """

    in_force: InForce
    correlation: str
    outcome: Outcome = field(default_factory=Outcome)
    held: dict[UUID, dict[UUID, Held]] = field(default_factory=dict)
    later: dict[UUID, str] = field(default_factory=dict)

    def hold(self, lead_id: UUID, rule_id: UUID, held: Held) -> None:
        """Let the rule not act on the lead in this call."""
        self.held.setdefault(lead_id, {})[rule_id] = held
