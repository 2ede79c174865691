"""A token provider for the managed identity of the Azure resource that this process runs in.

Source: "Use managed identities for App Service and Azure Functions"; MSAL finds the endpoint (IDENTITY_ENDPOINT).
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import msal  # type: ignore[import-untyped]  # MSAL ships no types
import requests

from dataverse.application import token_of
from dataverse.errors import AuthenticationError, ConfigurationError
from dataverse.limits import DEFAULT_LIMITS, Limits
from dataverse.msal_http import MsalHttp, is_address_of_this_machine
from dataverse.transport import Transport, new_session
from dataverse.urls import STORAGE_RESOURCE, service_origin


class ManagedIdentity:
    """Tokens for a managed identity, kept by MSAL until they are about to expire; thread-safe."""

    def __init__(
        self,
        resource_url: str,
        *,
        client_id: str | None = None,
        session: requests.Session | None = None,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Contact nobody yet; with `client_id` it is a user-assigned identity, without it the system-assigned one.

        `resource_url` is the environment's, or STORAGE_RESOURCE.
        """
        if client_id is not None and not client_id:
            raise ConfigurationError("the client id of the managed identity is empty")
        self._client_id = client_id
        # No /.default: a managed identity takes a resource, not a scope.
        self._resource = resource_url if resource_url == STORAGE_RESOURCE else service_origin(resource_url)
        self._owns_session = session is None
        transport = Transport(session if session is not None else new_session(1), limits)
        self._http = MsalHttp(transport, clock, may_be_plain=is_address_of_this_machine)
        self._lock = threading.Lock()
        self._identity: _Msal | None = None

    def token(self, *, fresh: bool = False) -> str:
        """A token for the resource; the endpoint itself may give the same one again, whatever `fresh` says."""
        with self._lock:
            if fresh:
                self._identity = None  # and with it the tokens that it kept
            try:
                result = self._msal().acquire_token_for_client(resource=self._resource)
            except ValueError:
                raise AuthenticationError(
                    about="GET identity", explanation="the answer of the identity endpoint is no token"
                ) from None
        return token_of(result)

    def close(self) -> None:
        """Give the connection back, unless the session is the caller's."""
        if self._owns_session:
            self._http.close()

    def __repr__(self) -> str:
        """Which identity it is."""
        return f"ManagedIdentity(client_id={self._client_id!r})"

    def _msal(self) -> "_Msal":
        if self._identity is None:
            identity = (
                msal.UserAssignedManagedIdentity(client_id=self._client_id)
                if self._client_id
                else msal.SystemAssignedManagedIdentity()
            )
            self._identity = msal.ManagedIdentityClient(identity, http_client=self._http)
        return self._identity


class _Msal(Protocol):
    def acquire_token_for_client(self, *, resource: str) -> Mapping[str, object]: ...
