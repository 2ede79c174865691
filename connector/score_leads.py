"""Scoring leads by id: read, decide, write what differs, look again, until there is nothing left to write.

The batch that writes ends with the reads that the next decision is made from, so an evaluation of older facts never
has the last word (design.md section 3). What cannot be done now is sorted by what is to be done about it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from connector.changeset import changeset
from connector.decide import decide
from connector.decision import Decision
from connector.live_versions import InForce
from connector.look import Look
from connector.ports import Clock
from dataverse import (
    AuthenticationError,
    BatchResult,
    DataverseClient,
    NotAttemptedError,
    PermanentError,
    PrivilegeError,
    TransientError,
    send_in_batches,
)
from scoring import ScoringError

ROUNDS = 4
"""The first write and three more: a conflict is read again and decided again so many times."""


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


class LeadScoring:
    """Brings what Dataverse says of leads in line with what is in force."""

    def __init__(self, client: DataverseClient, clock: Clock, *, writes: bool = True) -> None:
        self._client = client
        self._clock = clock
        self._writes = writes

    def score(self, ids: Sequence[UUID], in_force: InForce, correlation: str) -> Outcome:
        """Decide and write up to 50 leads; what concerns all of them is raised, what concerns one is in the outcome."""
        outcome = Outcome()
        looks = in_force.reader.read(ids)
        outcome.done += len(ids) - len(looks)
        for _ in range(ROUNDS):
            decisions = self._decide(looks.values(), in_force, outcome)
            if not decisions:
                return outcome
            if not self._writes:
                outcome.held += len(decisions)
                outcome.qualified += sum(bool(decision.qualifications) for decision in decisions)
                return outcome
            looks = self._write(decisions, looks, in_force, outcome, correlation)
        for lead_id in looks:
            outcome.put_off(lead_id, "unsettled")
        return outcome

    def _decide(self, looks: Iterable[Look], in_force: InForce, outcome: Outcome) -> list[Decision]:
        """The decisions that have something to write; leads that need nothing are done."""
        at = self._clock()
        decisions = []
        for look in looks:
            try:
                decision = decide(look, in_force.live, at)
            except ScoringError as error:
                outcome.refused.setdefault(type(error).__name__, []).append(look.lead_id)
                continue
            if decision.is_empty:
                outcome.done += 1
            else:
                decisions.append(decision)
        return decisions

    def _write(
        self,
        decisions: Sequence[Decision],
        looks: dict[UUID, Look],
        in_force: InForce,
        outcome: Outcome,
        correlation: str,
    ) -> dict[UUID, Look]:
        """Write each decision as one changeset, and return the second look at the leads that are not settled."""
        writes = [changeset(decision, looks[decision.lead_id], correlation) for decision in decisions]
        reads = in_force.reader.requests([decision.lead_id for decision in decisions])
        results = send_in_batches(self._client, [*writes, *reads])
        settled = {
            decision.lead_id
            for decision, result in zip(decisions, results, strict=False)
            if self._is_settled(decision, result, outcome)
        }
        seen = in_force.reader.looks(reads, results[len(writes) :])
        outcome.done += sum(decision.lead_id not in seen and decision.lead_id not in settled for decision in decisions)
        return {lead_id: look for lead_id, look in seen.items() if lead_id not in settled}

    def _is_settled(self, decision: Decision, result: BatchResult, outcome: Outcome) -> bool:
        """Whether nothing more is to be done here: refused for good, or put off. All else is decided again."""
        match result.error:
            case None:
                outcome.written += 1
                outcome.qualified += bool(decision.qualifications)
                return False
            case TransientError(retry_after_s=wait_s) as error:
                outcome.retry_after_s = max(filter(None, (outcome.retry_after_s, wait_s)), default=None)
                outcome.put_off(decision.lead_id, type(error).__name__)
                return True
            case AuthenticationError() | PrivilegeError() | NotAttemptedError() as error:
                outcome.put_off(decision.lead_id, type(error).__name__)
                return True
            case PermanentError(code=code):
                outcome.refused.setdefault(code or type(result.error).__name__, []).append(decision.lead_id)
                return True
        return False
