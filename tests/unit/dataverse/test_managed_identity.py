"""Tokens of a managed identity: asked of the endpoint that Azure names, for the resource and not for a scope."""

import time
from collections.abc import Callable

import pytest
import requests
import responses
from responses import matchers

from dataverse import (
    AuthenticationError,
    ConfigurationError,
    DataverseClient,
    DataverseError,
    ManagedIdentity,
    ThrottledError,
    UnavailableError,
    action,
)
from tests.unit.dataverse.conftest import ORIGIN, ROOT, Clock

ENDPOINT = "http://localhost:8081/msi/token"
HEADER = "canary-header"


@pytest.fixture(autouse=True)
def app_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "IDENTITY_SERVER_THUMBPRINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", ENDPOINT)
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)


def gives(service: responses.RequestsMock, token: str, url: str = ENDPOINT, **query: str) -> None:
    wanted = {"api-version": "2019-08-01", "resource": ORIGIN} | query
    service.get(
        url,
        json={"access_token": token, "expires_on": str(int(time.time()) + 3_600), "token_type": "Bearer"},
        match=[matchers.query_param_matcher(wanted), matchers.header_matcher({"X-IDENTITY-HEADER": HEADER})],
    )


def test_the_system_assigned_identity_asks_for_the_resource_alone(service: responses.RequestsMock) -> None:
    gives(service, "one")
    gives(service, "two")
    tokens = ManagedIdentity(f"{ORIGIN}/")
    assert [tokens.token(), tokens.token(), tokens.token(fresh=True), tokens.token()] == ["one", "one", "two", "two"]
    assert len(service.calls) == 2


def test_a_user_assigned_identity_names_itself(service: responses.RequestsMock) -> None:
    gives(service, "mine", client_id="app-id")
    assert ManagedIdentity(ORIGIN, client_id="app-id").token() == "mine"


def test_nobody_is_contacted_before_a_token_is_needed(service: responses.RequestsMock) -> None:
    assert HEADER not in repr(ManagedIdentity(ORIGIN))
    assert len(service.calls) == 0


@pytest.mark.parametrize(
    "endpoint", ["http://169.254.129.4:8081/msi/token", "http://127.0.0.1:41741/msi", "https://identity.example/token"]
)
def test_the_endpoint_is_the_one_that_the_environment_names(
    service: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    gives(service, "there", endpoint)
    assert ManagedIdentity(ORIGIN).token() == "there"


@pytest.mark.parametrize("endpoint", ["http://identity.example/token", "http://10.0.0.1/token", "ftp://localhost/x"])
def test_an_endpoint_elsewhere_without_https_is_not_asked(
    service: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    with pytest.raises(AuthenticationError, match="without https"):
        ManagedIdentity(ORIGIN).token()
    assert len(service.calls) == 0


def test_on_a_virtual_machine_the_metadata_service_is_asked(
    service: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.delenv("IDENTITY_HEADER")
    service.get(
        "http://169.254.169.254/metadata/identity/oauth2/token",
        json={"access_token": "vm", "expires_in": "3600", "resource": ORIGIN},
        match=[matchers.header_matcher({"Metadata": "true"})],
    )
    assert ManagedIdentity(ORIGIN).token() == "vm"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": 400, "json": {"statusCode": 400, "message": "canary"}}, AuthenticationError),
        ({"status": 200, "json": {"access_token": "canary"}}, AuthenticationError),
        ({"status": 200, "json": {"access_token": "canary", "expires_on": "soon"}}, AuthenticationError),
        ({"status": 500, "json": {"statusCode": 500, "message": "canary"}}, UnavailableError),
        ({"status": 429, "headers": {"Retry-After": "9"}}, ThrottledError),
        ({"status": 200, "body": "<html>"}, UnavailableError),
        ({"body": requests.ConnectTimeout()}, UnavailableError),
    ],
)
def test_what_is_no_token_is_an_error_that_shows_nothing(
    service: responses.RequestsMock, answer: dict[str, object], expected: type[DataverseError]
) -> None:
    service.add(responses.GET, ENDPOINT, **answer)
    with pytest.raises(expected) as raised:
        ManagedIdentity(ORIGIN).token()
    assert "canary" not in f"{raised.value!s}{raised.value!r}{raised.value.__cause__!r}"


def test_an_endpoint_that_asks_to_wait_is_not_asked_again_before(service: responses.RequestsMock, clock: Clock) -> None:
    service.get(ENDPOINT, status=429, headers={"Retry-After": "9"})
    gives(service, "one")
    tokens = ManagedIdentity(ORIGIN, clock=clock)
    for left in (9.0, 9.0, 4.0):
        clock.now += 9.0 - left
        with pytest.raises(ThrottledError) as raised:
            tokens.token()
        assert raised.value.retry_after_s == left
    assert len(service.calls) == 1
    clock.now += 4.0
    assert tokens.token() == "one"


def test_the_client_waits_for_the_endpoint_and_then_sends_once(service: responses.RequestsMock, clock: Clock) -> None:
    service.get(ENDPOINT, status=503, headers={"Retry-After": "3"})
    gives(service, "one")
    service.post(f"{ROOT}WinOpportunity", status=204)
    tokens = ManagedIdentity(ORIGIN, clock=clock)
    with DataverseClient(ORIGIN, tokens, sleep=clock.sleep, clock=clock, random=lambda: 0.0) as client:
        client.send(action("WinOpportunity", {}))
    assert clock.slept == [3.0]
    assert service.calls[-1].request.headers["Authorization"] == "Bearer one"


@pytest.mark.parametrize(
    "build", [lambda: ManagedIdentity("https://evil.example"), lambda: ManagedIdentity(ORIGIN, client_id="")]
)
def test_what_cannot_work_is_refused_when_it_is_built(build: Callable[[], ManagedIdentity]) -> None:
    with pytest.raises(ConfigurationError):
        build()
