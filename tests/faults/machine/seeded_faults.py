"""The seeded faults of reliability.md 3.4: each breaks the production code in one place, and one invariant with it.

They live here and nowhere else: a fault is a few attributes replaced while a test runs. A suite that does not fail
with each of them says little when it is green.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import pytest

from connector import changeset, decide, deciding, receive, rule_standing
from connector import follow as following
from connector.decide_scores import instant
from connector.decision import Decision, ScoreWrite
from connector.errors import LeadgateError, QueueError
from connector.intake import Accepted, Refusal
from connector.live import Live, LiveModel, LiveRule
from connector.live_versions import InForce, LiveVersions
from connector.look import Look
from connector.messages import POISON, RowChanges
from connector.outcome import Outcome, Run
from connector.ports import Queue, TakenMessage
from connector.publication import Publications
from connector.reach import Reach
from connector.read_leads import LeadReader
from connector.score_leads import LeadScoring
from connector.sources import LEADS
from connector.sync_state import Stream
from connector.tables import Lead, LeadScore, Reason
from connector.worker import Worker
from dataverse import BatchResult, ConflictError, DataverseClient, DataverseError, Request, upsert
from scoring import compile_model
from tests.faults.machine.history import History
from tests.faults.machine.lead_machine import EXPIRY, PLAIN, PUBLISH, WEBHOOK_ONLY, Profile

Patch = pytest.MonkeyPatch
DEDUPE_S: Final = 1_800


@dataclass(frozen=True, slots=True)
class SeededFault:
    """A fault by name, the profile in which the search can find it, and the way to put it in."""

    name: str
    profile: Profile
    seed: Callable[[Patch], None]


def no_if_match(patch: Patch) -> None:
    """The lead is written whatever it has become, and made again if it is gone."""
    real = changeset.update

    def update(entity_set: str, row_id: str, row: Mapping[str, object], *, etag: str) -> Request:
        return upsert(entity_set, row_id, row) if entity_set == Lead.SET else real(entity_set, row_id, row, etag=etag)

    patch.setattr(changeset, "update", update)


@dataclass(frozen=True, slots=True)
class _AckFirst:
    """A queue whose messages are forgotten when they are taken."""

    queue: Queue

    def take(self, queue: str, *, at_most: int, lease_s: float) -> list[TakenMessage]:
        taken = list(self.queue.take(queue, at_most=at_most, lease_s=lease_s))
        for message in taken:
            self.queue.delete(message)
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self.queue, name)


def ack_first(patch: Patch) -> None:
    """Messages that the worker takes itself are deleted before they are done."""
    work = Worker.work
    patch.setattr(
        Worker, "work", lambda worker, *message: work(replace(worker, queue=_AckFirst(worker.queue)), *message)
    )


def token_before_enqueue(patch: Patch) -> None:
    """The link is saved, and what it led to is queued afterwards."""
    send, save = following.send_leads, following.save_stream
    later: list[Callable[[], int]] = []

    def send_later(queue: Queue, name: str, leads: Mapping[UUID, None], **more: Any) -> int:
        later.append(lambda: send(queue, name, leads, **more))
        return len(leads)

    def save_first(client: DataverseClient, stream: Stream) -> Stream:
        saved = save(client, stream)
        while later:
            later.pop(0)()
        return saved

    patch.setattr(following, "send_leads", send_later)
    patch.setattr(following, "save_stream", save_first)


def _link_of_now(client: DataverseClient) -> str | None:
    """A delta link that begins at this moment, whatever came before."""
    pages = list(following.changes(client, LEADS.entity_set, select=LEADS.columns))
    return pages[-1].delta_link


def token_taken_at_end(patch: Patch) -> None:
    """The link that is kept was asked for after the scan, not given by it."""
    save = following.save_stream
    patch.setattr(
        following,
        "save_stream",
        lambda client, stream: save(client, replace(stream, delta_link=_link_of_now(client))),
    )


def store_fail_is_cold_start(patch: Patch) -> None:
    """A sync state that cannot be read is taken for a beginning, and a beginning for now."""
    read, save = following.read_stream, following.save_stream

    def begin_now(client: DataverseClient, name: str) -> Stream | None:
        try:
            return read(client, name)
        except DataverseError:
            stored = read(client, name)
            return stored and save(client, replace(stored, delta_link=_link_of_now(client), cursor=None))

    patch.setattr(following, "read_stream", begin_now)


def dispatch_error_swallowed(patch: Patch) -> None:
    """A queue that refuses is noted, and the link saved all the same."""
    send = following.send_leads

    def send_or_not(*args: Any, **more: Any) -> int:
        with suppress(QueueError):
            return send(*args, **more)
        return 1

    patch.setattr(following, "send_leads", send_or_not)


def dedupe_by_lead_window(patch: Patch) -> None:
    """A lead that was evaluated lately is not evaluated again."""
    score = LeadScoring.score
    lately: dict[UUID, float] = {}

    def score_once(self: LeadScoring, ids: tuple[UUID, ...], in_force: InForce, correlation: str) -> Outcome:
        now_s = self._clock().timestamp()
        fresh = [lead for lead in ids if now_s - lately.get(lead, 0) > DEDUPE_S]
        lately.update(dict.fromkeys(fresh, now_s))
        return score(self, fresh, in_force, correlation) if fresh else Outcome(done=len(ids))

    patch.setattr(LeadScoring, "score", score_once)


def always_write(patch: Patch) -> None:
    """A score that is right already is written once more; one second look is let pass, to end at all."""
    decide_scores = decide.decide_scores

    def write_anyway(look: Look, live: Live, scores: Any, at: Any) -> tuple[ScoreWrite, ...]:
        writes: tuple[ScoreWrite, ...] = decide_scores(look, live, scores, at)
        again = (
            ScoreWrite(row.row_id, None, None, row.etag, {LeadScore.SCORE: row.score, LeadScore.SCORED_ON: instant(at)})
            for row in look.scores
            if row.active and look.is_open
        )
        return writes or tuple(again)

    patch.setattr(decide, "decide_scores", write_anyway)


def _redecided(patch: Patch, change: Callable[[Look, Decision], Decision]) -> None:
    real = deciding.decide
    patch.setattr(deciding, "decide", lambda look, *rest: change(look, real(look, *rest)))


def unqualify_on_drop(patch: Patch) -> None:
    """A lead that no longer meets the rule loses its flag."""

    def take_back(look: Look, decision: Decision) -> Decision:
        dropped = any(write.changes.get(LeadScore.SCORE, 110) < 110 for write in decision.scores if write.etag)
        flagged = look.is_open and look.row[Lead.STATUS] == Lead.MARKETING_QUALIFIED
        return replace(decision, lead_changes={Lead.STATUS: Lead.NEW}) if flagged and dropped else decision

    _redecided(patch, take_back)


def trust_payload(patch: Patch) -> None:
    """What the webhook's target said of a column is believed, rather than the row."""
    looks, parse = LeadReader.looks, receive.read_row_changed
    said: dict[UUID, dict[str, object]] = {}

    def remember(content: bytes, organization_id: UUID, reach: Callable[[], Reach]) -> Accepted | Refusal:
        context = json.loads(content.decode("utf-8-sig"))
        said.setdefault(UUID(context["PrimaryEntityId"]), {}).update(_attributes(context))
        return parse(content, organization_id, reach)

    def believe(self: LeadReader, requests: Any, results: Any) -> dict[UUID, Look]:
        found = looks(self, requests, results)
        return {lead: replace(look, row={**look.row, **said.get(lead, {})}) for lead, look in found.items()}

    patch.setattr(receive, "read_row_changed", remember)
    patch.setattr(LeadReader, "looks", believe)


def no_state_check(patch: Patch) -> None:
    """Closed leads are scored and qualified like open ones."""
    patch.setattr(Look, "is_open", property(lambda _look: True))


def transient_to_poison(patch: Patch) -> None:
    """What failed for the moment is set aside."""

    def set_aside(self: Worker, changes: RowChanges, ids: Any, queue: str, _retry_after_s: float | None) -> None:
        if ids:
            self.queue.send(queue + POISON, changes.text())

    patch.setattr(Worker, "_put_off", set_aside)


def expired_starts_from_now(patch: Patch) -> None:
    """After an expired link the table is read for its link alone."""
    queue = following.Follower._queue

    def skip(self: Any, source: Any, stream: Stream, rows: Any) -> int:
        return 0 if stream.kind == "resync" else queue(self, source, stream, rows)

    patch.setattr(following.Follower, "_queue", skip)


def retry_412_same_decision(patch: Patch) -> None:
    """After a conflict the old decision is sent again, with the new ETags."""
    real, settled = deciding.decide, LeadScoring._is_settled
    refused: dict[UUID, Decision] = {}

    def note(self: LeadScoring, decision: Decision, result: BatchResult, run: Run) -> bool:
        if isinstance(result.error, ConflictError):
            refused[decision.lead_id] = decision
        return settled(self, decision, result, run)

    def repeat(look: Look, *rest: Any) -> Decision:
        old = refused.pop(look.lead_id, None)
        if old is None:
            return real(look, *rest)
        etags = {row.row_id: row.etag for row in look.scores}
        scores = tuple(replace(write, etag=etags.get(write.row_id, write.etag)) for write in old.scores)
        return replace(old, etag=look.etag, scores=scores)

    patch.setattr(deciding, "decide", repeat)
    patch.setattr(LeadScoring, "_is_settled", note)


def swallow_412(patch: Patch) -> None:
    """A conflict counts as done."""
    settled = LeadScoring._is_settled

    def done(self: LeadScoring, decision: Decision, result: BatchResult, run: Run) -> bool:
        return isinstance(result.error, ConflictError) or settled(self, decision, result, run)

    patch.setattr(LeadScoring, "_is_settled", done)


def ack_before_enqueue(patch: Patch) -> None:
    """A webhook is accepted before its message is durable."""
    taken = receive._receive

    def accept(*args: Any) -> int:
        with suppress(QueueError):
            return taken(*args)
        return 202

    patch.setattr(receive, "_receive", accept)


def deleted_is_transient(patch: Patch) -> None:
    """A lead that is gone is tried again, and again."""
    score = LeadScoring.score

    def wait_for_it(self: LeadScoring, ids: tuple[UUID, ...], in_force: InForce, correlation: str) -> Outcome:
        outcome = score(self, ids, in_force, correlation)
        gone = set(ids) - set(in_force.reader.read(ids))
        for lead in gone.difference(outcome.again):
            outcome.put_off(lead, "gone")
        return outcome

    patch.setattr(LeadScoring, "score", wait_for_it)


def no_rescore_on_publish(patch: Patch) -> None:
    """A new version waits until somebody happens to edit the lead."""
    patch.setattr(Publications, "queue_open_leads", lambda _self, _cause: 0)


def model_fail_scores_zero(patch: Patch) -> None:
    """Models that cannot be read give no points."""
    now, load = LiveVersions.now, LiveVersions._load

    def without_points(model: LiveModel) -> LiveModel:
        groups = tuple(group.model_copy(update={"points": 0}) for group in model.definition.groups)
        return replace(model, scorer=compile_model(model.definition.model_copy(update={"groups": groups})))

    def now_or_nothing(self: LiveVersions) -> InForce:
        try:
            return now(self)
        except (DataverseError, LeadgateError):
            found = load(self)
            return replace(found, live=replace(found.live, models=tuple(map(without_points, found.live.models))))

    patch.setattr(LiveVersions, "now", now_or_nothing)


def drop_own_by_modifiedby(patch: Patch) -> None:
    """Leads that the app itself wrote last are passed over, as an echo.

    The emulator has one user for all, so the fault asks the record of the test who wrote last. For edits this is safe
    (If-Match proves that they were read), for a publication it is not.
    """
    score = LeadScoring.score
    records: list[History] = []
    begin = History.__init__

    def remember(self: History, *args: Any) -> None:
        begin(self, *args)
        records[:] = [self]

    def pass_over(self: LeadScoring, ids: tuple[UUID, ...], in_force: InForce, correlation: str) -> Outcome:
        others = [lead for lead in ids if not (records and records[0].last_by_app.get(lead))]
        return score(self, others, in_force, correlation) if others else Outcome(done=len(ids))

    patch.setattr(History, "__init__", remember)
    patch.setattr(LeadScoring, "score", pass_over)


def no_second_look(patch: Patch) -> None:
    """What was written is not looked at again."""
    write = LeadScoring._write
    patch.setattr(LeadScoring, "_write", lambda *args: write(*args) and {})


def reconsider_for_ever(patch: Patch) -> None:
    """Under a version that reconsiders, a rule may act again at each evaluation."""
    again = rule_standing._again

    def again_and_again(look: Look, rule: LiveRule, *entries: Any) -> str | None:
        return Reason.RECONSIDERED if rule.rule.reconsider else again(look, rule, *entries)

    patch.setattr(rule_standing, "_again", again_and_again)


def never_again(patch: Patch) -> None:
    """That a lead was closed, or a version reconsiders, is nothing to a rule that has acted."""
    patch.setattr(rule_standing, "_again", lambda *_: None)


def log_of_the_other_lead_binds(patch: Patch) -> None:
    """What rules did with a lead that was merged away binds the one that stays."""
    patch.setattr(rule_standing, "_came_with_a_merge", lambda *_: False)


def closing_of_the_other_lead_counts(patch: Patch) -> None:
    """A score row that came with a merge says that the lead which stays was closed."""
    patch.setattr(rule_standing, "_saw_closed", lambda look: any(score.saw_closed for score in look.scores))


def _attributes(context: Mapping[str, Any]) -> dict[str, object]:
    """The job title and the phone in the target of an execution context."""
    (target,) = (part["value"] for part in context["InputParameters"] if part["key"] == "Target")
    pairs = target.get("Attributes", ())
    return {pair["key"]: pair["value"] for pair in pairs if pair["key"] in {"jobtitle", "telephone1"}}


def _faults() -> Iterator[SeededFault]:
    for profile, seeds in _BY_PROFILE.items():
        yield from (SeededFault(seed.__name__, profile, seed) for seed in seeds)


_BY_PROFILE: Final[dict[Profile, tuple[Callable[[Patch], None], ...]]] = {
    PLAIN: (
        no_if_match,
        token_before_enqueue,
        token_taken_at_end,
        store_fail_is_cold_start,
        dispatch_error_swallowed,
        always_write,
        unqualify_on_drop,
        trust_payload,
        no_state_check,
        transient_to_poison,
        retry_412_same_decision,
        deleted_is_transient,
        model_fail_scores_zero,
        closing_of_the_other_lead_counts,
    ),
    PUBLISH: (no_rescore_on_publish, drop_own_by_modifiedby, reconsider_for_ever, never_again),
    EXPIRY: (expired_starts_from_now,),
    WEBHOOK_ONLY: (
        ack_first,
        dedupe_by_lead_window,
        swallow_412,
        ack_before_enqueue,
        no_second_look,
        log_of_the_other_lead_binds,
    ),
}
SEEDED_FAULTS: Final = tuple(_faults())
