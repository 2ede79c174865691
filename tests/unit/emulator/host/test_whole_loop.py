"""A change in the emulated Dataverse, by webhook to the host's HTTP function, by queue to its queue function."""

import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest
import requests
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from emulator.host import FunctionCounts, FunctionsHost
from emulator.running import RunningEmulator, running_emulator


@pytest.fixture
def running() -> Iterator[RunningEmulator]:
    with running_emulator() as running:
        yield running


def register(call: Any, url: str) -> None:
    """A webhook on the creation of leads."""
    endpoint = call(
        "POST", "serviceendpoints", {"name": "e", "url": url, "contract": 8, "authtype": 4, "authvalue": "k"}
    )
    message = call("GET", "sdkmessages?$select=sdkmessageid&$filter=name eq 'Create'")["value"][0]
    condition = "primaryobjecttypecode eq 'lead' and sdkmessageid/name eq 'Create'"
    on_lead = call("GET", f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}")["value"][0]
    step = {
        "name": "lead created",
        "stage": 40,
        "mode": 1,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint['serviceendpointid']})",
        "sdkmessageid@odata.bind": f"/sdkmessages({message['sdkmessageid']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({on_lead['sdkmessagefilterid']})",
    }
    call("POST", "sdkmessageprocessingsteps", step)


def test_a_created_lead_reaches_the_queue_function(
    app: func.FunctionApp, running: RunningEmulator, session: requests.Session
) -> None:
    seen: list[str] = []
    addresses = running.addresses

    @app.route(route="row-changed", methods=["POST"])
    def row_changed(req: func.HttpRequest) -> func.HttpResponse:
        assert req.params["code"] == "k"
        with QueueClient.from_connection_string(
            addresses.queue_connection_string, "changes", message_encode_policy=TextBase64EncodePolicy()
        ) as queue:
            queue.send_message(req.get_json()["PrimaryEntityId"])
        return func.HttpResponse(status_code=202)

    @app.queue_trigger(arg_name="msg", queue_name="changes", connection="AzureWebJobsStorage")
    def score(msg: func.QueueMessage) -> None:
        seen.append(msg.get_body().decode())

    def call(method: str, path: str, row: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {addresses.token}", "Prefer": "return=representation"}
        answer = session.request(method, f"{addresses.dataverse_url}/api/data/v9.2/{path}", json=row, headers=headers)
        assert answer.ok, answer.text
        return json.loads(answer.content)

    with FunctionsHost(app, {}, {"AzureWebJobsStorage": addresses.queue_connection_string}) as host:
        register(call, host.url + "/api/row-changed")
        leads = [call("POST", "leads", {"lastname": name})["leadid"] for name in ("Durand", "Martin", "Smith")]
        running.webhooks.drain(10)
        host.wait_idle(10)
    assert sorted(seen) == sorted(leads)
    assert host.counts == {"row_changed": FunctionCounts(succeeded=3), "score": FunctionCounts(succeeded=3)}
