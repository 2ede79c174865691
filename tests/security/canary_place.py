"""Where the canary lives: an emulated environment with webhooks, a managed identity, and models that read its texts."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import azure.functions as func

import function_app
from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions
from admin.playground import settings_for
from admin.provisioning import schema_steps
from admin.webhooks import Webhook, webhook_steps
from connector.bootstrap import App, build
from connector.rules import parse_rule
from connector.settings import Settings
from emulator.identity import IdentityOptions
from emulator.running import RunningEmulator, running_emulator
from emulator.server import Server
from emulator.web_api import Request, Response
from scoring import parse_model
from tests.evidence import keep_evidence
from tests.security.canary import ACCOUNTS, CONTACTS, INTERACTIONS, LEADS, text_columns
from tests.world import FIT, RULE, VISITS

# Conditions on texts of the lead and of its neighbours: whatever they compare with is read, and must not be repeated.
TEXTS = {
    "model": "Texts",
    "groups": [
        {"name": "Country", "points": 3, "when": {"column": "address1_country", "op": "eq", "value": "France"}},
        {"name": "Mail", "points": -5, "when": {"column": "emailaddress1", "op": "ends-with", "value": "@gmail.com"}},
        {"name": "Account", "points": 7, "when": {"column": "parentaccountid.name", "op": "not-null"}},
        {"name": "Contact", "points": 9, "when": {"column": "parentcontactid.jobtitle", "op": "like", "value": "%zq%"}},
    ],
}
MODELS = (FIT, VISITS, TEXTS)


@dataclass
class Home:
    """The environment, its settings, the text columns of its tables, and the app that answers its webhooks."""

    running: RunningEmulator
    environment: Mapping[str, str]
    columns: Mapping[str, Sequence[str]]
    app: App
    looked_at: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)


@contextmanager
def canary_home() -> Iterator[Home]:
    """Provisioned, published, registered, and signed in to as in Azure, by a managed identity."""
    with running_emulator(identity=IdentityOptions()) as running:
        identity = running.addresses.identity
        assert identity is not None
        environment = settings_for(running.addresses)
        with_token = build(Settings.from_environment(environment), clock=running.clock)
        in_azure = environment | {
            "DATAVERSE_AUTH": "managed-identity",
            "IDENTITY_ENDPOINT": identity.identity_endpoint,
            "IDENTITY_HEADER": identity.identity_header,
        }
        home = Home(running, in_azure, {}, with_token)
        with Server(lambda request: _row_changed(home, request)) as server, patch.dict(os.environ, in_azure):
            client = with_token.client
            webhook = Webhook(f"{server.url}/api/row-changed", with_token.settings.webhook_secrets[0])
            for step in (*schema_steps(client), *webhook_steps(client, webhook)):
                step.make(client)
            models = Definitions(tuple(parse_model(each) for each in MODELS), (parse_rule(RULE),))
            apply_definitions(client, models)
            publishing = publisher(with_token)
            for model in models.models:
                publishing.publish_model(model.name)
            publishing.publish_rule(models.rules[0].rule)
            home.columns = {name: text_columns(client, name) for name, *_ in (ACCOUNTS, CONTACTS, LEADS, INTERACTIONS)}
            yield home
            client.close()
            keep_evidence(f"canary-{os.environ.get('PYTEST_XDIST_WORKER', 'all')}", **home.looked_at)


def _row_changed(home: Home, request: Request) -> Response:
    """What the Functions host does with a webhook."""
    asked = func.HttpRequest(
        method=request.method, url=request.target, headers=dict(request.headers), body=request.body
    )
    with patch.object(function_app, "_app", lambda: home.app):
        answer = function_app.row_changed._function.get_user_function()(asked)
    return Response(answer.status_code, {}, answer.get_body())
