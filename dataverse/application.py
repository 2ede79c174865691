"""What token providers for an application of Entra share: MSAL behind one lock, and refusals without secrets.

Source: Microsoft identity platform, client credentials flow; MSAL for Python.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, TypedDict, Unpack

import msal  # type: ignore[import-untyped]  # MSAL ships no types
import requests

from dataverse.auth import HoldsSecret
from dataverse.clouds import authority_of, checked_authority
from dataverse.errors import AuthenticationError, ConfigurationError
from dataverse.limits import DEFAULT_LIMITS, Limits
from dataverse.msal_http import MsalHttp
from dataverse.transport import Transport, new_session
from dataverse.urls import service_origin

_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
_NO_TENANTS = frozenset({"common", "organizations", "consumers"})
_ENTRA_CODE = re.compile(r"AADSTS\d+")
_WORD = re.compile(r"[0-9A-Za-z_-]{1,64}")
_NO_AUTHORITY = "Unable to get authority configuration"  # how the text of MSAL's ValueError begins then

Credential: TypeAlias = str | Mapping[str, str]


class Connection(TypedDict, total=False):
    """How the login service is reached; without `authority` it is the one of the cloud that the environment is in."""

    session: requests.Session | None
    authority: str | None
    limits: Limits
    ca_bundle: str | None
    clock: Callable[[], float]


class Application(HoldsSecret):
    """Tokens for an application by one kind of credential, kept by MSAL until they are about to expire; thread-safe."""

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        credential: Credential,
        resource_url: str,
        **connection: Unpack[Connection],
    ) -> None:
        """Contact nobody yet; `resource_url` is the environment's."""
        if not _TENANT.fullmatch(tenant_id) or tenant_id.lower() in _NO_TENANTS:
            raise ConfigurationError("the tenant is neither an id nor a domain")
        if not client_id or not credential:
            raise ConfigurationError("the client id or its credential is empty")
        origin = service_origin(resource_url)
        self._tenant_id, self._client_id, self._credential = tenant_id, client_id, credential
        self._authority = f"{checked_authority(connection.get('authority') or authority_of(origin))}/{tenant_id}"
        self._scope = f"{origin}/.default"
        self._owns_session = connection.get("session") is None
        self._http = MsalHttp(
            Transport(
                connection.get("session") or new_session(1),
                connection.get("limits", DEFAULT_LIMITS),
                ca_bundle=connection.get("ca_bundle"),
            ),
            connection.get("clock", time.time),
        )
        self._lock = threading.Lock()
        self._application: _Msal | None = None

    def token(self, *, fresh: bool = False) -> str:
        """A token for the environment; AuthenticationError names Entra's AADSTS number, never the credential."""
        with self._lock:
            try:
                if fresh and self._application is not None:
                    self._application.remove_tokens_for_client()
                result = self._msal().acquire_token_for_client(scopes=[self._scope])
            # `from None`: the causes may hold the credential.
            except (ValueError, TypeError) as error:
                unknown = str(error).startswith(_NO_AUTHORITY)
                cause = "the authority does not know the tenant" if unknown else "the credential cannot be used"
                raise AuthenticationError(about="POST identity", explanation=cause) from None
        return token_of(result)

    def close(self) -> None:
        """Give the connection back, unless the session is the caller's."""
        if self._owns_session:
            self._http.close()

    def __repr__(self) -> str:
        """Without the credential."""
        return f"{type(self).__name__}(tenant_id={self._tenant_id!r}, client_id={self._client_id!r}, ***)"

    def _msal(self) -> "_Msal":
        # Made at the first need: MSAL asks the authority for its endpoints when it is made.
        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=self._credential,
                authority=self._authority,
                http_client=self._http,
                instance_discovery=False,  # MSAL would ask login.microsoftonline.com about any address it does not know
            )
        return self._application


class _Msal(Protocol):
    def acquire_token_for_client(self, scopes: list[str]) -> Mapping[str, object]: ...

    def remove_tokens_for_client(self) -> None: ...


def token_of(result: Mapping[str, object]) -> str:
    """The token in what MSAL answers with; AuthenticationError when it is a refusal, which MSAL does not raise."""
    token = result.get("access_token")
    if isinstance(token, str):
        return token
    found = _ENTRA_CODE.search(str(result.get("error_description", "")))
    error, correlation = str(result.get("error", "")), str(result.get("correlation_id", ""))
    raise AuthenticationError(
        request_id=correlation if _WORD.fullmatch(correlation) else "",
        about="POST identity",
        code=found.group() if found else "",
        explanation=error if _WORD.fullmatch(error) else "",
    )
