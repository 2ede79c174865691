"""The whole emulated environment, running: the one place where its parts are put together and get their sockets."""

import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import UUID

from emulator.clock import EmulatorClock
from emulator.control import Control
from emulator.faults import Faults
from emulator.front import Front
from emulator.identity import IdentityAddresses, IdentityOptions, IssuedTokens, RunningIdentity, running_identity
from emulator.limits import Cost, ProtectionLimits
from emulator.local_ca import LocalAuthority
from emulator.queue_service import QueueService, connection_string
from emulator.request_log import KEPT_REQUESTS
from emulator.server import Server
from emulator.web_api import Emulator, Request, Response, utc_now
from emulator.web_servers import execution_cost
from emulator.webhooks import Organization, WebhookSender


@dataclass(frozen=True, slots=True)
class EmulatorAddresses:
    """What a client needs to know.

    `token` is a bearer token that never expires; `ca_file` holds the certificate to trust, when anything is https;
    `identity` says where other tokens are had, when they are.
    """

    dataverse_url: str
    queue_connection_string: str = field(repr=False)
    token: str = field(repr=False)
    organization_id: UUID
    ca_file: Path | None = None
    identity: IdentityAddresses | None = None


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """The parts, for those in the same process: `webhooks.drain` waits until every event was delivered.

    `front` has the faults, the limits and the log that `/_emulator/` works on; `tokens` those that were issued.
    """

    addresses: EmulatorAddresses
    emulator: Emulator
    webhooks: WebhookSender
    clock: EmulatorClock
    front: Front
    tokens: IssuedTokens | None = None


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
    https: bool = False,
    ca_file: Path | None = None,
    identity: IdentityOptions | None = None,
    limits: ProtectionLimits | None = None,
    cost: Cost = execution_cost,
    kept_requests: int = KEPT_REQUESTS,
) -> Iterator[RunningEmulator]:
    """Serves until the block ends.

    Port 0 is any free one; without a `path` rows are in memory (queue messages always are); without a `token` it is
    random; `shuffle` has webhooks delivered out of order; `/_emulator/clock` starts from `clock`. With `https` (of the
    Web API) or `identity`, a local certificate authority is made, new each time, and written to `ca_file`, else to a
    temporary file. `cost` is the execution time that `limits` count for a request.
    """
    told_clock, token, faults = EmulatorClock(clock), token or secrets.token_urlsafe(32), Faults()
    with ExitStack() as stack:
        emulator = Emulator(path=path, clock=told_clock, token=token, organization_id=organization_id)
        stack.callback(emulator.close)
        tls, ca_file = _local_authority(stack, ca_file) if https or identity else (None, None)

        def handle(request: Request) -> Response:
            return control.handle(request)

        # The parts need this address, and the handler the parts: the server is made first and started last.
        server = Server(handle, web_api_port, tls=tls if https else None)
        stack.callback(server.stop)
        emulator.base_url = server.url
        known = _identity(stack, identity, emulator, token, told_clock, faults, tls) if identity and tls else None
        guard = known.guard if known else None
        front = Front(
            emulator.handle,
            told_clock,
            faults=faults,
            limits=limits,
            cost=cost,
            guard=guard,
            kept_requests=kept_requests,
        )
        webhooks = _webhooks(stack, emulator, webhook_workers, shuffle)
        control = Control(emulator, front, told_clock, lambda: webhooks.counts)
        server.start()
        queues = stack.enter_context(Server(QueueService(told_clock).handle, queue_port))
        addresses = EmulatorAddresses(
            dataverse_url=server.url,
            queue_connection_string=connection_string(queues.url),
            token=token,
            organization_id=emulator.organization_id,
            ca_file=ca_file,
            identity=known.addresses if known else None,
        )
        yield RunningEmulator(addresses, emulator, webhooks, told_clock, front, known.tokens if known else None)


def _local_authority(stack: ExitStack, ca_file: Path | None) -> tuple[ssl.SSLContext, Path]:
    """A certificate for our servers, and the file that says whom to trust for it."""
    authority = LocalAuthority()
    ca_file = ca_file or Path(stack.enter_context(TemporaryDirectory(prefix="emulator-"))) / "ca.pem"
    authority.write(ca_file)
    return authority.server_context(), ca_file


def _identity(
    stack: ExitStack,
    options: IdentityOptions,
    emulator: Emulator,
    token: str,
    clock: EmulatorClock,
    faults: Faults,
    tls: ssl.SSLContext,
) -> RunningIdentity:
    """The identity endpoints, for tokens to the Web API."""
    return stack.enter_context(running_identity(options, emulator.base_url, token, clock=clock, faults=faults, tls=tls))


def _webhooks(stack: ExitStack, emulator: Emulator, workers: int, shuffle: Random | None) -> WebhookSender:
    """A sender behind the Web API, with threads that end when the stack does."""
    organization = Organization(emulator.organization_id, emulator.business_unit_id, urlsplit(emulator.base_url).netloc)
    sender = stack.enter_context(WebhookSender(emulator, organization, workers=workers, shuffle=shuffle))
    emulator.listeners.append(sender.on_event)
    return sender
