"""The parts put together, over their sockets."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from azure.storage.queue import QueueClient

from emulator.running import RunningEmulator, running_emulator
from emulator.server import Server
from emulator.web_api import Request, Response

SECRET = "s" * 32


@dataclass
class Receiver:
    """A webhook's receiver: what arrived, and the answers it was told to give."""

    statuses: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Response:
        with self.lock:
            self.requests.append(request)
            return Response(self.statuses.pop(0) if self.statuses else 202)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]


class Client:
    """A few calls of the Web API."""

    def __init__(self, running: RunningEmulator, session: requests.Session) -> None:
        self._root = running.addresses.dataverse_url + "/api/data/v9.2/"
        self._session = session
        self._headers = {"Authorization": f"Bearer {running.addresses.token}", "Prefer": "return=representation"}

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def create(self, entity_set: str, row: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", entity_set, row)

    def update(self, path: str, row: dict[str, Any]) -> dict[str, Any]:
        return self._call("PATCH", path, row, {"If-Match": "*"})

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def register(self, url: str, message: str, *, attributes: str | None = None, image: int | None = None) -> str:
        """A webhook on a message of lead; returns the step's id."""
        settings = f'<settings><setting name="x-leadgate-secret" value="{SECRET}"/></settings>'
        endpoint = self.create(
            "serviceendpoints", {"name": "e", "url": url, "contract": 8, "authtype": 5, "authvalue": settings}
        )
        messages = self.get(f"sdkmessages?$select=sdkmessageid&$filter=name eq '{message}'")["value"]
        filters = self.get(
            "sdkmessagefilters?$select=sdkmessagefilterid&$filter=primaryobjecttypecode eq 'lead'"
            f" and sdkmessageid/name eq '{message}'"
        )["value"]
        step = {
            "name": f"lead {message}",
            "stage": 40,
            "mode": 1,
            "rank": 1,
            "asyncautodelete": False,
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint['serviceendpointid']})",
            "sdkmessageid@odata.bind": f"/sdkmessages({messages[0]['sdkmessageid']})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filters[0]['sdkmessagefilterid']})",
        }
        step |= {"filteringattributes": attributes} if attributes else {}
        step_id: str = self.create("sdkmessageprocessingsteps", step)["sdkmessageprocessingstepid"]
        if image is not None:
            self.create(
                "sdkmessageprocessingstepimages",
                {
                    "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})",
                    "imagetype": image,
                    "name": "Image",
                    "entityalias": "Image",
                    "messagepropertyname": "Target",
                    "attributes": "jobtitle,statuscode",
                },
            )
        return step_id

    def _call(
        self, method: str, path: str, row: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        answer = self._session.request(method, self._root + path, json=row, headers=self._headers | (headers or {}))
        assert answer.ok, answer.text
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content


@pytest.fixture
def running() -> Iterator[RunningEmulator]:
    with running_emulator() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningEmulator]:
    """For tests that leave nothing behind that another could meet."""
    with running_emulator() as shared:
        yield shared


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def client(running: RunningEmulator, session: requests.Session) -> Client:
    return Client(running, session)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def hook(receiver: Receiver) -> Iterator[str]:
    with Server(receiver.handle) as server:
        yield server.url + "/api/row-changed"


def attributes(entity: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in entity["Attributes"]}


def test_a_created_lead_arrives_at_the_registered_webhook(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str
) -> None:
    step_id = client.register(hook, "Create")
    lead = client.create("leads", {"lastname": "Durand", "jobtitle": "Directrice", "revenue": 12.5})
    running.webhooks.drain(10)

    (request,) = receiver.requests
    (body,) = receiver.bodies()
    target = body["InputParameters"][0]["value"]
    assert request.headers["x-leadgate-secret"] == SECRET
    assert request.headers["x-ms-dynamics-organization"] == running.addresses.dataverse_url.removeprefix("http://")
    assert UUID(body["OrganizationId"]) == running.addresses.organization_id
    assert (body["MessageName"], body["PrimaryEntityName"], body["PrimaryEntityId"]) == (
        "Create",
        "lead",
        lead["leadid"],
    )
    assert body["OwningExtension"]["Id"] == step_id
    assert attributes(target)["jobtitle"] == "Directrice"
    assert attributes(target)["revenue"]["Value"] == 12.5
    assert attributes(target)["statuscode"]["Value"] == 1
    assert attributes(target)["ownerid"]["LogicalName"] == "systemuser"
    assert attributes(target)["createdon"].startswith("/Date(")


def test_an_update_arrives_with_its_images_and_only_for_its_filtering_attributes(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str
) -> None:
    client.register(hook, "Update", attributes="jobtitle,statuscode", image=2)
    lead = client.create("leads", {"lastname": "Durand", "jobtitle": "Assistante"})
    client.update(f"leads({lead['leadid']})", {"lastname": "Dupont"})
    client.update(f"leads({lead['leadid']})?tag=run-1", {"jobtitle": "Directrice"})
    running.webhooks.drain(10)

    (body,) = receiver.bodies()
    assert attributes(body["PreEntityImages"][0]["value"])["jobtitle"] == "Assistante"
    assert attributes(body["PostEntityImages"][0]["value"])["jobtitle"] == "Directrice"
    assert body["ParentContext"]["SharedVariables"] == [{"key": "tag", "value": "run-1"}]


def test_a_delete_arrives_with_a_reference_and_the_row_before(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str
) -> None:
    client.register(hook, "Delete", image=0)
    lead = client.create("leads", {"lastname": "Durand", "jobtitle": "Directrice"})
    client.delete(f"leads({lead['leadid']})")
    running.webhooks.drain(10)

    (body,) = receiver.bodies()
    assert body["InputParameters"][0]["value"]["Id"] == lead["leadid"]
    assert attributes(body["PreEntityImages"][0]["value"])["jobtitle"] == "Directrice"


def test_a_failed_delivery_is_a_failed_system_job_of_its_step(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str
) -> None:
    receiver.statuses = [500]
    step_id = client.register(hook, "Create")
    client.create("leads", {"lastname": "Durand"})
    running.webhooks.drain(10)
    jobs = client.get(
        f"asyncoperations?$select=name,message&$filter=statuscode eq 31 and _owningextensionid_value eq {step_id}"
    )["value"]
    assert [(job["name"], "500" in job["message"]) for job in jobs] == [("lead Create", True)]


def test_every_event_of_many_writers_is_delivered_once(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str
) -> None:
    client.register(hook, "Create")
    created: list[str] = []

    def write() -> None:
        with requests.Session() as session:
            session.trust_env = False
            own = Client(running, session)
            created.extend(own.create("leads", {"lastname": "Durand"})["leadid"] for _ in range(10))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    running.webhooks.drain(20)
    assert sorted(body["PrimaryEntityId"] for body in receiver.bodies()) == sorted(created)


def test_stats_count_requests_and_webhooks(
    running: RunningEmulator, client: Client, receiver: Receiver, hook: str, session: requests.Session
) -> None:
    receiver.statuses = [503]
    client.register(hook, "Create")
    client.create("leads", {"lastname": "Durand"})
    running.webhooks.drain(10)
    stats = session.get(running.addresses.dataverse_url + "/_emulator/stats").json()
    assert {"method": "POST", "table": "lead", "count": 1} in stats["requests"]
    assert stats["webhooks"] == {"sent": 1, "failed": 0, "retried": 1}


def test_the_web_api_needs_the_token_of_the_addresses(shared: RunningEmulator, session: requests.Session) -> None:
    url = shared.addresses.dataverse_url + "/api/data/v9.2/WhoAmI"
    assert session.get(url).status_code == 401
    authorized = session.get(url, headers={"Authorization": f"Bearer {shared.addresses.token}"})
    assert UUID(authorized.json()["OrganizationId"]) == shared.addresses.organization_id


def test_the_queue_connection_string_reaches_the_queues(shared: RunningEmulator) -> None:
    with QueueClient.from_connection_string(shared.addresses.queue_connection_string, "leads") as queue:
        queue.create_queue()
        queue.send_message("x")
        assert queue.receive_message() is not None


def test_rows_in_a_file_survive_a_restart(tmp_path: Path, session: requests.Session) -> None:
    with running_emulator(path=tmp_path / "dataverse.db") as first:
        lead = Client(first, session).create("leads", {"lastname": "Durand"})
    with running_emulator(path=tmp_path / "dataverse.db", token="chosen") as second:
        assert second.addresses.organization_id == first.addresses.organization_id
        assert Client(second, session).get(f"leads({lead['leadid']})?$select=lastname")["lastname"] == "Durand"


def test_secrets_are_not_in_the_repr_of_the_addresses(shared: RunningEmulator) -> None:
    shown = repr(shared.addresses)
    assert shared.addresses.token not in shown
    assert "AccountKey" not in shown


def test_nothing_is_left_running_after_the_block() -> None:
    before = {thread.name for thread in threading.enumerate()}
    with running_emulator():
        pass
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if name.startswith(("webhook", "server"))}
