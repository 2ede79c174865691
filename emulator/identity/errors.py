"""The refusals of Entra's token endpoint: each an AADSTS number, an OAuth error and a text.

Source: Microsoft Entra, "Authentication and authorization error codes"; answers quoted in its libraries' issues.
"""

import json
from datetime import datetime
from uuid import UUID, uuid4

from emulator.web_api import Request, Response


class EntraError(Exception):
    """A refusal: its number, the OAuth word for it, the HTTP status, and what Entra says."""

    def __init__(self, number: int, error: str, status: int, text: str) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.number = number
        self.error = error
        self.status = status

    def answer(self, request: Request, now: datetime) -> Response:
        """The answer, with the ids of the request in it; Entra takes the correlation id from the client."""
        trace, correlation, at = str(uuid4()), _correlation_id(request), f"{now:%Y-%m-%d %H:%M:%SZ}"
        content = {
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [self.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        return Response(self.status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(content).encode())


def tenant_not_found(tenant: str) -> EntraError:
    """No such directory."""
    return EntraError(
        90002, "invalid_tenant", 400, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    )


def parameter_missing(name: str) -> EntraError:
    """A form without a parameter that every token request has."""
    return EntraError(
        900144, "invalid_request", 400, f"The request body must contain the following parameter: '{name}'."
    )


def grant_not_supported() -> EntraError:
    """Another grant than client credentials."""
    return EntraError(70003, "unsupported_grant_type", 400, "The app requested an unsupported grant type.")


def application_not_found(client_id: str, tenant: str) -> EntraError:
    """No such application in the directory."""
    text = f"Application with identifier '{client_id}' was not found in the directory '{tenant}'."
    return EntraError(700016, "unauthorized_client", 400, text)


def scope_without_default(scope: str) -> EntraError:
    """Client credentials ask for a resource, not for one of its permissions."""
    text = (
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI)."
    )
    return EntraError(1002012, "invalid_scope", 400, text)


def resource_not_found(resource: str, tenant: str) -> EntraError:
    """No such resource in the directory."""
    text = f"The resource principal named {resource} was not found in the tenant named {tenant}."
    return EntraError(500011, "invalid_resource", 400, text)


def credential_missing() -> EntraError:
    """Neither a secret nor an assertion."""
    text = "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
    return EntraError(7000216, "invalid_request", 400, text)


def secret_invalid(client_id: str) -> EntraError:
    """Not the application's secret."""
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{client_id}'."
    )
    return EntraError(7000215, "invalid_client", 401, text)


def secret_expired(client_id: str) -> EntraError:
    """The application's secret, too late."""
    return EntraError(
        7000222, "invalid_client", 401, f"The provided client secret keys for app '{client_id}' are expired."
    )


def assertion_malformed() -> EntraError:
    """An assertion that is no signed JWT."""
    return EntraError(50027, "invalid_request", 400, "JWT token is invalid or malformed.")


def assertion_not_signed(reason: str, thumbprint: str) -> EntraError:
    """An assertion that the application's certificate did not sign."""
    text = (
        f"Client assertion failed signature validation. [Reason - {reason}., "
        f"Thumbprint of key used by client: '{thumbprint}']"
    )
    return EntraError(700027, "invalid_client", 401, text)


def assertion_out_of_time(now: datetime) -> EntraError:
    """An assertion that has expired, or is not good yet."""
    text = f"Client assertion is not within its valid time range. Current time: {now.isoformat()}."
    return EntraError(700024, "invalid_client", 401, text)


def assertion_for_another_audience() -> EntraError:
    """An assertion made for another endpoint."""
    return EntraError(700023, "invalid_client", 401, "Client assertion audience claim does not match Realm issuer.")


def assertion_of_another_application() -> EntraError:
    """An assertion whose issuer and subject are not the application."""
    text = "Client assertion application identifier doesn't match 'client_id' parameter."
    return EntraError(700021, "invalid_client", 401, text)


def _correlation_id(request: Request) -> str:
    try:
        return str(UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid4())
