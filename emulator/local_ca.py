"""A certificate authority for this machine alone, so that https clients can be used unchanged."""

import ssl
from pathlib import Path

import trustme


class LocalAuthority:
    """Makes certificates for the loopback addresses; lives as long as its owner, nobody trusts it but by its file."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    def write(self, path: Path) -> None:
        """Write its certificate as PEM: what clients are told to trust."""
        self._authority.cert_pem.write_to_path(path)

    def server_context(self) -> ssl.SSLContext:
        """For a server on 127.0.0.1, ::1 or localhost, with a certificate of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._authority.issue_cert("127.0.0.1", "::1", "localhost").configure_cert(context)
        return context
