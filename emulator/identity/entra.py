"""Entra's part: where the endpoints are, and tokens for applications that prove who they are.

Source: Microsoft identity platform, client credentials flow; OpenID Connect discovery.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hmac import compare_digest
from urllib.parse import parse_qsl

from emulator.identity import errors
from emulator.identity.applications import Application
from emulator.identity.assertion import check_assertion
from emulator.identity.errors import EntraError
from emulator.identity.tokens import IssuedTokens
from emulator.web_api import Request, Response

_DISCOVERY = re.compile(r"/([^/]+)/v2\.0/\.well-known/openid-configuration")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token")
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Entra:
    """Answers discovery and the token endpoint of one tenant, for one resource: the environment. All else is 501.

    Endpoints are told under the host the client asked at, so that it may stand behind a proxy.
    """

    def __init__(
        self,
        tenant_id: str,
        applications: Iterable[Application],
        resource: str,
        tokens: IssuedTokens,
        clock: Callable[[], datetime],
    ) -> None:
        self._tenant_id = tenant_id
        self._applications = {application.client_id: application for application in applications}
        self._resource = resource
        self._tokens = tokens
        self._clock = clock

    def handle(self, request: Request) -> Response:
        """The answer; refusals are Entra's."""
        path = request.target.partition("?")[0]
        try:
            if request.method == "GET" and (found := _DISCOVERY.fullmatch(path)):
                self._check_tenant(found[1])
                return _json(self._endpoints(request))
            if request.method == "POST" and (found := _TOKEN.fullmatch(path)):
                self._check_tenant(found[1])
                return _json(self._token(request))
        except EntraError as refusal:
            return refusal.answer(request, self._clock())
        content = {"error": f"The emulator does not do {request.method} {path}."}
        return Response(501, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() != self._tenant_id.lower():
            raise errors.tenant_not_found(tenant)

    def _endpoints(self, request: Request) -> dict[str, object]:
        base = f"https://{request.headers.get('Host', '')}/{self._tenant_id}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
        }

    def _token(self, request: Request) -> dict[str, object]:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                raise errors.parameter_missing(name)
        if form["grant_type"] != "client_credentials":
            raise errors.grant_not_supported()
        application = self._applications.get(form["client_id"])
        if application is None:
            raise errors.application_not_found(form["client_id"], self._tenant_id)
        self._check_credential(application, form, self._endpoints(request))
        self._check_scope(form["scope"])
        lifetime_s = self._tokens.lifetime_s
        times = {"expires_in": lifetime_s, "ext_expires_in": lifetime_s}
        return {"token_type": "Bearer", **times, "access_token": self._tokens.issue().text}

    def _check_credential(
        self, application: Application, form: Mapping[str, str], endpoints: Mapping[str, object]
    ) -> None:
        if form.get("client_assertion") and form.get("client_assertion_type") == _JWT_BEARER:
            audiences = {str(endpoints["token_endpoint"]), str(endpoints["issuer"])}
            check_assertion(form["client_assertion"], application, audiences, self._clock())
            return
        if not form.get("client_secret"):
            raise errors.credential_missing()
        if application.secret is None or not compare_digest(
            form["client_secret"].encode(), application.secret.encode()
        ):
            raise errors.secret_invalid(application.client_id)
        if application.secret_expires_at is not None and self._clock() >= application.secret_expires_at:
            raise errors.secret_expired(application.client_id)

    def _check_scope(self, scope: str) -> None:
        # MSAL adds these to every scope; client credentials do not need them.
        scopes = [each for each in scope.split() if each not in {"openid", "profile", "offline_access"}]
        resource, suffix = scopes[0].rpartition("/.default")[:2] if len(scopes) == 1 else ("", "")
        if not suffix or not scopes[0].endswith("/.default"):
            raise errors.scope_without_default(scope)
        if resource != self._resource:
            raise errors.resource_not_found(resource, self._tenant_id)


def _json(content: Mapping[str, object]) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store, no-cache"}
    return Response(200, headers, json.dumps(content).encode())
