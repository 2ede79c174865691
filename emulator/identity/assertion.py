"""Checks a client assertion: a JWT that an application signed with its certificate's key.

Source: Microsoft identity platform, "certificate credentials"; RFC 7523.
"""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from emulator.identity import errors
from emulator.identity.applications import Application

_SKEW = timedelta(minutes=5)


def check_assertion(assertion: str, application: Application, audiences: set[str], now: datetime) -> None:
    """Raise the EntraError that fits, unless the application signed it, for one of the audiences, and it is in time."""
    head, claims, signature = _read(assertion)
    thumbprint = str(head.get("x5t#S256") or head.get("x5t") or "").rstrip("=")  # MSAL pads it, RFC 7515 does not
    if application.certificate is None or thumbprint not in _thumbprints(application.certificate):
        raise errors.assertion_not_signed("The key was not found", thumbprint)
    certificate = load_pem_x509_certificate(application.certificate)
    if certificate.not_valid_after_utc <= now:
        raise errors.assertion_not_signed("The key used is expired", thumbprint)
    padding, key = _padding(head.get("alg")), certificate.public_key()
    if padding is None or not isinstance(key, RSAPublicKey):
        raise errors.assertion_malformed()
    try:
        key.verify(signature, assertion.rpartition(".")[0].encode(), padding, SHA256())
    except InvalidSignature:
        reason = "Key was found, but use of the key to verify the signature failed"
        raise errors.assertion_not_signed(reason, thumbprint) from None
    if claims.get("aud") not in audiences:
        raise errors.assertion_for_another_audience()
    if not claims.get("iss") == claims.get("sub") == application.client_id:
        raise errors.assertion_of_another_application()
    _check_time(claims, now)


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    try:
        expires_at, not_before = float(claims["exp"]), float(claims.get("nbf", 0))
    except (KeyError, TypeError, ValueError):
        raise errors.assertion_malformed() from None
    if not not_before - _SKEW.total_seconds() <= now.timestamp() < expires_at + _SKEW.total_seconds():
        raise errors.assertion_out_of_time(now)


def _read(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    try:
        head, claims, signature = (_decoded(part) for part in assertion.split("."))
        whole = json.loads(head), json.loads(claims), signature
    except ValueError:
        raise errors.assertion_malformed() from None
    if not isinstance(whole[0], dict) or not isinstance(whole[1], dict):
        raise errors.assertion_malformed()
    return whole


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _padding(algorithm: object) -> AsymmetricPadding | None:
    if algorithm == "PS256":
        return PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH)
    return PKCS1v15() if algorithm == "RS256" else None


def _thumbprints(certificate: bytes) -> set[str]:
    content = load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    # SHA-1 names the key here, as the platform's `x5t` does; nothing rests on its strength.
    digests = hashlib.sha256(content).digest(), hashlib.sha1(content, usedforsecurity=False).digest()
    return {base64.urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests}
