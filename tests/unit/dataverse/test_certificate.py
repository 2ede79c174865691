"""Tokens by certificate: signed with the key of the file, and every refusal named without it."""

import logging
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
import responses
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from dataverse import AuthenticationError, Certificate, ConfigurationError
from tests.unit.dataverse.conftest import ORIGIN
from tests.unit.dataverse.test_client_secret import AUTHORITY, TENANT, TOKEN_URL, gives, knows_the_tenant

PASSPHRASE = "canary-passphrase"


@pytest.fixture(scope="module")
def issued() -> trustme.LeafCert:
    return trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("app.example", key_type=trustme.KeyType.RSA)


@pytest.fixture
def pem(issued: trustme.LeafCert, tmp_path: Path) -> Path:
    path = tmp_path / "app.pem"
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return path


def pem_with_passphrase(issued: trustme.LeafCert, path: Path) -> None:
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))
    path.write_bytes(encrypted + issued.cert_chain_pems[0].bytes())


def pfx(issued: trustme.LeafCert, path: Path, passphrase: str) -> None:
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    certificate = load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, encryption))  # type: ignore[arg-type]


def provider(path: Path, passphrase: str = "") -> Certificate:
    return Certificate(TENANT, "app-id", str(path), ORIGIN, passphrase=passphrase)


def assert_signed(service: responses.RequestsMock, issued: trustme.LeafCert) -> None:
    """The identity service can read the assertion with the certificate's public key, and with no other."""
    form = parse_qs(service.calls[-1].request.body.decode())
    assert "client_secret" not in form
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert form["scope"] == [f"{ORIGIN}/.default"]
    certificate = load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    claims = jwt.decode(
        form["client_assertion"][0],
        certificate.public_key(),  # type: ignore[arg-type]  # an RSA key, as it was made
        algorithms=["PS256"],
        audience=TOKEN_URL,
    )
    assert (claims["iss"], claims["sub"]) == ("app-id", "app-id")


@pytest.mark.parametrize("form", ["pem", "pem with passphrase", "pfx", "pfx with passphrase"])
def test_the_assertion_is_signed_with_the_key_of_the_file(
    service: responses.RequestsMock, issued: trustme.LeafCert, pem: Path, tmp_path: Path, form: str
) -> None:
    path, passphrase = tmp_path / "credential", PASSPHRASE if "passphrase" in form else ""
    if form == "pem":
        path = pem
    elif form == "pem with passphrase":
        pem_with_passphrase(issued, path)
    else:
        pfx(issued, path, passphrase)
    knows_the_tenant(service)
    gives(service, "one")
    gives(service, "two")
    tokens = provider(path, passphrase)
    assert [tokens.token(), tokens.token(), tokens.token(fresh=True)] == ["one", "one", "two"]
    assert_signed(service, issued)


def test_a_refusal_names_the_cause_and_nothing_of_the_key_reaches_error_or_log(
    service: responses.RequestsMock, pem: Path, issued: trustme.LeafCert, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pem_with_passphrase(issued, pem)
    knows_the_tenant(service)
    service.post(TOKEN_URL, status=401, json={"error": "invalid_client", "error_description": "AADSTS700027: expired"})
    tokens = provider(pem, PASSPHRASE)
    with pytest.raises(AuthenticationError) as raised:
        tokens.token()
    assert raised.value.code == "AADSTS700027"
    assertion = parse_qs(service.calls[-1].request.body.decode())["client_assertion"][0]
    shown = f"{raised.value!s}{raised.value!r}{tokens!r}{caplog.text}"
    assert not [secret for secret in (PASSPHRASE, "PRIVATE KEY", assertion) if secret in shown]


@pytest.fixture
def bad_files(issued: trustme.LeafCert, tmp_path: Path) -> dict[str, tuple[Path, str]]:
    key, certificate = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
    other = trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.bytes()
    contents = {"no key": certificate, "no certificate": key, "another's": key + other, "garbage": b"-----BEGIN x"}
    files = {name: (tmp_path / name, "") for name in contents}
    for name, (path, _) in files.items():
        path.write_bytes(contents[name])
    encrypted = tmp_path / "encrypted"
    pem_with_passphrase(issued, encrypted)
    return files | {
        "wrong passphrase": (encrypted, "canary"),
        "no passphrase": (encrypted, ""),
        "absent": (tmp_path / "absent", ""),
        "a folder": (tmp_path, ""),
        "NUL": (Path("a\0b"), ""),
    }


def test_a_file_that_cannot_serve_is_refused_when_it_is_built(bad_files: dict[str, tuple[Path, str]]) -> None:
    for path, passphrase in bad_files.values():
        with pytest.raises(ConfigurationError, match="certificate") as raised:
            provider(path, passphrase)
        assert "canary" not in str(raised.value)
        assert raised.value.__cause__ is None


@pytest.mark.parametrize("passphrase", ["", "canary"])
def test_a_pfx_that_does_not_open_is_a_refusal_that_says_so(
    service: responses.RequestsMock, issued: trustme.LeafCert, tmp_path: Path, passphrase: str
) -> None:
    pfx(issued, tmp_path / "app.pfx", PASSPHRASE)
    knows_the_tenant(service)
    with pytest.raises(AuthenticationError, match="credential cannot be used") as raised:
        provider(tmp_path / "app.pfx", passphrase).token()
    assert raised.value.__cause__ is None
    assert AUTHORITY in str(service.calls[0].request.url)
