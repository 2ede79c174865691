from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import azure.functions as func
import pytest
import requests
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from emulator.host import FunctionsHost
from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Request, Response, utc_now

FAST: Mapping[str, Any] = {"maxPollingInterval": "00:00:00.1"}


class Current:
    """The queue service of the running test: one socket serves them all, each with queues of its own."""

    service = QueueService(utc_now)

    def handle(self, request: Request) -> Response:
        return self.service.handle(request)


@pytest.fixture(scope="session")
def current() -> Current:
    return Current()


@pytest.fixture(scope="session")
def socket(current: Current) -> Iterator[Server]:
    with Server(current.handle) as server:
        yield server


@pytest.fixture
def storage(socket: Server, current: Current) -> str:
    """The connection string of empty queues of this test's own."""
    current.service = QueueService(utc_now)
    return connection_string(socket.url)


@pytest.fixture
def host() -> Iterator[Callable[..., FunctionsHost]]:
    """Starts hosts that end with the test; `environment` holds the settings, `queues` those of host.json."""
    with ExitStack() as stack:

        def start(app: func.FunctionApp | str, *, queues: Mapping[str, Any] = FAST, **options: Any) -> FunctionsHost:
            host_json = {"version": "2.0", "extensions": {"queues": dict(queues)}}
            environment = options.pop("environment", {})
            return stack.enter_context(FunctionsHost(app, host_json, environment, **options))

        yield start


@pytest.fixture
def queue(storage: str) -> Iterator[Callable[[str], QueueClient]]:
    """Clients that write base64, as the app does, and read texts as they are stored."""
    with ExitStack() as stack:

        def client(name: str) -> QueueClient:
            return stack.enter_context(
                QueueClient.from_connection_string(
                    storage, name, message_encode_policy=TextBase64EncodePolicy(), retry_total=0
                )
            )

        yield client


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def app() -> func.FunctionApp:
    return func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
