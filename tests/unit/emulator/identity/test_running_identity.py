"""Identity over its sockets, with MSAL and a Web API that takes the tokens."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msal
import pytest
import requests

from emulator.identity import IdentityAddresses, IdentityOptions
from emulator.running import RunningEmulator, running_emulator


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEmulator]:
    with running_emulator(https=True, identity=IdentityOptions(user_assigned=("mine",))) as running:
        yield running


@pytest.fixture
def identity(running: RunningEmulator) -> IdentityAddresses:
    assert running.addresses.identity is not None
    return running.addresses.identity


@pytest.fixture
def session(running: RunningEmulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(running.addresses.ca_file)
        yield session


def who_am_i(running: RunningEmulator, session: requests.Session, token: str) -> requests.Response:
    url = f"{running.addresses.dataverse_url}/api/data/v9.2/WhoAmI"
    return session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def application(identity: IdentityAddresses, session: requests.Session, secret: str | None) -> Any:
    return msal.ConfidentialClientApplication(
        identity.applications[0].client_id,
        client_credential=secret,
        authority=f"{identity.authority}/{identity.tenant_id}",
        http_client=session,
        instance_discovery=False,
    )


def test_msal_gets_a_token_and_the_web_api_takes_it(
    running: RunningEmulator, identity: IdentityAddresses, session: requests.Session
) -> None:
    app = application(identity, session, identity.applications[0].secret)
    result = app.acquire_token_for_client([f"{running.addresses.dataverse_url}/.default"])
    answer = who_am_i(running, session, result["access_token"])
    assert (answer.status_code, answer.json()["UserId"]) == (200, str(running.emulator.user_id))


def test_msal_is_told_what_is_wrong(
    running: RunningEmulator, identity: IdentityAddresses, session: requests.Session
) -> None:
    result = application(identity, session, "wrong").acquire_token_for_client(
        [f"{running.addresses.dataverse_url}/.default"]
    )
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("form", ["app service", "machine"])
@pytest.mark.parametrize("name", [None, "mine"])
def test_msal_gets_a_token_for_a_managed_identity(
    form: str,
    name: str | None,
    running: RunningEmulator,
    identity: IdentityAddresses,
    session: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if form == "app service":
        monkeypatch.setenv("IDENTITY_ENDPOINT", identity.identity_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", identity.identity_header)
    else:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", identity.imds_host)
    who = msal.UserAssignedManagedIdentity(client_id=name) if name else msal.SystemAssignedManagedIdentity()
    client = msal.ManagedIdentityClient(who, http_client=session)
    result = client.acquire_token_for_client(resource=running.addresses.dataverse_url)
    assert who_am_i(running, session, result["access_token"]).status_code == 200


def test_the_static_token_stays(running: RunningEmulator, session: requests.Session) -> None:
    assert who_am_i(running, session, running.addresses.token).status_code == 200


def test_a_wrong_token_is_told_where_tokens_are_had(
    running: RunningEmulator, identity: IdentityAddresses, session: requests.Session
) -> None:
    answer = who_am_i(running, session, "wrong")
    url, authority = running.addresses.dataverse_url, f"{identity.authority}/{identity.tenant_id}"
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        f"Bearer authorization_uri={authority}/oauth2/authorize, resource_id={url}/",
    )


def test_a_token_expires_by_the_emulators_clock() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with (
        running_emulator(clock=lambda: now, identity=IdentityOptions(token_lifetime_s=60)) as running,
        requests.Session() as session,
    ):
        assert running.tokens is not None
        token = running.tokens.issue().text
        assert who_am_i(running, session, token).status_code == 200
        session.post(f"{running.addresses.dataverse_url}/_emulator/clock", json={"forward_s": 60}, timeout=10)
        assert who_am_i(running, session, token).status_code == 401


def test_a_fault_can_be_scripted_for_the_token_endpoint_alone(
    running: RunningEmulator, identity: IdentityAddresses, session: requests.Session
) -> None:
    faults = f"{running.addresses.dataverse_url}/_emulator/faults"
    rule = {"path": "/oauth2/v2.0/token", "status": 429, "headers": {"Retry-After": "3"}}
    session.post(faults, data=json.dumps(rule), timeout=10)
    url = f"{identity.authority}/{identity.tenant_id}/oauth2/v2.0/token"
    answers = [session.post(url, data={"grant_type": "x"}, timeout=10) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 400]
    session.delete(faults, timeout=10)


def test_the_authority_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with running_emulator(https=True, ca_file=ca_file) as running:
        assert running.addresses.ca_file == ca_file
        assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert "PRIVATE" not in ca_file.read_text()
        assert requests.get(running.addresses.dataverse_url, verify=str(ca_file), timeout=10).status_code == 401


def test_links_and_contexts_are_https_too(running: RunningEmulator, session: requests.Session) -> None:
    answer = who_am_i(running, session, running.addresses.token)
    assert answer.json()["@odata.context"].startswith(running.addresses.dataverse_url + "/api/data/v9.2/")


def test_secrets_are_not_in_the_repr_of_the_addresses(running: RunningEmulator, identity: IdentityAddresses) -> None:
    shown = repr(running.addresses)
    assert identity.identity_header not in shown
    assert str(identity.applications[0].secret) not in shown
