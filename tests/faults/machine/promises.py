"""What must hold always (I8), and once faults have stopped and all is drained (I11 to I14)."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count, islice, takewhile
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from connector.ids import lead_score_id, qualification_id, reopened_id
from connector.messages import LEAD_CHANGES_BULK, RowChanges
from connector.tables import ACTIVE, Lead, LeadScore, QualificationLog, SyncState
from dataverse import Row, query
from dataverse.odata import eq
from tests.faults.machine.history import ViolationError
from tests.faults.machine.klint import FIT, REACH, THRESHOLD
from tests.faults.machine.stage import Stage

ROUNDS: Final = 12
"""Each is a poll and all its messages: twice as many as a correct app needs after the worst that the machine does."""

RETRY_AFTER_S: Final = 120
"""The longest that the machine's Dataverse asks to wait."""

_TOKEN: Final = re.compile(r"\$deltatoken=(\d+)!")
_RULE_ID: Final = f"_{QualificationLog.RULE}_value"
_VERSION_ID: Final = f"_{QualificationLog.VERSION}_value"
_MODEL_ID: Final = f"_{LeadScore.MODEL}_value"


class Log:
    """What the log says that the one rule did with leads, told by the ids that its entries have: a lead's own.

    Entries that came to a lead by a merge have the ids of another one, and bind it to nothing.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._versions = {UUID(str(row[QualificationLog.ID])): UUID(str(row[_VERSION_ID])) for row in rows}
        self._rule = next((UUID(str(row[_RULE_ID])) for row in rows), UUID(int=0))

    def occurrence(self, lead: UUID) -> int:
        """The occurrence that the lead is in: the first, or what the last that began is."""
        return 1 + sum(1 for _ in takewhile(self._versions.__contains__, self._begun(lead)))

    def has_acted(self, lead: UUID) -> bool:
        """Whether the rule has acted in the occurrence that the lead is in."""
        return qualification_id(lead, self._rule, self.occurrence(lead)) in self._versions

    def versions(self, lead: UUID) -> set[UUID]:
        """The versions under which the rule acted on the lead, or might act once more."""
        acted = (qualification_id(lead, self._rule, 1 + number) for number in range(self.occurrence(lead)))
        found = (self._versions.get(row_id) for row_id in (*acted, *islice(self._begun(lead), len(self._versions))))
        return {version for version in found if version is not None}

    def _begun(self, lead: UUID) -> Iterator[UUID]:
        return (reopened_id(lead, self._rule, number) for number in count(2))


def keep_promises(stage: Stage) -> None:
    """Raise the first thing that went wrong so far."""
    _writes_were_right(stage)
    _token_is_not_ahead(stage)


def quiesce(stage: Stage, *, polls: bool = True, delivers: bool = False) -> None:
    """A healthy period; what webhooks still wait are lost, unless nothing polls: then they arrive."""
    if not delivers:
        stage.webhooks.clear()
    stage.wait(RETRY_AFTER_S + 1)
    for _ in range(ROUNDS):
        is_quiet = _round(stage, polls=polls, delivers=delivers)
        _writes_were_right(stage)
        if is_quiet:
            break
    else:
        raise ViolationError("I11", f"{len(stage.queue.messages)} messages are in the queue after {ROUNDS} rounds")
    keep_promises(stage)
    if stage.queue.poison:
        raise ViolationError("I11", f"poison: {stage.queue.poison[0]}")
    for lead in stage.leads:
        _is_evaluated(stage, lead)
    _says_what_the_formula_says(stage)
    _is_a_fixpoint(stage, polls=polls, delivers=delivers)


def _writes_were_right(stage: Stage) -> None:
    stage.history.keep_occurrences()
    if stage.history.violations:
        raise stage.history.violations[0]


def _round(stage: Stage, *, polls: bool, delivers: bool) -> bool:
    """Whether nothing came and nothing waits."""
    ended = [stage.look_for_due(), stage.poll() if polls else "done"]
    if delivers:
        stage.deliver_all()
    stage.webhooks.clear()
    due = stage.queue.next_visible_on()
    if due is None:
        return ended == ["done", "done"]
    stage.clock.at = max(stage.clock.at, due + timedelta(seconds=1))
    stage.work_all()
    return not polls and not stage.webhooks and stage.queue.next_visible_on() is None


def _token_is_not_ahead(stage: Stage) -> None:
    state = query(SyncState.SET, select=[SyncState.DELTA_LINK], filter=eq(SyncState.STREAM, "changes-lead"))
    for row in stage.people.rows(state):
        token = _TOKEN.search(unquote(str(row[SyncState.DELTA_LINK])))
        for lead, version in stage.history.changed.items() if token else ():
            open_lead = (stage.history.now(lead) or {}).get(Lead.STATE) == Lead.OPEN
            if open_lead and version <= int(token[1]) and stage.history.queued.get(lead, 0) < version:
                raise ViolationError("I8", "the link is past a change that nobody was told of")


def _is_evaluated(stage: Stage, lead: UUID) -> None:
    history = stage.history
    is_open = (history.now(lead) or {}).get(Lead.STATE) == Lead.OPEN
    if is_open and history.read.get(lead, 0) < history.changed.get(lead, 0):
        raise ViolationError("I14", "a change was never evaluated")


def _says_what_the_formula_says(stage: Stage) -> None:
    scores = {UUID(str(row[LeadScore.ID])): row for row in _score_rows(stage)}
    log = Log(_log_rows(stage))
    models = {str(row[LeadScore.NAME]): UUID(str(row[_MODEL_ID])) for row in scores.values()}
    for lead in stage.leads:
        row = stage.history.now(lead)
        if row is None or row[Lead.STATE] != Lead.OPEN:
            if log.has_acted(lead):
                stage.history.seen_closed[lead] = log.occurrence(lead)
            continue
        if stage.history.seen_closed.pop(lead, 0) == log.occurrence(lead):
            raise ViolationError("I12", "a lead was seen closed and is open again, and the rule may not act")
        for model in (FIT, REACH):
            _is_scored(stage, lead, model, scores.get(lead_score_id(lead, models[model])) if model in models else None)
        fit = stage.history.live(FIT)
        if fit and fit.score(row) >= THRESHOLD:
            _rule_has_acted(stage, lead, log)
    for row in scores.values():
        lead = UUID(str(row[f"_{LeadScore.LEAD}_value"]))
        is_own = row[LeadScore.ID] == str(lead_score_id(lead, UUID(str(row[_MODEL_ID]))))
        is_open = (stage.history.now(lead) or {}).get(Lead.STATE) == Lead.OPEN
        if row["statecode"] == ACTIVE and not (is_open and is_own):
            raise ViolationError("I12", f"a score row is active: lead open {is_open}, its own {is_own}")


def _rule_has_acted(stage: Stage, lead: UUID, log: Log) -> None:
    if not log.has_acted(lead):
        raise ViolationError("I12", "a lead meets the rule, and the rule has not acted")
    version = stage.history.reconsidering
    if version is not None and version not in log.versions(lead):
        raise ViolationError("I12", "a lead meets the rule, and was not considered anew")


def _is_scored(stage: Stage, lead: UUID, model: str, stored: Row | None) -> None:
    version = stage.history.live(model)
    if version is None:
        if stored is not None and stored["statecode"] == ACTIVE:
            raise ViolationError("I12", f"{model} has ended, and a score row is active")
        return
    wanted = version.score(stage.history.now(lead) or {})
    if stored is None or stored["statecode"] != ACTIVE or stored[LeadScore.SCORE] != wanted:
        found = None if stored is None else (stored[LeadScore.SCORE], stored["statecode"])
        raise ViolationError("I12", f"{model} is {found}, and the formula gives {wanted}")


def _is_a_fixpoint(stage: Stage, *, polls: bool, delivers: bool) -> None:
    """Once more, and every lead once more: nothing is written."""
    before = stage.history.writes.total()
    open_leads = tuple(stage.leads)
    if open_leads:
        stage.queue.send(LEAD_CHANGES_BULK, RowChanges(table=Lead.TABLE, ids=open_leads, cause="replay").text())
    for _ in range(2):
        _round(stage, polls=polls, delivers=delivers)
    keep_promises(stage)
    if stage.history.writes.total() != before:
        raise ViolationError("I13", "a replay of everything wrote something")


def _score_rows(stage: Stage) -> list[Row]:
    columns = [LeadScore.ID, LeadScore.NAME, LeadScore.SCORE, f"_{LeadScore.LEAD}_value", _MODEL_ID, "statecode"]
    return list(stage.people.rows(query(LeadScore.SET, select=columns)))


def _log_rows(stage: Stage) -> list[Row]:
    return list(stage.people.rows(query(QualificationLog.SET, select=[QualificationLog.ID, _RULE_ID, _VERSION_ID])))
