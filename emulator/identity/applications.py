"""An application that may ask for tokens, and what it proves itself with."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Application:
    """A registered application: a secret, which may expire, and/or a certificate (PEM, without its key)."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    secret_expires_at: datetime | None = None
    certificate: bytes | None = field(default=None, repr=False)
