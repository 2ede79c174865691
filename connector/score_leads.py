"""Scoring leads by id: read, decide, write what differs, look again, until there is nothing left to write.

The batch that writes ends with the reads that the next decision is made from, so an evaluation of older facts never
has the last word (design.md section 3). What cannot be done now is sorted by what is to be done about it.
"""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from connector.changeset import changeset
from connector.decide_rules import Held
from connector.deciding import decide_all
from connector.decision import Decision
from connector.hourly import WAIT_S, left_this_hour
from connector.live_versions import InForce
from connector.look import Look
from connector.outcome import Outcome, Run
from connector.ports import Clock
from connector.qualify_lead import ACTIONS_MAX, ALREADY_CLOSED, READ_TIMEOUT_S, qualify_lead
from connector.tables import QualificationLog, Reason
from dataverse import (
    AuthenticationError,
    BadRequestError,
    BatchResult,
    Changeset,
    DataverseClient,
    NotAttemptedError,
    PermanentError,
    PrivilegeError,
    Request,
    TransientError,
    send_in_batches,
    tagged,
)
from scoring import ScoringError

ROUNDS = 4
"""The first write and three more: a conflict is read again and decided again so many times."""

DUPLICATES_FOUND = "0x80040333"


class LeadScoring:
    """Brings what Dataverse says of leads in line with what is in force."""

    def __init__(self, client: DataverseClient, clock: Clock, *, writes: bool = True) -> None:
        self._client = client
        self._clock = clock
        self._writes = writes
        self._action_follows = False

    def score(self, ids: Sequence[UUID], in_force: InForce, correlation: str) -> Outcome:
        """Decide and write up to 50 leads; what concerns all of them is raised, what concerns one is in the outcome."""
        run = Run(in_force, correlation)
        looks = in_force.reader.read(ids)
        run.outcome.done += len(ids) - len(looks)
        for _ in range(ROUNDS):
            decisions = self._decide(looks, run)
            if not decisions:
                return run.outcome
            if not self._writes:
                run.outcome.held += len(decisions)
                run.outcome.qualified += sum(bool(decision.qualifications) for decision in decisions)
                return run.outcome
            looks = self._write(decisions, looks, run)
        for lead_id in looks:
            run.outcome.put_off(lead_id, "unsettled")
        return run.outcome

    def _decide(self, looks: Mapping[UUID, Look], run: Run) -> list[Decision]:
        """The decisions that have something to write; leads that need nothing are done."""
        decisions = []
        for look, verdict in decide_all(run.in_force, looks.values(), self._clock(), run.held):
            if isinstance(verdict, ScoringError):
                run.outcome.refuse(look.lead_id, type(verdict).__name__)
            elif not verdict.is_empty:
                decisions.append(verdict)
            elif (reason := run.later.get(look.lead_id)) is not None:
                run.outcome.put_off(look.lead_id, reason)
            else:
                run.outcome.done += 1
        return decisions

    def _write(self, decisions: Sequence[Decision], looks: dict[UUID, Look], run: Run) -> dict[UUID, Look]:
        """Write the decisions, few actions at a time, and return the second look at the leads that are not settled."""
        seen: dict[UUID, Look] = {}
        plain = [decision for decision in decisions if decision.action is None]
        if plain:
            seen |= self._write_together(plain, looks, run, None)
        acting = [decision for decision in decisions if decision.action is not None]
        for first in range(0, len(acting), ACTIONS_MAX):
            group = list(self._within_the_hour(acting[first : first + ACTIONS_MAX], run))
            waiting = [each for each in acting[first : first + ACTIONS_MAX] if each not in group]
            seen |= {decision.lead_id: looks[decision.lead_id] for decision in waiting}
            if group:
                seen |= self._write_together(group, looks, run, READ_TIMEOUT_S)
        return seen

    def _within_the_hour(self, decisions: Sequence[Decision], run: Run) -> Iterator[Decision]:
        """Those whose rule may still act within this hour; the others are held, and looked at again later."""
        left: dict[UUID, int] = {}
        rules = {rule.rule_id: rule for rule in run.in_force.live.rules}
        for decision in decisions:
            action = decision.action
            if action is not None and not action.alone:
                if action.rule_id not in left:
                    left[action.rule_id] = left_this_hour(self._client, rules[action.rule_id], self._clock())
                left[action.rule_id] -= 1
                if left[action.rule_id] < 0:
                    refusal = Held(QualificationLog.BLOCKED, Reason.MAX_PER_HOUR)
                    run.hold(decision.lead_id, action.rule_id, refusal)
                    run.later[decision.lead_id] = Reason.MAX_PER_HOUR
                    run.outcome.wait(WAIT_S)
                    continue
            yield decision

    def _write_together(
        self, decisions: Sequence[Decision], looks: Mapping[UUID, Look], run: Run, read_timeout_s: float | None
    ) -> dict[UUID, Look]:
        """Write each decision as one changeset, and look again."""
        writes = [self._part(decision, looks[decision.lead_id], run) for decision in decisions]
        reads = run.in_force.reader.requests([decision.lead_id for decision in decisions])
        results = send_in_batches(self._client, [*writes, *reads], read_timeout_s=read_timeout_s)
        settled = {
            decision.lead_id
            for decision, result in zip(decisions, results, strict=False)
            if self._is_settled(decision, result, run)
        }
        seen = run.in_force.reader.looks(reads, results[len(writes) :])
        gone = [each for each in decisions if each.lead_id not in seen and each.lead_id not in settled]
        run.outcome.done += len(gone)
        return {lead_id: look for lead_id, look in seen.items() if lead_id not in settled}

    def _part(self, decision: Decision, look: Look, run: Run) -> Changeset | Request:
        if decision.action is not None and decision.action.alone:
            return tagged(qualify_lead(decision.lead_id, decision.action), f"leadgate:{run.correlation}")
        return changeset(decision, look, run.correlation, action_follows=self._action_follows)

    def _is_settled(self, decision: Decision, result: BatchResult, run: Run) -> bool:
        """Whether nothing more is to be done here: refused for good, or put off. All else is decided again."""
        outcome = run.outcome
        match result.error:
            case None:
                outcome.written += 1
                outcome.qualified += bool(decision.qualifications)
            case TransientError(retry_after_s=wait_s) as error:
                outcome.wait(wait_s)
                outcome.put_off(decision.lead_id, type(error).__name__)
                return True
            case PermanentError() as error if decision.action or (
                decision.qualifications and not isinstance(error, PrivilegeError)
            ):
                self._hold_rules(decision, error, run)
            case AuthenticationError() | PrivilegeError() | NotAttemptedError() as error:
                outcome.put_off(decision.lead_id, type(error).__name__)
                return True
            case PermanentError() as error:
                outcome.refuse(decision.lead_id, error.code or type(error).__name__)
                return True
        return False

    def _hold_rules(self, decision: Decision, error: PermanentError, run: Run) -> None:
        """Let the rules that were refused rest, so that the scores are written at least, and the log says why."""
        action = decision.action
        if error.code == ALREADY_CLOSED:
            return  # by whoever was faster; the look afterwards says so
        if action is not None and not action.alone and isinstance(error, BadRequestError) and not self._action_follows:
            self._action_follows = True  # perhaps it is only not taken in a changeset: the next try will tell
            return
        if error.code == DUPLICATES_FOUND:
            held = Held(QualificationLog.BLOCKED, Reason.DUPLICATE)
        else:
            held = Held(QualificationLog.FAILED, error.code or type(error).__name__)
            if isinstance(error, PrivilegeError):  # it waits for the role, as all do; its score need not
                run.later[decision.lead_id] = type(error).__name__
            else:
                run.outcome.refuse(decision.lead_id, held.reason)
        # Most likely it is the action that was refused: the other rules are tried once more without it.
        refused = [action.rule_id] if action is not None else [entry.rule_id for entry in decision.qualifications]
        for rule_id in refused:
            run.hold(decision.lead_id, rule_id, held)
