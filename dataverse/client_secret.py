"""A token provider for an application with a client secret.

Source: Microsoft identity platform, client credentials flow; MSAL for Python.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped]  # MSAL ships no types
import requests

from dataverse.errors import AuthenticationError, ConfigurationError
from dataverse.limits import DEFAULT_LIMITS, Limits
from dataverse.msal_http import MsalHttp
from dataverse.transport import Transport, new_session
from dataverse.urls import service_origin

_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
_NO_TENANTS = frozenset({"common", "organizations", "consumers"})
_ENTRA_CODE = re.compile(r"AADSTS\d+")
_WORD = re.compile(r"[0-9A-Za-z_-]{1,64}")


class ClientSecret:
    """Tokens for an application with a client secret, kept by MSAL until shortly before they expire; thread-safe."""

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        secret: str,
        resource_url: str,
        *,
        session: requests.Session | None = None,
        authority: str = "https://login.microsoftonline.com",
        limits: Limits = DEFAULT_LIMITS,
        ca_bundle: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Contact nobody yet; `resource_url` is the environment's, `authority` the cloud's login address."""
        if not _TENANT.fullmatch(tenant_id) or tenant_id.lower() in _NO_TENANTS:
            raise ConfigurationError("the tenant is neither an id nor a domain")
        if not client_id or not secret:
            raise ConfigurationError("the client id or its secret is empty")
        if urlsplit(authority).scheme != "https" or not urlsplit(authority).hostname:
            raise ConfigurationError("the authority must begin with https://")
        self._tenant_id, self._client_id, self._secret = tenant_id, client_id, secret
        self._authority = f"{authority.rstrip('/')}/{tenant_id}"
        self._scope = f"{service_origin(resource_url)}/.default"
        self._owns_session = session is None
        transport = Transport(
            session if session is not None else new_session(1), limits, ca_bundle=ca_bundle, clock=clock
        )
        self._http = MsalHttp(transport, clock)
        self._lock = threading.Lock()
        self._application: _Application | None = None

    def token(self, *, fresh: bool = False) -> str:
        """A token for the environment; AuthenticationError names Entra's AADSTS number, never the secret."""
        with self._lock:
            try:
                if fresh and self._application is not None:
                    self._application.remove_tokens_for_client()
                result = self._msal().acquire_token_for_client(scopes=[self._scope])
            except ValueError:
                # MSAL's way to say that the authority does not know the tenant.
                raise AuthenticationError(explanation="the authority does not know the tenant") from None
        token = result.get("access_token")
        if not isinstance(token, str):
            raise _refusal(result)
        return token

    def close(self) -> None:
        """Give the connection back, unless the session is the caller's."""
        if self._owns_session:
            self._http.close()

    def __repr__(self) -> str:
        """Without the secret."""
        return f"ClientSecret(tenant_id={self._tenant_id!r}, client_id={self._client_id!r}, secret=***)"

    def _msal(self) -> "_Application":
        # Made at the first need: MSAL asks the authority for its endpoints when it is made.
        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=self._secret,
                authority=self._authority,
                http_client=self._http,
                instance_discovery=False,  # MSAL would ask login.microsoftonline.com about any address it does not know
            )
        return self._application


class _Application(Protocol):
    def acquire_token_for_client(self, scopes: list[str]) -> Mapping[str, object]: ...

    def remove_tokens_for_client(self) -> None: ...


def _refusal(result: Mapping[str, object]) -> AuthenticationError:
    found = _ENTRA_CODE.search(str(result.get("error_description", "")))
    error = str(result.get("error", ""))
    correlation = str(result.get("correlation_id", ""))
    return AuthenticationError(
        request_id=correlation if _WORD.fullmatch(correlation) else "",
        about="POST identity",
        code=found.group() if found else "",
        explanation=error if _WORD.fullmatch(error) else "",
    )
