"""A small world for tests: the emulator in process, the production app over it, a list for a queue, a set clock."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import requests
from opentelemetry.metrics import Meter

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from admin.provisioning import schema_steps
from connector.bootstrap import App, build
from connector.messages import LEAD_CHANGES, RowChanges
from connector.ports import Random, TakenMessage
from connector.publish import Publisher
from connector.rules import parse_rule
from connector.settings import Mode, Settings
from connector.tables import Lead, LeadInteraction, LeadScore, QualificationLog
from dataverse import create, delete, new_session, query, update
from dataverse.odata import eq
from emulator.adapter import InProcessAdapter
from emulator.web_api import Emulator
from scoring import parse_model

TOKEN = "a-token-of-the-emulator"
SECRET = "0123456789abcdef0123456789abcdef"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

FIT = {
    "model": "Fit",
    "show_on_lead": True,
    "groups": [
        {"name": "Job title given", "points": 100, "when": {"column": "jobtitle", "op": "not-null"}},
        {"name": "Business phone given", "points": 10, "when": {"column": "telephone1", "op": "not-null"}},
    ],
    "grades": [{"name": "Hot", "min": 100}, {"name": "Cold", "max": 99}],
}
VISITS = {
    "model": "Visits",
    "groups": [
        {
            "name": "Visits",
            "points": 5,
            "cap": 20,
            "interactions": {
                "table": LeadInteraction.TABLE,
                "lead": LeadInteraction.LEAD,
                "contact": LeadInteraction.CONTACT,
                "at": LeadInteraction.OCCURRED_ON,
                "within_days": 28,
            },
        }
    ],
}
RULE = {
    "rule": "Marketing qualified",
    "criteria": [{"model": "Fit", "at_least": 110}],
    "actions": {"status_reason": "Marketing Qualified", "sales_ready": True},
}


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class ListQueue:
    """A queue with a list in it: what was sent, with its delay; `take` gives what has none."""

    sent: list[tuple[str, str, float]] = field(default_factory=list)
    deleted: list[TakenMessage] = field(default_factory=list)

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self.sent.append((queue, text, delay_s))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:  # noqa: ARG002  no leases here
        ready = [entry for entry in self.sent if entry[0] == queue and entry[2] == 0][:at_most]
        for entry in ready:
            self.sent.remove(entry)
        return [TakenMessage(queue, text, str(uuid4()), "receipt") for _, text, _ in ready]

    def delete(self, message: TakenMessage) -> None:
        self.deleted.append(message)

    def release(self, message: TakenMessage) -> None:
        self.sent.append((message.queue, message.text, 0))

    def waiting(self, queue: str) -> int:
        return len(self.of(queue))

    def oldest(self, queue: str) -> datetime | None:  # noqa: ARG002  a list keeps no times
        return None

    def of(self, queue: str) -> list[str]:
        return [text for name, text, _ in self.sent if name == queue]


def is_write(request: requests.PreparedRequest) -> bool:
    """Whether a request is a batch of the worker that writes."""
    body = request.body or b""
    return b"changeset_" in (body if isinstance(body, bytes) else body.encode())


@contextmanager
def once(adapter: InProcessAdapter, moment: str, act: Callable[[], None]) -> Iterator[None]:
    """Do `act` one time, `before` or `after` the next batch that writes."""
    done = False

    def hook(request: requests.PreparedRequest) -> None:
        nonlocal done
        if not done and is_write(request):
            done = True
            act()

    kept = getattr(adapter, moment)
    setattr(adapter, moment, hook)
    yield
    setattr(adapter, moment, kept)
    assert done, "no batch wrote anything"


class World:
    """One environment and one app; more apps over the same environment come from `another_app`."""

    def __init__(self, *, provision: bool = True) -> None:
        self.clock = SetClock()
        self.emulator = Emulator(clock=self.clock, token=TOKEN, base_url="http://127.0.0.1:8765")
        self.queue: Any = ListQueue()
        self.adapter, self.app = self.another_app()
        for step in schema_steps(self.app.client) if provision else ():
            step.make(self.app.client)

    def another_app(
        self, *, random: Random = lambda: 0.0, mode: Mode = "live", meter: Meter | None = None
    ) -> tuple[InProcessAdapter, App]:
        """An app of its own process, as it were: its own session, caches and requests; the adapter can hold them."""
        adapter = InProcessAdapter(self.emulator.handle)
        session = new_session(1)
        session.mount("http://", adapter)
        settings = Settings.from_environment(
            {
                "DATAVERSE_URL": "http://127.0.0.1:8765",
                "DATAVERSE_AUTH": "static-token",
                "DATAVERSE_STATIC_TOKEN": TOKEN,
                "DATAVERSE_ORGANIZATION_ID": str(self.emulator.organization_id),
                "AzureWebJobsStorage": "AccountName=unused",
                "WEBHOOK_SECRETS": SECRET,
                "LEADGATE_MODE": mode,
            }
        )
        app = build(
            settings,
            clock=self.clock,
            queue=self.queue,
            session=session,
            sleep=lambda _s: None,
            random=random,
            meter=meter,
        )
        return adapter, app

    def publisher(self) -> Publisher:
        return self.app.publisher

    def publish(self, *definitions: dict[str, Any]) -> None:
        """Apply models and rules and put them in force."""
        models = tuple(parse_model(each) for each in definitions if "model" in each)
        rules = tuple(parse_rule(each) for each in definitions if "rule" in each)
        apply_definitions(self.app.client, Definitions(models, rules))
        for model in models:
            self.publisher().publish_model(model.name)
        for rule in rules:
            self.publisher().publish_rule(rule.rule)
        self.app.versions.fresh()

    def new_lead(self, **columns: object) -> UUID:
        lead = uuid4()
        self.app.client.send(create(Lead.SET, {Lead.ID: str(lead), "lastname": "Durand", **columns}, id_column=Lead.ID))
        return lead

    def edit(self, lead: UUID, **columns: object) -> None:
        """An edit by a person."""
        self.app.client.send(update(Lead.SET, str(lead), columns, etag="*"))

    def visit(self, lead: UUID, *, days_ago: float = 0) -> UUID:
        row_id = uuid4()
        row = {
            LeadInteraction.ID: str(row_id),
            LeadInteraction.NAME: "visit",
            LeadInteraction.OCCURRED_ON: (self.clock() - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"{LeadInteraction.LEAD}@odata.bind": f"/leads({lead})",
        }
        self.app.client.send(create(LeadInteraction.SET, row, id_column=LeadInteraction.ID))
        return row_id

    def delete_lead(self, lead: UUID) -> None:
        self.app.client.send(delete(Lead.SET, str(lead), etag="*"))

    def remove_visit(self, visit: UUID) -> None:
        self.app.client.send(delete(LeadInteraction.SET, str(visit), etag="*"))

    def overwrite_score(self, lead: UUID, model: str, **changes: object) -> None:
        """Another software writes a score row."""
        row_id = str(self.scores(lead)[model][LeadScore.ID])
        self.app.client.send(update(LeadScore.SET, row_id, changes, etag="*"))

    def work(self, *leads: UUID, app: App | None = None) -> None:
        """One message that names the leads, done by the worker."""
        text = RowChanges(table=Lead.TABLE, ids=leads, cause="test").text()
        (app or self.app).worker.work(text, LEAD_CHANGES)

    def lead(self, lead: UUID, *columns: str) -> dict[str, Any]:
        found = query(Lead.SET, select=columns or [Lead.STATE, Lead.STATUS], filter=eq(Lead.ID, lead))
        (row,) = self.app.client.rows(found)
        return dict(row)

    def scores(self, lead: UUID) -> dict[str, dict[str, Any]]:
        """The lead's score rows by the name of their model."""
        columns = (
            LeadScore.NAME,
            LeadScore.SCORE,
            LeadScore.GRADE,
            LeadScore.EXPLANATION,
            LeadScore.PREVIOUS_SCORE,
            LeadScore.RESCORE_ON,
            "statecode",
            "statuscode",
        )
        of_lead = query(LeadScore.SET, select=columns, filter=eq(f"_{LeadScore.LEAD}_value", lead))
        return {str(row[LeadScore.NAME]): dict(row) for row in self.app.client.rows(of_lead)}

    def log(self, lead: UUID) -> list[dict[str, Any]]:
        columns = (
            QualificationLog.NAME,
            QualificationLog.OUTCOME,
            QualificationLog.REASON,
            QualificationLog.OCCURRENCE,
            QualificationLog.SCORES,
            QualificationLog.ACTIONS,
        )
        of_lead = query(QualificationLog.SET, select=columns, filter=eq(f"_{QualificationLog.LEAD}_value", lead))
        return [dict(row) for row in self.app.client.rows(of_lead)]

    def writes(self) -> int:
        """Requests that changed rows so far."""
        counts = self.emulator.requests.items()
        return sum(count for (method, table), count in counts if method != "GET" and table != "$batch")

    def close(self) -> None:
        self.app.client.close()
        self.emulator.close()
