"""The identity endpoints on sockets of their own: Entra over https, managed identity over http."""

import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from emulator.faults import Faults
from emulator.identity.applications import Application
from emulator.identity.entra import Entra
from emulator.identity.guard import BearerGuard
from emulator.identity.managed_identity import APP_SERVICE_PATH, ManagedIdentity
from emulator.identity.tokens import LIFETIME_S, IssuedTokens
from emulator.server import Server


def _one_application() -> tuple[Application, ...]:
    return (Application(str(uuid4()), secrets.token_urlsafe(32)),)


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Who may have tokens, and for how long they are good; by default one application with a secret of its own."""

    applications: tuple[Application, ...] = field(default_factory=_one_application)
    tenant_id: str = field(default_factory=lambda: str(uuid4()))
    user_assigned: tuple[str, ...] = ()
    token_lifetime_s: int = LIFETIME_S
    entra_port: int = 0
    managed_identity_port: int = 0


@dataclass(frozen=True, slots=True)
class IdentityAddresses:
    """What clients are told: the authority's address and tenant, and what the platform puts into the environment."""

    authority: str
    tenant_id: str
    applications: tuple[Application, ...]
    identity_endpoint: str  # IDENTITY_ENDPOINT of a function app
    identity_header: str = field(repr=False)  # IDENTITY_HEADER of a function app
    imds_host: str  # instead of http://169.254.169.254


@dataclass(frozen=True, slots=True)
class RunningIdentity:
    """The addresses, the tokens, and the guard that makes the Web API take them."""

    addresses: IdentityAddresses
    tokens: IssuedTokens
    guard: BearerGuard


@contextmanager
def running_identity(
    options: IdentityOptions,
    resource: str,
    web_api_token: str,
    *,
    clock: Callable[[], datetime],
    faults: Faults,
    tls: ssl.SSLContext,
) -> Iterator[RunningIdentity]:
    """Serves until the block ends; `resource` is the environment's address, the one thing tokens are for."""
    tokens = IssuedTokens(clock, options.token_lifetime_s)
    header = secrets.token_urlsafe(24)
    entra = Entra(options.tenant_id, options.applications, resource, tokens, clock)
    managed = ManagedIdentity(resource, tokens, header, options.user_assigned)
    with (
        Server(faults.around(entra.handle), options.entra_port, tls=tls) as entra_server,
        Server(faults.around(managed.handle), options.managed_identity_port) as managed_server,
    ):
        addresses = IdentityAddresses(
            authority=entra_server.url,
            tenant_id=options.tenant_id,
            applications=options.applications,
            identity_endpoint=managed_server.url + APP_SERVICE_PATH,
            identity_header=header,
            imds_host=managed_server.url,
        )
        authorize = f"{addresses.authority}/{options.tenant_id}/oauth2/authorize"
        challenge = f"Bearer authorization_uri={authorize}, resource_id={resource}/"
        yield RunningIdentity(addresses, tokens, BearerGuard(tokens, web_api_token, challenge))
