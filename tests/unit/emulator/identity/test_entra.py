"""The token endpoint as MSAL and a plain form meet it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emulator.identity import Application, Entra, IssuedTokens
from emulator.web_api import Request, Response

TENANT = "11111111-1111-1111-1111-111111111111"
RESOURCE = "https://127.0.0.1:8443"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOST = {"Host": "127.0.0.1:9443"}
TOKEN_ENDPOINT = f"https://127.0.0.1:9443/{TENANT}/oauth2/v2.0/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = rsa.generate_private_key(65537, 2048)


def certificate(expires_at: datetime = NOW + timedelta(days=30)) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, NOW - timedelta(days=365), expires_at)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM)


CERTIFICATE = certificate()
APP = Application("app", "s3cret+&= x", secret_expires_at=NOW + timedelta(days=1))
SIGNER = Application("signer", certificate=CERTIFICATE)


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> IssuedTokens:
    return IssuedTokens(clock)


@pytest.fixture
def entra(clock: Clock, tokens: IssuedTokens) -> Entra:
    return Entra(TENANT, [APP, SIGNER], RESOURCE, tokens, clock)


FORM = {
    "grant_type": "client_credentials",
    "client_id": "app",
    "client_secret": "s3cret+&= x",
    "scope": f"{RESOURCE}/.default",
}


def ask(entra: Entra, form: Mapping[str, str | None], tenant: str = TENANT) -> Response:
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    return entra.handle(Request("POST", f"/{tenant}/oauth2/v2.0/token", HOST, body))


def content(response: Response) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(response.body)
    return parsed


def thumbprint(algorithm: hashes.HashAlgorithm) -> str:
    digest = x509.load_pem_x509_certificate(CERTIFICATE).fingerprint(algorithm)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


HEADERS = {"PS256": {"x5t#S256": thumbprint(hashes.SHA256())}, "RS256": {"x5t": thumbprint(hashes.SHA1())}}  # noqa: S303  `x5t` is a SHA-1 digest


def assertion(key: rsa.RSAPrivateKey = KEY, algorithm: str = "PS256", **changes: Any) -> str:
    claims = {"aud": TOKEN_ENDPOINT, "iss": "signer", "sub": "signer", "exp": NOW.timestamp() + 600, "jti": "1"}
    return jwt.encode({**claims, **changes}, key, algorithm, HEADERS[algorithm])


def signed(text: str) -> dict[str, str | None]:
    return {
        **FORM,
        "client_id": "signer",
        "client_secret": None,
        "client_assertion": text,
        "client_assertion_type": JWT_BEARER,
    }


def test_discovery_tells_the_endpoints_under_the_host_that_was_asked(entra: Entra) -> None:
    path = f"/{TENANT}/v2.0/.well-known/openid-configuration"
    answer = entra.handle(Request("GET", path, {"Host": "localhost:1234"}))
    assert content(answer)["token_endpoint"] == f"https://localhost:1234/{TENANT}/oauth2/v2.0/token"
    assert content(answer)["issuer"] == f"https://localhost:1234/{TENANT}/v2.0"


def test_the_right_secret_gets_a_token_for_an_hour(entra: Entra, tokens: IssuedTokens, clock: Clock) -> None:
    answer = content(ask(entra, FORM))
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    clock.at = NOW + timedelta(seconds=3598)
    assert tokens.is_good(answer["access_token"])
    clock.at = NOW + timedelta(seconds=3599)
    assert not tokens.is_good(answer["access_token"])


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_an_assertion_signed_by_the_certificate_gets_a_token(algorithm: str, entra: Entra) -> None:
    assert ask(entra, signed(assertion(algorithm=algorithm))).status == 200


def test_a_thumbprint_may_be_padded_as_msal_pads_it(entra: Entra) -> None:
    claims = jwt.decode(assertion(), options={"verify_signature": False})
    padded = {"x5t#S256": HEADERS["PS256"]["x5t#S256"] + "="}
    assert ask(entra, signed(jwt.encode(claims, KEY, "PS256", padded))).status == 200


@pytest.mark.parametrize(
    ("change", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "s3cret"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 400, "invalid_request", 7000216),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"client_id": "signer"}, 401, "invalid_client", 7000215),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": f"{RESOURCE}/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": RESOURCE}, 400, "invalid_scope", 1002012),
        ({"scope": "https://other.crm.dynamics.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": f"{RESOURCE}//.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_a_wrong_request_is_refused_with_its_number(
    change: dict[str, str | None], status: int, error: str, number: int, entra: Entra
) -> None:
    answer = ask(entra, {**FORM, **change})
    assert (answer.status, content(answer)["error"], content(answer)["error_codes"]) == (status, error, [number])
    assert content(answer)["error_description"].startswith(f"AADSTS{number}: ")
    assert "s3cret" not in answer.body.decode()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (assertion(rsa.generate_private_key(65537, 2048)), 700027),
        (jwt.encode({}, KEY, "RS256"), 700027),
        (assertion(aud="https://login.microsoftonline.com/x"), 700023),
        (assertion(iss="app"), 700021),
        (assertion(sub="app"), 700021),
        (assertion(exp=NOW.timestamp() - 301), 700024),
        (assertion(nbf=NOW.timestamp() + 301), 700024),
        (assertion(aud=TOKEN_ENDPOINT).rpartition(".")[0], 50027),
        ("not a token", 50027),
        ("é.é.é", 50027),
    ],
)
def test_an_assertion_that_proves_nothing_is_refused_with_its_number(text: str, number: int, entra: Entra) -> None:
    answer = ask(entra, signed(text))
    assert content(answer)["error_codes"] == [number]
    assert answer.status in (400, 401)


def test_an_assertion_changed_after_it_was_signed_is_refused(entra: Entra) -> None:
    head, _, signature = assertion().split(".")
    _, claims, _ = assertion(jti="2").split(".")
    assert content(ask(entra, signed(f"{head}.{claims}.{signature}")))["error_codes"] == [700027]


def test_an_assertion_without_a_signature_is_refused(entra: Entra) -> None:
    claims = {"iss": "signer", "sub": "signer", "aud": TOKEN_ENDPOINT, "exp": NOW.timestamp() + 600}
    text = jwt.encode(claims, None, "none", HEADERS["RS256"])
    assert ask(entra, signed(text)).status == 400


def test_a_certificate_that_has_expired_is_refused(clock: Clock, tokens: IssuedTokens) -> None:
    entra = Entra(TENANT, [Application("signer", certificate=CERTIFICATE)], RESOURCE, tokens, clock)
    clock.at = NOW + timedelta(days=31)
    answer = content(ask(entra, signed(assertion(exp=clock.at.timestamp() + 600))))
    assert answer["error_codes"] == [700027]
    assert "The key used is expired" in answer["error_description"]


def test_a_secret_that_has_expired_is_refused(entra: Entra, clock: Clock) -> None:
    clock.at = NOW + timedelta(days=1)
    assert content(ask(entra, FORM))["error_codes"] == [7000222]


def test_another_tenant_is_not_found(entra: Entra) -> None:
    answer = ask(entra, FORM, tenant="22222222-1111-1111-1111-111111111111")
    assert (answer.status, content(answer)["error_codes"]) == (400, [90002])


def test_a_refusal_carries_the_clients_own_request_id(entra: Entra) -> None:
    given = "33333333-1111-1111-1111-111111111111"
    request = Request("POST", f"/{TENANT}/oauth2/v2.0/token", {**HOST, "client-request-id": given}, b"")
    assert content(entra.handle(request))["correlation_id"] == given


def test_what_is_not_there_is_refused_by_name(entra: Entra) -> None:
    answer = entra.handle(Request("GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=x", HOST))
    assert (answer.status, "/oauth2/v2.0/authorize" in answer.body.decode()) == (501, True)


def test_secrets_and_tokens_are_not_in_a_repr(tokens: IssuedTokens) -> None:
    token = tokens.issue()
    assert "s3cret" not in repr(APP)
    assert token.text not in repr(token)


def test_tokens_can_be_revoked(tokens: IssuedTokens) -> None:
    token = tokens.issue().text
    tokens.revoke_all()
    assert not tokens.is_good(token)
