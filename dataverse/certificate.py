"""A token provider for an application with a certificate, from a PEM or a PFX file.

Source: Microsoft identity platform, certificate credentials; MSAL signs with PS256 and the SHA-256 thumbprint.
"""

import re
import ssl
from pathlib import Path
from typing import Unpack

from dataverse.application import Application, Connection, Credential
from dataverse.errors import ConfigurationError

_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Certificate(Application):
    """Tokens for an application with a certificate and its private key."""

    def __init__(
        self,
        tenant_id: str,
        client_id: str,
        path: str,
        resource_url: str,
        *,
        passphrase: str = "",
        **connection: Unpack[Connection],
    ) -> None:
        """Read the file, contact nobody yet; ConfigurationError for a file that holds no key with its certificate.

        Whether a PFX opens with its passphrase shows at the first token only.
        """
        super().__init__(tenant_id, client_id, _credential(path, passphrase), resource_url, **connection)


def _credential(path: str, passphrase: str) -> Credential:
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError):
        raise ConfigurationError("the certificate's file cannot be read") from None
    secret = {"passphrase": passphrase} if passphrase else {}
    if b"-----BEGIN" not in content:
        return {"private_key_pfx_path": path, **secret}
    _check_pem(path, passphrase)
    text = content.decode("latin-1")
    key, certificate = _KEY.search(text), _CERTIFICATE.search(text)
    if key is None or certificate is None:
        raise ConfigurationError("the certificate's file holds no private key with its certificate")
    return {"private_key": key.group(), "public_certificate": certificate.group(), **secret}


def _check_pem(path: str, passphrase: str) -> None:
    # MSAL would find out at the first token, and say so with an error of one of its own libraries.
    try:
        # Always a passphrase, if an empty one: without it OpenSSL asks the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password=passphrase.encode())
    except (ssl.SSLError, OSError, ValueError):
        raise ConfigurationError("the certificate's file or its passphrase cannot be used") from None
