"""The whole emulated environment, running: the one place where its Web API, queues and webhooks are put together."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

from emulator.control import Control
from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Emulator, Request, Response, utc_now
from emulator.webhooks import Organization, WebhookSender


@dataclass(frozen=True, slots=True)
class EmulatorAddresses:
    """What a client needs to know; `token` is the one bearer token the Web API takes."""

    dataverse_url: str
    queue_connection_string: str = field(repr=False)
    token: str = field(repr=False)
    organization_id: UUID


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """The parts, for those in the same process: `webhooks.drain` waits until every event was delivered."""

    addresses: EmulatorAddresses
    emulator: Emulator
    webhooks: WebhookSender


@contextmanager
def running_emulator(
    *,
    path: Path | None = None,
    web_api_port: int = 0,
    queue_port: int = 0,
    clock: Callable[[], datetime] = utc_now,
    token: str | None = None,
    organization_id: UUID | None = None,
    webhook_workers: int = 4,
    shuffle: Random | None = None,
) -> Iterator[RunningEmulator]:
    """Serves until the block ends.

    Port 0 is any free one; without a `path` rows are in memory (queue messages always are); without a `token` it is
    random; `shuffle` has webhooks delivered out of order.
    """
    token = token or secrets.token_urlsafe(32)
    with ExitStack() as stack:
        emulator = Emulator(path=path, clock=clock, token=token, organization_id=organization_id)
        stack.callback(emulator.close)
        webhooks = _serve(stack, emulator, web_api_port, workers=webhook_workers, shuffle=shuffle)
        queues = stack.enter_context(Server(QueueService(clock).handle, queue_port))
        storage = connection_string(queues.url)
        addresses = EmulatorAddresses(emulator.base_url, storage, token, emulator.organization_id)
        yield RunningEmulator(addresses, emulator, webhooks)


def _serve(stack: ExitStack, emulator: Emulator, port: int, *, workers: int, shuffle: Random | None) -> WebhookSender:
    """Puts the Web API on its port and a webhook sender behind it."""

    def handle(request: Request) -> Response:
        return control.handle(request)

    # The handler needs the sender, and the sender this address: the server is made first and started last.
    server = Server(handle, port)
    stack.callback(server.stop)
    emulator.base_url = server.url
    organization = Organization(emulator.organization_id, emulator.business_unit_id, urlsplit(server.url).netloc)
    webhooks = stack.enter_context(WebhookSender(emulator, organization, workers=workers, shuffle=shuffle))
    emulator.listeners.append(webhooks.on_event)
    control = Control(emulator, lambda: webhooks.counts)
    server.start()
    return webhooks
