"""Where rows and messages are kept while processes come and go: each app built over it is that of a new process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from requests.adapters import BaseAdapter

from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions
from admin.provisioning import schema_steps
from connector.bootstrap import App, build
from connector.live_versions import CACHE_S
from connector.ports import Clock, Queue
from connector.rules import parse_rule
from connector.settings import Settings, emulator_environment
from scoring import parse_model
from tests.faults.crashes.points import CountedQueue, Points, count
from tests.world import FIT, RULE, SECRET, VISITS, is_write


@dataclass(frozen=True)
class Place:
    """Settings, time, a way to the rows, and the queue."""

    settings: Settings
    clock: Clock
    new_session: Callable[[], requests.Session]
    queue: Queue

    def app(
        self,
        points: Points | None = None,
        *,
        meanwhile: Callable[[], None] | None = None,
        cache_s: float = CACHE_S,
    ) -> App:
        """The app of a process that has just started; `meanwhile` happens once, before its first write arrives."""
        session = self.new_session()
        if meanwhile is not None:
            for prefix, adapter in list(session.adapters.items()):
                session.mount(prefix, _Meanwhile(adapter, meanwhile))
        return build(
            self.settings,
            clock=self.clock,
            queue=CountedQueue(self.queue, points) if points else self.queue,
            session=count(session, points) if points else session,
            sleep=lambda _s: None,
            random=lambda: 0.0,
            cache_s=cache_s,
        )


def settings(*, url: str, token: str, organization_id: UUID, storage: str) -> Settings:
    """The settings of an app at an emulated environment."""
    environment = emulator_environment(
        dataverse_url=url, token=token, organization_id=organization_id, storage=storage, webhook_secret=SECRET
    )
    return Settings.from_environment(environment)


def put_in_force(place: Place) -> None:
    """Leadgate's tables, the Klint model, the visits, and the rule that qualifies from 110 points on."""
    app = place.app()
    for step in schema_steps(app.client):
        step.make(app.client)
    definitions = Definitions((parse_model(FIT), parse_model(VISITS)), (parse_rule(RULE),))
    apply_definitions(app.client, definitions)
    for model in definitions.models:
        publisher(app).publish_model(model.name)
    for rule in definitions.rules:
        publisher(app).publish_rule(rule.rule)
    app.client.close()


class _Meanwhile(BaseAdapter):
    """A transport on whose other side somebody else acts before the first write arrives."""

    def __init__(self, adapter: BaseAdapter, act: Callable[[], None]) -> None:
        super().__init__()
        self._adapter = adapter
        self._act: Callable[[], None] | None = act

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        if self._act is not None and is_write(request):
            act, self._act = self._act, None
            act()
        return self._adapter.send(request, **options)

    def close(self) -> None:
        self._adapter.close()
