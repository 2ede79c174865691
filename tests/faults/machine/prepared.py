"""One emulated environment per test process, provisioned and published once, and put back for each run."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import requests

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from admin.webhooks import Webhook, webhook_steps
from connector.bootstrap import App, build
from connector.ports import Queue
from connector.publish import Publisher
from connector.rules import parse_rule
from connector.settings import Settings
from connector.tables import Lead
from dataverse import query, update
from dataverse.limits import Limits
from dataverse.odata import eq
from emulator.web_api import Emulator
from scoring import parse_model
from tests.faults.machine.klint import ROUNDED, RULE, fit, reach
from tests.world import SECRET, TOKEN, SetClock, World

ATTEMPTS = 2
"""Of each request: so few that a fault soon reaches the code that has to put up with it."""

WATCHED = ("jobtitle", "telephone1", Lead.STATE, Lead.STATUS)
"""Webhooks tell of these columns of a lead alone: an edit of another one changes the row, and nobody says so."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment, and its content when nothing had happened yet."""

    emulator: Emulator
    clock: SetClock
    content: bytes
    at: datetime

    def restore(self) -> None:
        """As it was; rows and time, definitions and registrations."""
        self.emulator._database.restore(self.content)
        self.emulator._registrations.forget()
        self.emulator.listeners.clear()
        self.emulator.requests.clear()
        self.clock.at = self.at


@lru_cache(maxsize=1)
def prepared() -> Prepared:
    """The Klint model, a second one and the rule are live, webhooks registered, leads read for the first time."""
    world = World()
    for step in webhook_steps(world.app.client, Webhook("https://leadgate.invalid/api/row-changed", SECRET)):
        step.make(world.app.client)
    steps = query("sdkmessageprocessingsteps", select=["name"], filter=eq("name", "leadgate.lead.update"))
    for row in world.app.client.rows(steps):
        watched = {"filteringattributes": ",".join(WATCHED)}
        changed = update(
            "sdkmessageprocessingsteps", str(row["sdkmessageprocessingstepid"]), watched, etag=str(row["@odata.etag"])
        )
        world.app.client.send(changed)
    world.publish(fit(*ROUNDED[0]), reach(), RULE)
    world.app.poll_changes.tick()
    return Prepared(world.emulator, world.clock, world.emulator._database.snapshot(), world.clock())


def new_app(emulator: Emulator, clock: SetClock, queue: Queue, session: requests.Session) -> App:
    """The production app, with no cache filled yet."""
    settings = Settings.from_environment(
        {
            "DATAVERSE_URL": "http://127.0.0.1:8765",
            "DATAVERSE_AUTH": "static-token",
            "DATAVERSE_STATIC_TOKEN": TOKEN,
            "DATAVERSE_ORGANIZATION_ID": str(emulator.organization_id),
            "AzureWebJobsStorage": "AccountName=unused",
            "WEBHOOK_SECRETS": SECRET,
        }
    )
    limits = Limits(attempts=ATTEMPTS)
    return build(
        settings,
        clock=clock,
        queue=queue,
        session=session,
        sleep=lambda _s: None,
        random=lambda: 0.0,
        limits=limits,
    )


def publish(app: App, definition: dict[str, object]) -> None:
    """Apply the draft of a model or rule and put it in force, as `leadgate model publish` does."""
    if "rule" in definition:
        rule = parse_rule(definition)
        apply_definitions(app.client, Definitions((), (rule,)))
        publisher(app).publish_rule(rule.rule)
        return
    model = parse_model(definition)
    apply_definitions(app.client, Definitions((model,), ()))
    publisher(app).publish_model(model.name)


def publisher(app: App) -> Publisher:
    """What publishes and stops, over an app."""
    return Publisher(
        client=app.client,
        queue=app.queue,
        clock=app.clock,
        versions=app.versions,
        default_time_zone=app.settings.default_time_zone,
        text_accent_sensitive=app.settings.text_accent_sensitive,
    )
