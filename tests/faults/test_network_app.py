"""The app behind a spoilt network: what it cannot do now is queued again, nothing is lost, set aside or hangs (R16).

The same eight toxics as test_network.py x five endpoints x two directions, each met by the worker or the poller on the
request that it is about: the worker by its token, its reading of what is in force and its batch that writes, the
poller by its delta and by the PATCH that keeps its link.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import requests
from requests.adapters import HTTPAdapter

from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions
from admin.playground import settings_for
from admin.provisioning import schema_steps
from connector.bootstrap import App, build
from connector.messages import LEAD_CHANGES, POISON, RowChanges
from connector.settings import Settings
from connector.tables import Lead, LeadScore
from dataverse import Limits, TransientError, create, new_session, query
from dataverse.odata import eq
from emulator.identity import IdentityOptions
from emulator.running import RunningEmulator, running_emulator
from scoring import parse_model
from tests.evidence import keep_evidence
from tests.faults.test_network import DEADLY, DIRECTIONS, IMPATIENT, LONGEST_S, PATIENT, TOXICS
from tests.faults.toxic_proxy import Direction, Timeout, Toxic, ToxicProxy
from tests.world import FIT, ListQueue, is_write

REQUESTS: Mapping[str, Callable[[requests.PreparedRequest], bool]] = {
    "read": lambda request: "/lgate_scoringmodels" in str(request.url),
    "batch": is_write,
    "delta": lambda request: "/leads?" in str(request.url),
    "PATCH": lambda request: request.method == "PATCH",
}
OF_THE_WORKER, OF_THE_POLLER = ("token", "read", "batch"), ("delta", "PATCH")


class Tripwire(HTTPAdapter):
    """The real network, until a request is about to be sent that something shall happen to, on a new connection.

    Up to then nobody is impatient: a busy machine is not what is tried.
    """

    def __init__(self, is_awaited: Callable[[requests.PreparedRequest], bool]) -> None:
        super().__init__(max_retries=0)
        self._is_awaited = is_awaited
        self.spring: Callable[[], None] | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if self.spring is not None and self._is_awaited(request):
            spring, self.spring = self.spring, None
            self.poolmanager.clear()
            spring()
        elif self.spring is not None:
            options["timeout"] = (PATIENT.connect_timeout_s, PATIENT.read_timeout_s)
        return super().send(request, *args, **options)


@dataclass
class Place:
    """An environment behind one proxy, its managed identity behind another; `direct` is an app behind neither."""

    running: RunningEmulator
    web_api: ToxicProxy
    identity: ToxicProxy
    direct: App
    outcomes: Counter[str] = field(default_factory=Counter)

    def app(self, endpoint: str, limits: Limits) -> tuple[App, Tripwire]:
        """An app that has not asked for anything yet; the token comes from the identity's proxy, or is there."""
        environment = settings_for(self.running.addresses)
        if endpoint == "token":
            environment |= {"DATAVERSE_AUTH": "managed-identity"}
        else:
            environment |= {"DATAVERSE_URL": f"http://127.0.0.1:{self.web_api.port}"}
        wire, session = Tripwire(REQUESTS.get(endpoint, lambda _request: False)), new_session(1)
        session.mount("http://", wire)
        app = build(
            Settings.from_environment(environment),
            queue=ListQueue(),
            session=session,
            sleep=lambda _: None,
            random=lambda: 0.0,
            limits=limits,
        )
        return app, wire

    def new_lead(self) -> UUID:
        lead = uuid4()
        row = {Lead.ID: str(lead), "lastname": "Durand", "jobtitle": "CEO", "telephone1": "1"}
        self.direct.client.send(create(Lead.SET, row, id_column=Lead.ID))
        return lead

    def score(self, lead: UUID) -> object:
        of_lead = query(LeadScore.SET, select=[LeadScore.SCORE], filter=eq(f"_{LeadScore.LEAD}_value", lead))
        return next((row[LeadScore.SCORE] for row in self.direct.client.rows(of_lead)), None)

    def heal(self) -> None:
        for proxy in (self.web_api, self.identity):
            proxy.heal()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running_emulator(identity=IdentityOptions()) as running:
        addresses = running.addresses.identity
        assert addresses is not None
        endpoint = urlsplit(addresses.identity_endpoint)
        direct = build(Settings.from_environment(settings_for(running.addresses)), queue=ListQueue())
        for step in schema_steps(direct.client):
            step.make(direct.client)
        apply_definitions(direct.client, Definitions((parse_model(FIT),), ()))
        publisher(direct).publish_model("Fit")
        direct.versions.fresh()
        direct.queue.sent.clear()  # type: ignore[attr-defined]  # a publication's look at all leads: there are none
        with (
            ToxicProxy(urlsplit(running.addresses.dataverse_url).port or 0) as web_api,
            ToxicProxy(endpoint.port or 0) as identity,
            pytest.MonkeyPatch.context() as environment,
        ):
            environment.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{identity.port}{endpoint.path}")
            environment.setenv("IDENTITY_HEADER", addresses.identity_header)
            made = Place(running, web_api, identity, direct)
            yield made
            keep_evidence(f"network-cells-{os.environ.get('PYTEST_XDIST_WORKER', 'all')}", **made.outcomes)
        direct.client.close()


@pytest.fixture(autouse=True)
def healed(place: Place) -> Iterator[None]:
    yield
    place.heal()


def queue_of(app: App) -> ListQueue:
    assert isinstance(app.queue, ListQueue)
    return app.queue


def named(app: App) -> list[tuple[str, int]]:
    """The leads of the messages that wait, with how often they were tried."""
    messages = [json.loads(text) for name, text, _ in queue_of(app).sent if not name.endswith(POISON)]
    return [(row_id, message["attempt"]) for message in messages for row_id in message["ids"]]


def work_through(place: Place, endpoint: str, toxic: Toxic, direction: Direction, limits: Limits) -> str:
    """One message of one lead: the lead is scored, or waits in a successor of the message; and then it is scored."""
    app, wire = place.app(endpoint, limits)
    lead = place.new_lead()
    if endpoint == "token":
        place.identity.poison(toxic, direction)
    wire.spring = lambda: place.web_api.poison(toxic, direction)
    app.worker.work(RowChanges(table=Lead.TABLE, ids=(lead,), cause="test").text(), LEAD_CHANGES)
    assert endpoint == "token" or wire.spring is None, "the request was never made"
    outcome = "queued again" if named(app) else "done"
    assert named(app) == ([(str(lead), 1)] if outcome == "queued again" else [])
    assert outcome == "queued again" or place.score(lead) == 110
    place.heal()
    for _, text, _ in queue_of(app).sent:
        place.direct.worker.work(text, LEAD_CHANGES)
    assert queue_of(place.direct).sent == []
    assert place.score(lead) == 110
    return outcome


def poll_through(place: Place, endpoint: str, toxic: Toxic, direction: Direction, limits: Limits) -> str:
    """One tick after a change: the change is queued by it or by the next one, and by no tick without need."""
    patient, _ = place.app(endpoint, PATIENT)
    patient.poll_changes.tick()
    queue_of(patient).sent.clear()
    app, wire = place.app(endpoint, limits)
    lead = place.new_lead()
    wire.spring = lambda: place.web_api.poison(toxic, direction)
    outcome = "done"
    try:
        app.poll_changes.tick()
    except TransientError:
        outcome = "queued again"
    assert wire.spring is None, "the request was never made"
    place.heal()
    patient.poll_changes.tick()
    queued = named(patient)
    assert (str(lead), 0) in named(app) + queued
    patient.poll_changes.tick()
    assert named(patient) == queued, "the link was not kept"
    return outcome


def go_through(place: Place, endpoint: str, toxic: Toxic, direction: Direction, limits: Limits) -> str:
    through = work_through if endpoint in OF_THE_WORKER else poll_through
    outcome = through(place, endpoint, toxic, direction, limits)
    place.outcomes[outcome] += 1
    return outcome


CELLS = list(product(TOXICS, OF_THE_WORKER + OF_THE_POLLER, DIRECTIONS))


def test_there_are_eighty_cells() -> None:
    assert len(CELLS) == 80


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("toxic", "endpoint", "direction"), CELLS)
def test_what_cannot_be_done_now_is_queued_again(toxic: str, endpoint: str, direction: Direction, place: Place) -> None:
    began = time.monotonic()
    outcome = go_through(place, endpoint, TOXICS[toxic](), direction, IMPATIENT)
    assert time.monotonic() - began < LONGEST_S
    if toxic in DEADLY and (endpoint, direction) != ("PATCH", "response"):
        assert outcome == "queued again"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("endpoint", "direction"), list(product(OF_THE_WORKER + OF_THE_POLLER, DIRECTIONS)))
def test_with_the_real_timeouts_it_is_queued_again_too(endpoint: str, direction: Direction, place: Place) -> None:
    began = time.monotonic()
    assert go_through(place, endpoint, Timeout(600), direction, Limits(attempts=1)) == "queued again"
    assert time.monotonic() - began < 120
