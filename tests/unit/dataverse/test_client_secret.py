"""Tokens by client secret: kept, renewed when asked, and every refusal named without the secret."""

import time
from collections.abc import Callable

import pytest
import requests
import responses

from dataverse import (
    AuthenticationError,
    ClientSecret,
    ConfigurationError,
    DataverseClient,
    DataverseError,
    ThrottledError,
    UnavailableError,
    action,
)
from tests.unit.dataverse.conftest import ORIGIN, ROOT, Clock

TENANT = "11111111-1111-1111-1111-111111111111"
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
TOKEN_URL = f"{AUTHORITY}/oauth2/v2.0/token"
SECRET = "canary-secret"


def provider(authority: str | None = None, clock: Callable[[], float] = time.time) -> ClientSecret:
    return ClientSecret(TENANT, "app-id", SECRET, ORIGIN + "/", authority=authority, clock=clock)


def knows_the_tenant(service: responses.RequestsMock, base: str = AUTHORITY) -> None:
    service.get(
        f"{base}/v2.0/.well-known/openid-configuration",
        json={
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        },
    )


def gives(service: responses.RequestsMock, token: str) -> None:
    service.post(TOKEN_URL, json={"token_type": "Bearer", "expires_in": 3_599, "access_token": token})


def test_one_token_serves_until_a_fresh_one_is_asked_for(service: responses.RequestsMock) -> None:
    knows_the_tenant(service)
    gives(service, "one")
    gives(service, "two")
    tokens = provider()
    assert [tokens.token(), tokens.token(), tokens.token(fresh=True), tokens.token()] == ["one", "one", "two", "two"]
    form = service.calls[1].request.body
    assert isinstance(form, bytes)
    assert b"scope=https%3A%2F%2Fcontoso.crm12.dynamics.com%2F.default" in form
    assert len(service.calls) == 3


def test_nobody_is_contacted_before_a_token_is_needed(service: responses.RequestsMock) -> None:
    assert SECRET not in repr(provider())
    assert len(service.calls) == 0


def test_another_authority_is_asked_itself_and_nobody_about_it(service: responses.RequestsMock) -> None:
    base = f"https://localhost:8443/{TENANT}"
    knows_the_tenant(service, base)
    service.post(f"{base}/oauth2/v2.0/token", json={"expires_in": 3_599, "access_token": "local"})
    assert provider("https://localhost:8443/").token() == "local"


def test_a_refusal_names_the_cause_and_never_the_secret(service: responses.RequestsMock) -> None:
    knows_the_tenant(service)
    service.post(
        TOKEN_URL,
        status=401,
        json={
            "error": "invalid_client",
            "error_description": f"AADSTS7000215: Invalid client secret provided: {SECRET}",
            "correlation_id": "c0ffee-1",
        },
    )
    with pytest.raises(AuthenticationError) as raised:
        provider().token()
    assert raised.value.code == "AADSTS7000215"
    assert str(raised.value).startswith("c0ffee-1: ")
    assert "invalid_client" in str(raised.value)
    assert SECRET not in str(raised.value) + repr(raised.value)


def test_an_unknown_tenant_is_a_refusal(service: responses.RequestsMock) -> None:
    service.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration", status=400, json={"error": "invalid_tenant"})
    with pytest.raises(AuthenticationError, match="tenant") as raised:
        provider().token()
    assert raised.value.__cause__ is None


def test_an_endpoint_without_https_is_refused(service: responses.RequestsMock) -> None:
    service.get(
        f"{AUTHORITY}/v2.0/.well-known/openid-configuration",
        json={
            "issuer": f"{AUTHORITY}/v2.0",
            "authorization_endpoint": f"{AUTHORITY}/a",
            "token_endpoint": "http://evil.example/token",
        },
    )
    with pytest.raises(AuthenticationError):
        provider().token()
    assert len(service.calls) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": 429, "headers": {"Retry-After": "9"}}, ThrottledError),
        ({"status": 503, "body": "<html>"}, UnavailableError),
        ({"status": 500, "json": {"error": "server_error"}}, UnavailableError),
        ({"status": 200, "body": "<html>"}, UnavailableError),
        ({"body": requests.ReadTimeout()}, UnavailableError),
        ({"body": requests.ConnectionError()}, UnavailableError),
    ],
)
def test_a_fault_of_the_moment_is_one_here_too(
    service: responses.RequestsMock, answer: dict[str, object], expected: type[DataverseError]
) -> None:
    knows_the_tenant(service)
    service.add(responses.POST, TOKEN_URL, **answer)
    with pytest.raises(expected) as raised:
        provider().token()
    if isinstance(raised.value, ThrottledError):
        assert raised.value.retry_after_s == 9.0
    assert SECRET not in str(raised.value)


def test_the_client_waits_for_a_throttled_identity_service(service: responses.RequestsMock, clock: Clock) -> None:
    knows_the_tenant(service)
    service.post(TOKEN_URL, status=429, headers={"Retry-After": "3"})
    gives(service, "one")
    service.post(f"{ROOT}WinOpportunity", status=204)
    with DataverseClient(ORIGIN, provider(clock=clock), sleep=clock.sleep, random=lambda: 0.0, clock=clock) as client:
        client.send(action("WinOpportunity", {}))
    assert clock.slept == [3.0]
    assert service.calls[-1].request.headers["Authorization"] == "Bearer one"


@pytest.mark.parametrize(
    ("tenant", "client_id", "secret", "url", "authority"),
    [
        ("common", "a", "s", ORIGIN, "https://login.microsoftonline.com"),
        ("Organizations", "a", "s", ORIGIN, "https://login.microsoftonline.com"),
        ("", "a", "s", ORIGIN, "https://login.microsoftonline.com"),
        ("x/../y", "a", "s", ORIGIN, "https://login.microsoftonline.com"),
        (TENANT, "", "s", ORIGIN, "https://login.microsoftonline.com"),
        (TENANT, "a", "", ORIGIN, "https://login.microsoftonline.com"),
        (TENANT, "a", "canary", "https://evil.example", "https://login.microsoftonline.com"),
        (TENANT, "a", "canary", ORIGIN, "http://login.microsoftonline.com"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_built(
    tenant: str, client_id: str, secret: str, url: str, authority: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ClientSecret(tenant, client_id, secret, url, authority=authority)
    assert "canary" not in str(raised.value)
