"""The access tokens that were issued, and until when each is good."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFETIME_S = 3_599


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """One access token: opaque, as it is to every client."""

    text: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime


class IssuedTokens:
    """Issues tokens for the one resource there is, and knows them again; in memory, thread-safe."""

    def __init__(self, clock: Callable[[], datetime], lifetime_s: int = LIFETIME_S) -> None:
        self.lifetime_s = lifetime_s
        self._clock = clock
        self._issued: dict[str, IssuedToken] = {}
        self._lock = threading.Lock()

    def issue(self) -> IssuedToken:
        """A new token."""
        now = self._clock()
        token = IssuedToken(secrets.token_urlsafe(48), now, now + timedelta(seconds=self.lifetime_s))
        with self._lock:
            self._issued[token.text] = token
        return token

    def is_good(self, text: str) -> bool:
        """Whether it was issued here, is not revoked and has not expired."""
        with self._lock:
            token = self._issued.get(text)
        return token is not None and self._clock() < token.expires_at

    def revoke_all(self) -> None:
        """None of them is good any more, as when an administrator revokes the application's sessions."""
        with self._lock:
            self._issued.clear()
