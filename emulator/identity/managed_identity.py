"""Managed identity as a function app and a virtual machine have it: a token for who asks from the right place.

Source: Microsoft, "How to use managed identities for App Service", REST endpoint reference; "How to use managed
identities on an Azure VM to acquire an access token".
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from emulator.identity.tokens import IssuedToken, IssuedTokens
from emulator.web_api import Request, Response

APP_SERVICE_PATH = "/msi/token"
IMDS_PATH = "/metadata/identity/oauth2/token"

_NAMES = frozenset({"client_id", "mi_res_id", "msi_res_id", "object_id", "principal_id"})


class ManagedIdentity:
    """Answers both forms: App Service's at `/msi/token` (`IDENTITY_ENDPOINT`), the machine's at its own path (IMDS).

    The system-assigned identity is asked for by no name, the others by their client ids.
    """

    def __init__(
        self, resource: str, tokens: IssuedTokens, identity_header: str, client_ids: Iterable[str] = ()
    ) -> None:
        self._resource = resource
        self._tokens = tokens
        self._identity_header = identity_header
        self._client_ids = frozenset(client_ids)

    def handle(self, request: Request) -> Response:
        """The answer."""
        parts = urlsplit(request.target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if request.method == "GET" and parts.path == APP_SERVICE_PATH:
            return self._app_service(request, query)
        if request.method == "GET" and parts.path == IMDS_PATH:
            return self._machine(request, query)
        return _json(501, {"error": f"The emulator does not do {request.method} {parts.path}."})

    def _app_service(self, request: Request, query: Mapping[str, str]) -> Response:
        given = request.headers.get("X-IDENTITY-HEADER", "")
        if not compare_digest(given.encode(), self._identity_header.encode()):
            return _json(401, {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."})
        if query.get("api-version") != "2019-08-01":
            return _json(400, {"statusCode": 400, "message": "The api-version is not supported."})
        if not self._knows(query):
            message = (
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            )
            return _json(400, {"statusCode": 400, "message": message})
        if not self._is_resource(query):
            return _json(500, {"statusCode": 500, "message": "An unexpected error occurred while fetching the token."})
        return _json(200, self._granted(self._tokens.issue(), query))

    def _machine(self, request: Request, query: Mapping[str, str]) -> Response:
        if request.headers.get("Metadata", "").lower() != "true":
            return _refused("Required metadata header not specified")
        if query.get("api-version") != "2018-02-01":
            return _refused("Required query variable 'api-version' is missing or not supported")
        if not query.get("resource"):
            return _refused("Required query variable 'resource' is missing")
        if not self._knows(query):
            return _refused("Identity not found")
        if not self._is_resource(query):
            description = f"AADSTS500011: The resource principal named {query['resource']} was not found in the tenant."
            return _json(400, {"error": "invalid_resource", "error_description": description})
        token = self._tokens.issue()
        times = {
            "expires_in": str(self._tokens.lifetime_s),
            "ext_expires_in": str(self._tokens.lifetime_s),
            "not_before": _epoch(token.issued_at),
        }
        return _json(200, {**self._granted(token, query), **times})

    def _granted(self, token: IssuedToken, query: Mapping[str, str]) -> dict[str, object]:
        return {
            "access_token": token.text,
            "client_id": query.get("client_id", ""),
            "expires_on": _epoch(token.expires_at),
            "resource": query["resource"],
            "token_type": "Bearer",
        }

    def _knows(self, query: Mapping[str, str]) -> bool:
        named = {query[name] for name in _NAMES & query.keys()}
        return named <= self._client_ids

    def _is_resource(self, query: Mapping[str, str]) -> bool:
        return query.get("resource", "").rstrip("/") == self._resource


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _refused(description: str) -> Response:
    return _json(400, {"error": "invalid_request", "error_description": description})


def _json(status: int, content: Mapping[str, object]) -> Response:
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(content).encode())
