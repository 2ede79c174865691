"""The app's two doors, opened as the Functions worker opens them: a request in, an answer out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import azure.functions as func

import function_app
from connector.bootstrap import App
from connector.intake import SECRET_HEADER
from tests.unit.connector.executed import ORGANIZATION
from tests.world import SECRET, ListQueue, World

KNOWN: Mapping[str, str] = {SECRET_HEADER: SECRET, "content-type": "application/json"}


class Door:
    """`row_changed` and `health` of function_app over one app, which `configure` changes; `queue` is a list."""

    def __init__(self, world: World) -> None:
        self.queue = ListQueue()
        self._app = replace(world.app, queue=self.queue)
        self.configure(webhook_secrets=(SECRET,), organization_id=UUID(ORGANIZATION))

    def app(self) -> App:
        """What function_app is given instead of the app that its own settings would make."""
        return self._app

    def configure(self, **settings: Any) -> None:
        """Change settings of the app."""
        self._app = replace(self._app, settings=replace(self._app.settings, **settings))

    def wire(self, **ports: Any) -> None:
        """Change ports of the app."""
        self._app = replace(self._app, **ports)

    def post(self, body: bytes, headers: Mapping[str, str] = KNOWN) -> func.HttpResponse:
        """A webhook's answer."""
        return _call(function_app.row_changed, "POST", headers, body)

    def health(self) -> func.HttpResponse:
        """The answer of the health function."""
        return _call(function_app.health, "GET", {}, b"")

    def queued(self) -> list[tuple[str, str]]:
        """The rows that messages name, by table, in order."""
        messages = [json.loads(text) for _, text, _ in self.queue.sent]
        return [(message["table"], row_id) for message in messages for row_id in message["ids"]]


def shown(answer: func.HttpResponse) -> tuple[int, bytes, Mapping[str, str]]:
    """All that a caller sees of an answer."""
    return answer.status_code, answer.get_body(), dict(answer.headers)


def _call(function: Any, method: str, headers: Mapping[str, str], body: bytes) -> func.HttpResponse:
    request = func.HttpRequest(method=method, url="https://leadgate.example/api", headers=headers, body=body)
    answer = function._function.get_user_function()(request)
    assert isinstance(answer, func.HttpResponse)
    return answer
