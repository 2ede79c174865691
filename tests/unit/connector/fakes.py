"""What the connector's unit tests stand on: small values to decide from, and ports that are classes with lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from connector.errors import QueueError
from connector.ids import lead_score_id
from connector.live import Live, LiveModel, LiveRule, QualifyLead
from connector.look import LogEntry, Look, StoredScore
from connector.ports import TakenMessage
from connector.rules import parse_rule
from connector.tables import Lead, LeadScore, QualificationLog
from scoring import compile_model, parse_model

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
LEAD = UUID("6d81597f-0f9f-4711-8122-000d3aa2331c")
CONTACT = UUID("11111111-0000-4000-8000-000000000001")
USER = UUID("75c2dd85-e89e-4711-8122-000d3aa2331c")
TEAM = UUID("75c2dd85-e89e-4711-8122-000d3aa2331d")
FIT = UUID("00000000-0000-4000-8000-00000000000f")
VISITS = UUID("00000000-0000-4000-8000-00000000000e")
FIT_VERSION = UUID("00000000-0000-4000-8000-0000000000f1")
RULE = UUID("00000000-0000-4000-8000-0000000000aa")
RULE_VERSION = UUID("00000000-0000-4000-8000-0000000000a1")
MARKETING_QUALIFIED = 823270000

KLINT = {
    "model": "Fit",
    "groups": [
        {"name": "Job title given", "points": 100, "when": {"column": "jobtitle", "op": "not-null"}},
        {"name": "Business phone given", "points": 10, "when": {"column": "telephone1", "op": "not-null"}},
    ],
    "grades": [{"name": "Hot", "min": 100}, {"name": "Cold", "max": 99}],
}
BOTH_GIVEN = '{"groups":[{"group":1,"points":100},{"group":2,"points":10}]}'


def live_model(
    definition: Mapping[str, Any] = KLINT, *, model_id: UUID = FIT, version_id: UUID = FIT_VERSION, **more: object
) -> LiveModel:
    """A model in force; `more` are further members of its definition."""
    model = parse_model({**definition, **more})
    return LiveModel(model_id, version_id, model, compile_model(model))


def counting_model(**interactions: object) -> LiveModel:
    """A model of 5 points for each visit of the last 28 days, unless told otherwise."""
    counted = {"table": "visit", "lead": "lead", "at": "on", "within_days": 28, **interactions}
    definition = {"model": "Visits", "groups": [{"name": "Visits", "points": 5, "interactions": counted}]}
    return live_model(definition, model_id=VISITS)


def live_rule(
    *criteria: tuple[str, int],
    rule_id: UUID = RULE,
    name: str = "Marketing qualified",
    changes: Mapping[str, object] | None = None,
    from_status: Sequence[int] = (),
    match: str = "all",
    qualify: QualifyLead | None = None,
    reconsider: bool = False,
) -> LiveRule:
    """A rule in force over (model, at least) pairs; by default Fit at 110, for status reason and sales-ready."""
    rule = parse_rule(
        {
            "rule": name,
            "match": match,
            "reconsider": reconsider,
            "criteria": [{"model": model, "at_least": points} for model, points in criteria or (("Fit", 110),)],
            "actions": {"sales_ready": True},
        }
    )
    written = {"statuscode": MARKETING_QUALIFIED, "msdyncrm_salesready": True} if changes is None else changes
    return LiveRule(rule_id, RULE_VERSION, name, rule, written, frozenset(from_status), qualify)


def live(*parts: LiveModel | LiveRule) -> Live:
    """What is in force."""
    return Live(
        models=tuple(part for part in parts if isinstance(part, LiveModel)),
        rules=tuple(part for part in parts if isinstance(part, LiveRule)),
    )


def lead_row(**columns: object) -> dict[str, object]:
    """An open lead that has a job title and a business phone, owned by a user."""
    return {
        "leadid": str(LEAD),
        "statecode": Lead.OPEN,
        "statuscode": Lead.NEW,
        "jobtitle": "Directrice",
        "telephone1": "+33 4 72 00 00 00",
        "merged": False,
        "_owninguser_value": str(USER),
        "_owningteam_value": None,
        f"_{Lead.PRIMARY_SCORE}_value": None,
        **columns,
    }


def look(
    row: Mapping[str, object] | None = None,
    *,
    scores: Sequence[StoredScore] = (),
    log: Sequence[LogEntry] = (),
    visits: Sequence[Mapping[str, object]] = (),
) -> Look:
    """What was read of the lead; `visits` are rows of the table that `counting_model` counts."""
    read = lead_row() if row is None else row
    return Look(LEAD, 'W/"7"', read, tuple(scores), tuple(log), {"visit": list(visits)})


def visit(on: str) -> dict[str, object]:
    """A visit of the lead at that instant."""
    return {"_lead_value": str(LEAD), "on": on}


def stored(
    *,
    model_id: UUID | None = FIT,
    row_id: UUID | None = None,
    active: bool = True,
    score: int | None = 110,
    grade: str | None = "Hot",
    explanation: str | None = BOTH_GIVEN,
    rescore_on: datetime | None = None,
    reason: int = LeadScore.UP_TO_DATE,
) -> StoredScore:
    """The score row that says what the Klint model says of `lead_row()`."""
    chosen = row_id or lead_score_id(LEAD, model_id or FIT)
    return StoredScore(chosen, model_id, 'W/"3"', active, score, grade, explanation, rescore_on, reason)


def acted(outcome: int = QualificationLog.QUALIFIED, *, rule_id: UUID = RULE) -> LogEntry:
    """The entry that says the rule has acted on the lead."""
    return LogEntry(rule_id, 1, outcome)


def entry(
    outcome: int,
    occurrence: int = 1,
    *,
    row_id: UUID | None = None,
    rule_id: UUID = RULE,
    version_id: UUID | None = RULE_VERSION,
    reason: str | None = None,
    decided_on: datetime | None = NOW,
    ran_qualify_lead: bool = False,
) -> LogEntry:
    """An entry of the log of the rule; without an id it is taken for the lead's own."""
    return LogEntry(rule_id, occurrence, outcome, row_id, version_id, reason, decided_on, ran_qualify_lead)


@dataclass
class ListQueue:
    """A queue that is a list of what was sent; `waiting` is what can be taken, `failing` makes every send fail."""

    sent: list[tuple[str, str, float]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    taken_with: list[tuple[int, float]] = field(default_factory=list)
    failing: bool = False

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        if self.failing:
            raise QueueError(queue, "ServiceRequestError")
        self.sent.append((queue, text, delay_s))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        self.taken_with.append((at_most, lease_s))
        taken, self.waiting = self.waiting[:at_most], self.waiting[at_most:]
        return [TakenMessage(queue, text, f"id-{number}", "receipt") for number, text in enumerate(taken)]

    def delete(self, message: TakenMessage) -> None:
        self.deleted.append(message.message_id)

    def release(self, message: TakenMessage) -> None:
        if self.failing:
            raise QueueError(message.queue, "ServiceRequestError")
        self.released.append(message.message_id)
