"""function_app.py under Microsoft's own worker code, in a process without environment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions
from admin.playground import settings_for
from admin.provisioning import schema_steps
from connector.bootstrap import build
from connector.intake import SECRET_HEADER
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, RowChanges
from connector.settings import Settings
from connector.tables import Lead, LeadScore
from dataverse import create, query
from dataverse.odata import eq
from emulator.queue_service import connection_string
from emulator.running import EmulatorAddresses, running_emulator
from emulator.web_api import utc_now
from scoring import parse_model
from tests.judges.running_worker import RunningWorker

NOBODY = EmulatorAddresses("http://127.0.0.1:1", connection_string("http://127.0.0.1:1"), "a-token", uuid4())
KLINT = {
    "model": "Klint",
    "groups": [
        {"name": "Job title given", "points": 100, "when": {"column": "jobtitle", "op": "not-null"}},
        {"name": "Business phone given", "points": 10, "when": {"column": "telephone1", "op": "not-null"}},
    ],
}
DECLARED = {
    "row_changed": [
        {
            "type": "httpTrigger",
            "name": "req",
            "direction": "IN",
            "authLevel": "ANONYMOUS",
            "methods": ["POST"],
            "route": "row-changed",
        },
        {"type": "http", "name": "$return", "direction": "OUT"},
    ],
    "health": [
        {
            "type": "httpTrigger",
            "name": "req",
            "direction": "IN",
            "authLevel": "ANONYMOUS",
            "methods": ["GET"],
            "route": "health",
        },
        {"type": "http", "name": "$return", "direction": "OUT"},
    ],
    "poll_changes": [
        {
            "type": "timerTrigger",
            "name": "timer",
            "direction": "IN",
            "schedule": "%POLL_SCHEDULE%",
        }
    ],
    "rescore_due": [
        {
            "type": "timerTrigger",
            "name": "timer",
            "direction": "IN",
            "schedule": "%RESCORE_DUE_SCHEDULE%",
        }
    ],
    "reconcile": [
        {
            "type": "timerTrigger",
            "name": "timer",
            "direction": "IN",
            "schedule": "%RECONCILE_SCHEDULE%",
        }
    ],
    "score_leads": [
        {
            "type": "queueTrigger",
            "name": "message",
            "direction": "IN",
            "queueName": "leadgate-lead-changes",
            "connection": "AzureWebJobsStorage",
        }
    ],
    "score_leads_bulk": [
        {
            "type": "queueTrigger",
            "name": "message",
            "direction": "IN",
            "queueName": "leadgate-lead-changes-bulk",
            "connection": "AzureWebJobsStorage",
        }
    ],
    "publish_or_stop": [
        {
            "type": "queueTrigger",
            "name": "message",
            "direction": "IN",
            "queueName": "leadgate-lifecycle",
            "connection": "AzureWebJobsStorage",
        }
    ],
}


@dataclass
class Clock:
    """The emulator's clock: the time it is, and as far ahead as a test wants."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class Cloud:
    """An emulated Dataverse with its queues, the settings that lead there, and an app of the test's own over these."""

    def __init__(self, addresses: EmulatorAddresses, clock: Clock) -> None:
        self.clock = clock
        self.settings = settings_for(addresses)
        self.app = build(Settings.from_environment(self.settings))

    def publish_klint(self) -> None:
        """Provision, and put the Klint model in force."""
        for step in schema_steps(self.app.client):
            step.make(self.app.client)
        apply_definitions(self.app.client, Definitions((parse_model(KLINT),), ()))
        publisher(self.app).publish_model("Klint")

    def new_lead(self) -> UUID:
        row = {Lead.ID: str(uuid4()), "lastname": "Durand", "jobtitle": "Chair", "telephone1": "+33 1 23 45 67 89"}
        self.app.client.send(create(Lead.SET, row, id_column=Lead.ID))
        return UUID(row[Lead.ID])

    def scores(self, lead: UUID) -> list[object]:
        rows = query(LeadScore.SET, select=[LeadScore.SCORE], filter=eq(f"_{LeadScore.LEAD}_value", lead))
        return [row[LeadScore.SCORE] for row in self.app.client.rows(rows)]

    def waiting(self, queue: str) -> list[str]:
        """The texts of the messages that can be seen now; from then on hidden for a minute, as while worked on."""
        return [message.text for message in self.app.queue.take(queue, at_most=32, lease_s=60)]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    clock = Clock()
    with running_emulator(clock=clock) as emulated:
        cloud = Cloud(emulated.addresses, clock)
        yield cloud
        cloud.app.client.close()


def webhook(settings: dict[str, str], *, secret: str, lead: UUID) -> dict[str, object]:
    """A call of row_changed as Dataverse makes it."""
    body = {
        "OrganizationId": settings["DATAVERSE_ORGANIZATION_ID"],
        "PrimaryEntityName": Lead.TABLE,
        "PrimaryEntityId": str(lead),
    }
    return {
        "function": "row_changed",
        "argument": "req",
        "url": "https://leadgate.example/api/row-changed",
        "headers": {SECRET_HEADER: secret},
        "body": json.dumps(body),
    }


def message(function: str, text: str) -> dict[str, object]:
    return {"function": function, "argument": "message", "text": text}


def test_the_worker_finds_every_function_with_its_triggers_and_needs_no_setting_for_it(worker: RunningWorker) -> None:
    report = worker.run()
    assert report.refused is None
    assert report.functions == DECLARED


def test_a_worker_that_ran_before_it_was_handed_the_app_finds_the_same(worker: RunningWorker) -> None:
    settings = settings_for(NOBODY)
    call = webhook(settings, secret="wrong", lead=uuid4())
    report = worker.run(call, settings=settings, specialised=True)
    assert report.refused is None
    assert report.functions == DECLARED
    assert report.answers == [{"ok": True, "status": 401, "error": None}]


def test_a_webhook_to_an_app_without_settings_is_asked_to_come_again(worker: RunningWorker) -> None:
    settings = settings_for(NOBODY)
    report = worker.run(webhook(settings, secret=settings["WEBHOOK_SECRETS"], lead=uuid4()))
    assert report.answers == [{"ok": True, "status": 503, "error": None}]
    assert "DATAVERSE_URL is missing" in report.log


def test_a_webhook_with_a_wrong_secret_is_refused(worker: RunningWorker) -> None:
    settings = settings_for(NOBODY)
    report = worker.run(webhook(settings, secret="wrong", lead=uuid4()), settings=settings)
    assert report.answers == [{"ok": True, "status": 401, "error": None}]


def test_switched_off_each_message_comes_back_to_its_own_queue_a_minute_later(
    worker: RunningWorker, cloud: Cloud
) -> None:
    quick, bulk = (RowChanges(table=Lead.TABLE, ids=(uuid4(),), cause="test").text() for _ in range(2))
    report = worker.run(
        message("score_leads", quick),
        message("score_leads_bulk", bulk),
        settings=cloud.settings | {"LEADGATE_MODE": "off"},
    )
    assert [answer["ok"] for answer in report.answers] == [True, True]
    assert cloud.waiting(LEAD_CHANGES) == cloud.waiting(LEAD_CHANGES_BULK) == []
    cloud.clock.ahead = timedelta(seconds=61)
    assert cloud.waiting(LEAD_CHANGES) == [quick]
    assert cloud.waiting(LEAD_CHANGES_BULK) == [bulk]


def test_a_webhook_becomes_a_message_and_the_message_a_score(worker: RunningWorker, cloud: Cloud) -> None:
    cloud.publish_klint()
    lead = cloud.new_lead()
    called = webhook(cloud.settings, secret=cloud.settings["WEBHOOK_SECRETS"], lead=lead)
    received = worker.run(called, settings=cloud.settings)
    assert received.answers == [{"ok": True, "status": 202, "error": None}]
    (text,) = cloud.waiting(LEAD_CHANGES)
    scored = worker.run(message("score_leads", text), settings=cloud.settings)
    assert scored.answers == [{"ok": True, "status": None, "error": None}]
    assert cloud.scores(lead) == [110]
