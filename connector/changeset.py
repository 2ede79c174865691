"""A decision as one changeset of Web API requests: score rows, then the lead, then the log, QualifyLead last.

The score rows go first because the lead may point at one that is only now created. Every request carries the ETag that
was read, or the id that makes a second row impossible; one that fails takes the others with it.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID, uuid4

from connector.decide_scores import instant
from connector.decision import Decision, Note, Qualification, ScoreWrite, Settled
from connector.ids import qualification_id
from connector.look import Look
from connector.qualify_lead import qualify_lead
from connector.tables import (
    Contact,
    Lead,
    LeadScore,
    PublishedVersion,
    QualificationLog,
    QualificationRule,
    ScoringModel,
)
from dataverse import Changeset, Request, create, tagged, update, upsert


def changeset(decision: Decision, look: Look, correlation: str, *, action_follows: bool = False) -> Changeset:
    """The writes of one lead, all or nothing; marked with a tag so that their echo can be told.

    `action_follows`: the environment takes QualifyLead in no changeset. Then the log says that it is under way, and the
    action is what a later decision asks for, alone.
    """
    under_way = decision.action.rule_id if decision.action is not None and action_follows else None
    requests = [
        *(request for write in decision.scores for request in _score_requests(write, look)),
        *_lead_requests(decision),
        *(
            _qualification(entry, look, decision.decided_on, correlation, under_way=entry.rule_id == under_way)
            for entry in decision.qualifications
        ),
        *(note_request(note, look, decision.decided_on, correlation) for note in decision.notes),
        *(_settled(entry) for entry in decision.settled),
    ]
    if decision.action is not None and not action_follows:
        requests.append(qualify_lead(decision.lead_id, decision.action))
    return Changeset(tuple(tagged(request, f"leadgate:{correlation}") for request in requests))


def bind(column: str, entity_set: str, row_id: UUID | str) -> dict[str, object]:
    """The way the Web API sets a lookup."""
    return {f"{column}@odata.bind": f"/{entity_set}({row_id})"}


def _score_requests(write: ScoreWrite, look: Look) -> Iterator[Request]:
    row = dict(write.changes)
    if write.version_id is not None:
        row |= bind(LeadScore.VERSION, PublishedVersion.SET, write.version_id)
    if write.etag is not None:
        yield update(LeadScore.SET, str(write.row_id), row, etag=write.etag)
        return
    # A row begins in its first state, whatever it is created with: another state is a change of its own.
    state: dict[str, object] = {name: row.pop(name) for name in ("statecode", "statuscode") if name in row}
    row |= bind(LeadScore.LEAD, Lead.SET, look.lead_id) | _owner(look.row)
    row |= bind(LeadScore.MODEL, ScoringModel.SET, str(write.model_id))
    yield upsert(LeadScore.SET, str(write.row_id), row, only_create=True)
    if state:
        yield update(LeadScore.SET, str(write.row_id), state, etag="*")


def _lead_requests(decision: Decision) -> Iterator[Request]:
    changes = dict(decision.lead_changes)
    if decision.primary_score is not None:
        changes |= bind(Lead.PRIMARY_SCORE, LeadScore.SET, decision.primary_score)
    if decision.parent_contact is not None:
        changes |= bind(Lead.CONTACT, Contact.SET, decision.parent_contact)
    if changes:
        yield update(Lead.SET, str(decision.lead_id), changes, etag=decision.etag)


def _qualification(entry: Qualification, look: Look, at: datetime, correlation: str, *, under_way: bool) -> Request:
    row = {
        QualificationLog.ID: str(qualification_id(look.lead_id, entry.rule_id, entry.occurrence)),
        QualificationLog.OUTCOME: QualificationLog.QUALIFYING if under_way else QualificationLog.QUALIFIED,
        QualificationLog.ACTIONS: _text(entry.actions),
    }
    return _log_row(entry, row, look, at, correlation)


def note_request(note: Note, look: Look, at: datetime, correlation: str) -> Request:
    """The entry of the log that a note is."""
    row = {
        QualificationLog.ID: str(note.row_id or uuid4()),
        QualificationLog.OUTCOME: note.outcome,
        QualificationLog.REASON: note.reason,
    }
    return _log_row(note, row, look, at, correlation)


def _log_row(
    entry: Qualification | Note, row: Mapping[str, object], look: Look, at: datetime, correlation: str
) -> Request:
    whole = {
        **row,
        QualificationLog.NAME: entry.name,
        QualificationLog.OCCURRENCE: entry.occurrence,
        QualificationLog.SCORES: _text(entry.scores),
        QualificationLog.DECIDED_ON: instant(at),
        QualificationLog.CORRELATION: correlation,
        **bind(QualificationLog.LEAD, Lead.SET, look.lead_id),
        **bind(QualificationLog.RULE, QualificationRule.SET, entry.rule_id),
        **bind(QualificationLog.VERSION, PublishedVersion.SET, entry.version_id),
        **_owner(look.row),
    }
    return create(QualificationLog.SET, whole, id_column=QualificationLog.ID)


def _settled(entry: Settled) -> Request:
    changes = {QualificationLog.OUTCOME: entry.outcome, QualificationLog.REASON: entry.reason}
    return update(QualificationLog.SET, str(entry.row_id), changes, etag="*")


def _owner(lead: Mapping[str, object]) -> dict[str, object]:
    """Whoever owns the lead owns what is said about it."""
    if team := lead.get(f"_{Lead.OWNING_TEAM}_value"):
        return bind("ownerid", "teams", str(team))
    if user := lead.get(f"_{Lead.OWNING_USER}_value"):
        return bind("ownerid", "systemusers", str(user))
    return {}


def _text(content: Mapping[str, object]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
