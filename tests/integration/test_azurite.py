"""The app under its host over Microsoft's own emulator of queues: what it accepts, refuses, sets aside and keeps."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import azure.functions as func
import pytest
import requests
from azure.storage.queue import QueueClient, QueueMessage, TextBase64DecodePolicy

from connector.intake import SECRET_HEADER
from connector.messages import LEAD_CHANGES, POISON, read_message
from connector.settings import emulator_environment
from connector.storage_queue import StorageQueue
from emulator.host import FunctionCounts, FunctionsHost
from tests import azurite
from tests.world import SECRET, TOKEN

pytestmark = pytest.mark.skipif(azurite.MISSING is not None, reason=str(azurite.MISSING))

HOST_JSON = Path(__file__).resolve().parents[2] / "host.json"
NOBODY_WORKS = {"AzureWebJobs.score_leads.Disabled": "true", "AzureWebJobs.score_leads_bulk.Disabled": "true"}
ORGANIZATION = UUID("6d81597f-0f9f-4711-8122-000d3aa2331c")


@dataclass
class Storage:
    """Azurite at work; `stop` ends it, with all that it holds."""

    connection_string: str
    stop: Callable[[], None]

    def messages(self, queue: str) -> list[QueueMessage]:
        """What waits in the queue, decoded."""
        decode = TextBase64DecodePolicy()
        with QueueClient.from_connection_string(self.connection_string, queue, message_decode_policy=decode) as client:
            return list(client.peek_messages(max_messages=32))


@pytest.fixture
def storage() -> Iterator[Storage]:
    with ExitStack() as stack:
        connection_string = stack.enter_context(azurite.running_azurite())
        yield Storage(connection_string, stack.close)


@pytest.fixture
def start(storage: Storage) -> Iterator[Callable[..., FunctionsHost]]:
    """Starts a host of the app, or of another one, over the storage; no Dataverse is there."""
    with ExitStack() as stack:

        def started(app: str | func.FunctionApp = "function_app:app", **settings: str) -> FunctionsHost:
            environment = emulator_environment(
                dataverse_url="http://127.0.0.1:9",
                token=TOKEN,
                organization_id=ORGANIZATION,
                storage=storage.connection_string,
                webhook_secret=SECRET,
            )
            return stack.enter_context(FunctionsHost(app, _quick_host_json(), environment | settings))

        yield started


def post(host: FunctionsHost, lead: UUID) -> int:
    body = {"OrganizationId": str(ORGANIZATION), "PrimaryEntityName": "lead", "PrimaryEntityId": str(lead)}
    url = f"{host.url}/api/row-changed"
    return requests.post(url, json=body, headers={SECRET_HEADER: SECRET}, timeout=50).status_code


def test_a_webhook_is_answered_202_when_its_message_is_visible_and_that_never_expires(
    storage: Storage, start: Callable[..., FunctionsHost]
) -> None:
    host, lead = start(**NOBODY_WORKS), uuid4()
    assert post(host, lead) == 202
    (message,) = storage.messages(LEAD_CHANGES)
    assert read_message(message.content).ids == (lead,)
    assert isinstance(message.expires_on, datetime)
    assert message.expires_on.year == 9999


def test_a_webhook_is_answered_503_while_the_storage_is_down(
    storage: Storage, start: Callable[..., FunctionsHost]
) -> None:
    host = start(**NOBODY_WORKS)
    assert post(host, uuid4()) == 202
    storage.stop()
    assert post(host, uuid4()) == 503


def test_a_message_that_fails_five_times_is_set_aside_and_those_around_it_are_done(
    storage: Storage, start: Callable[..., FunctionsHost]
) -> None:
    app, tries = func.FunctionApp(), []

    @app.queue_trigger(arg_name="message", queue_name=LEAD_CHANGES, connection="AzureWebJobsStorage")
    def take(message: func.QueueMessage) -> None:
        tries.append(message.get_body().decode())
        if tries[-1] == "bad":
            raise RuntimeError

    queue = StorageQueue(storage.connection_string)
    for text in ("good", "bad", "better"):
        queue.send(LEAD_CHANGES, text)
    host = start(app)
    host.wait_idle(60)
    assert sorted(tries) == ["bad"] * 5 + ["better", "good"]
    assert host.counts == {"take": FunctionCounts(succeeded=2, failed=5, poisoned=1)}
    assert [message.content for message in storage.messages(LEAD_CHANGES + POISON)] == ["bad"]


def test_a_message_that_nobody_can_read_is_set_aside_with_a_reason_and_no_try_is_spent_on_it(
    storage: Storage, start: Callable[..., FunctionsHost]
) -> None:
    StorageQueue(storage.connection_string).send(LEAD_CHANGES, '{"v":9,"canary":"Durand"}')
    host = start()
    host.wait_idle(60)
    assert host.counts["score_leads"] == FunctionCounts(succeeded=1)
    (message,) = storage.messages(LEAD_CHANGES + POISON)
    assert json.loads(message.content)["reason"] == "unknown-version"
    assert "Durand" not in message.content


def _quick_host_json() -> dict[str, Any]:
    """The deployed host.json, but that what failed is tried again at once."""
    content: dict[str, Any] = json.loads(HOST_JSON.read_text(encoding="utf-8"))
    content["extensions"]["queues"] |= {"visibilityTimeout": "00:00:00", "maxPollingInterval": "00:00:00.1"}
    return content
