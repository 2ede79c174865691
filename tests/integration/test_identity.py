"""The real client signs in, over https and with each kind of credential, and the emulator takes its tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from dataverse import (
    AuthenticationError,
    Certificate,
    ClientSecret,
    DataverseClient,
    ManagedIdentity,
    TokenProvider,
    query,
)
from emulator.fault_rules import FaultRule
from emulator.identity import Application, IdentityAddresses, IdentityOptions
from emulator.running import RunningEmulator, running_emulator

KEY = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leadgate")])
NOW = datetime.now(UTC)
SIGNED = x509.CertificateBuilder(
    NAME, NAME, KEY.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=1)
).sign(KEY, hashes.SHA256())
SECRET = Application("leadgate", "s3cret")
SIGNER = Application("signer", certificate=SIGNED.public_bytes(Encoding.PEM))


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEmulator]:
    with running_emulator(https=True, identity=IdentityOptions(applications=(SECRET, SIGNER))) as running:
        yield running


@pytest.fixture
def identity(running: RunningEmulator) -> IdentityAddresses:
    assert running.addresses.identity is not None
    return running.addresses.identity


def with_secret(running: RunningEmulator, identity: IdentityAddresses, secret: str = "s3cret") -> ClientSecret:
    return ClientSecret(
        identity.tenant_id,
        "leadgate",
        secret,
        running.addresses.dataverse_url,
        authority=identity.authority,
        ca_bundle=str(running.addresses.ca_file),
    )


def reads(running: RunningEmulator, provider: TokenProvider) -> bool:
    """Whether a client with these tokens can read."""
    ca_bundle = str(running.addresses.ca_file)
    with DataverseClient(
        running.addresses.dataverse_url, provider, ca_bundle=ca_bundle, sleep=lambda _: None
    ) as client:
        return client.send(query("leads", select=["lastname"])).rows == []


def test_with_a_client_secret(running: RunningEmulator, identity: IdentityAddresses) -> None:
    assert reads(running, with_secret(running, identity))


def test_a_wrong_secret_is_named_by_entras_number(running: RunningEmulator, identity: IdentityAddresses) -> None:
    with pytest.raises(AuthenticationError, match="AADSTS7000215"):
        reads(running, with_secret(running, identity, "another"))


@pytest.mark.parametrize("form", ["pem", "pfx"])
def test_with_a_certificate(form: str, running: RunningEmulator, identity: IdentityAddresses, tmp_path: Path) -> None:
    path = tmp_path / f"leadgate.{form}"
    if form == "pem":
        key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(key + SIGNED.public_bytes(Encoding.PEM))
    else:
        encryption = BestAvailableEncryption(b"open")
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"leadgate", KEY, SIGNED, None, encryption))
    provider = Certificate(
        identity.tenant_id,
        "signer",
        str(path),
        running.addresses.dataverse_url,
        passphrase="open" if form == "pfx" else "",
        authority=identity.authority,
        ca_bundle=str(running.addresses.ca_file),
    )
    assert reads(running, provider)


def test_with_a_managed_identity(
    running: RunningEmulator, identity: IdentityAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", identity.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", identity.identity_header)
    assert reads(running, ManagedIdentity(running.addresses.dataverse_url))


def test_a_token_that_was_revoked_is_replaced_by_a_fresh_one_once(
    running: RunningEmulator, identity: IdentityAddresses
) -> None:
    provider = with_secret(running, identity)
    assert reads(running, provider)
    assert running.tokens is not None
    running.tokens.revoke_all()
    before = len(running.front.log.entries())
    assert reads(running, provider)
    assert [entry.status for entry in running.front.log.entries()[before:]] == [401, 200]


def test_a_service_that_refuses_every_token_is_asked_twice_and_no_more(
    running: RunningEmulator, identity: IdentityAddresses
) -> None:
    running.front.faults.add(FaultRule(path="/leads", status=401, count=None))
    before = len(running.front.log.entries())
    with pytest.raises(AuthenticationError):
        reads(running, with_secret(running, identity))
    running.front.faults.clear()
    assert len(running.front.log.entries()) - before == 2
