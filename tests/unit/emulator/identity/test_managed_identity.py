import json
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.identity import IssuedTokens, ManagedIdentity
from emulator.web_api import Request, Response

RESOURCE = "https://127.0.0.1:8443"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEADER = {"X-IDENTITY-HEADER": "header"}
APP_SERVICE = f"/msi/token?api-version=2019-08-01&resource={RESOURCE}"
MACHINE = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={RESOURCE}"


@pytest.fixture
def tokens() -> IssuedTokens:
    return IssuedTokens(lambda: NOW, lifetime_s=86_399)


@pytest.fixture
def identity(tokens: IssuedTokens) -> ManagedIdentity:
    return ManagedIdentity(RESOURCE, tokens, "header", ["mine"])


def content(answer: Response) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(answer.body)
    return parsed


@pytest.mark.parametrize("name", ["", "&client_id=mine"])
def test_a_function_app_gets_a_token_with_the_moment_it_expires(
    name: str, identity: ManagedIdentity, tokens: IssuedTokens
) -> None:
    answer = content(identity.handle(Request("GET", APP_SERVICE + name, HEADER)))
    assert tokens.is_good(answer["access_token"])
    assert answer["expires_on"] == str(int(NOW.timestamp()) + 86_399)
    assert (answer["resource"], answer["token_type"]) == (RESOURCE, "Bearer")


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (APP_SERVICE, {}, 401),
        (APP_SERVICE, {"X-IDENTITY-HEADER": "other"}, 401),
        (APP_SERVICE.replace("2019-08-01", "2017-09-01"), HEADER, 400),
        (APP_SERVICE + "&client_id=other", HEADER, 400),
        (APP_SERVICE + "/.default", HEADER, 500),
        ("/msi/token?api-version=2019-08-01", HEADER, 500),
    ],
)
def test_a_function_app_that_asks_wrongly_is_refused(
    target: str, headers: dict[str, str], status: int, identity: ManagedIdentity
) -> None:
    answer = identity.handle(Request("GET", target, headers))
    assert (answer.status, content(answer)["statusCode"]) == (status, status)
    assert "access_token" not in content(answer)


def test_a_machine_gets_a_token_with_its_lifetime(identity: ManagedIdentity, tokens: IssuedTokens) -> None:
    answer = content(identity.handle(Request("GET", MACHINE, {"Metadata": "true"})))
    assert tokens.is_good(answer["access_token"])
    assert (answer["expires_in"], answer["not_before"]) == ("86399", str(int(NOW.timestamp())))


@pytest.mark.parametrize(
    ("target", "headers", "error"),
    [
        (MACHINE, {}, "invalid_request"),
        (MACHINE.replace("2018-02-01", "2017-01-01"), {"Metadata": "true"}, "invalid_request"),
        (MACHINE.partition("&")[0], {"Metadata": "true"}, "invalid_request"),
        (MACHINE + "&object_id=other", {"Metadata": "true"}, "invalid_request"),
        (MACHINE + "/.default", {"Metadata": "true"}, "invalid_resource"),
    ],
)
def test_a_machine_that_asks_wrongly_is_refused(
    target: str, headers: dict[str, str], error: str, identity: ManagedIdentity
) -> None:
    answer = identity.handle(Request("GET", target, headers))
    assert (answer.status, content(answer)["error"]) == (400, error)


def test_what_is_not_there_is_refused_by_name(identity: ManagedIdentity) -> None:
    assert identity.handle(Request("GET", "/metadata/instance", {"Metadata": "true"})).status == 501
