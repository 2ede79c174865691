"""The numbered I/O points of a process, and what may happen at one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import requests

from connector.tables import SyncState

Kind = Literal["read", "write", "save", "send", "take", "delete"]
Moment = Literal["before", "after"]


class KilledError(BaseException):
    """The process is gone: not an Exception, so that no code of ours can catch it."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """At the `number`-th I/O of a step (of one kind, or of any), before or after it is done, `act` happens.

    `act` may be what others do meanwhile, and may raise: KilledError, or what a network raises.
    """

    act: Callable[[], None]
    moment: Moment = "before"
    number: int = 1
    kind: Kind | None = None


class IoPoints:
    """Counts the I/O of one process, step by step."""

    def __init__(self) -> None:
        self._interruption: Interruption | None = None
        self._met = 0

    def begin(self, interruption: Interruption | None) -> None:
        """Count from one again, with this interruption or none."""
        self._interruption, self._met = interruption, 0

    def meet(self, kind: Kind, moment: Moment) -> None:
        """A point is reached; an interruption happens once."""
        due = self._interruption
        if due is None or due.moment != moment or due.kind not in (None, kind):
            return
        self._met += 1
        if self._met == due.number:
            self._interruption = None
            due.act()


def kill() -> None:
    """An act: the process ends here."""
    raise KilledError


def lose_answer() -> None:
    """An act: the network fails; after the point, what was asked for has been done all the same."""
    raise requests.ConnectionError


def kind_of(request: requests.PreparedRequest) -> Kind:
    """What sort of I/O a request is."""
    body = request.body or b""
    if b"changeset_" in (body if isinstance(body, bytes) else body.encode()):
        return "write"
    if request.method == "GET" or (request.url or "").endswith("$batch"):
        return "read"
    return "save" if SyncState.SET in (request.url or "") else "write"
