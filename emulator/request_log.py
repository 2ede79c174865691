"""What was asked of the emulator, and when: enough to check a client's manners afterwards."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.handling import ConnectionCutError, Handler
from emulator.web_api import Request, Response
from emulator.web_servers import affinity

KEPT_REQUESTS = 1_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request, batches as one; times are the emulator's clock, the status of a cut connection is None.

    `under_way` counts the requests that were not answered yet when it came, itself included.
    """

    number: int
    method: str
    target: str
    status: int | None
    at: datetime
    answered_at: datetime
    retry_after_s: int | None
    web_server: str | None
    under_way: int

    def json(self) -> dict[str, Any]:
        """As `GET /_emulator/requests` lists it."""
        return {
            "number": self.number,
            "method": self.method,
            "target": self.target,
            "status": self.status,
            "at": self.at.isoformat(),
            "answered_at": self.answered_at.isoformat(),
            "retry_after_s": self.retry_after_s,
            "web_server": self.web_server,
            "under_way": self.under_way,
        }


class RequestLog:
    """The last `kept` requests, in the order of their answers, numbered in that of their arrival; thread-safe."""

    def __init__(self, clock: Callable[[], datetime], kept: int = KEPT_REQUESTS) -> None:
        self._clock = clock
        self._entries: deque[LoggedRequest] = deque(maxlen=kept)
        self._arrived = 0
        self._under_way = 0
        self._lock = threading.Lock()

    def entries(self) -> list[LoggedRequest]:
        """What is kept."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget all entries; the numbers go on."""
        with self._lock:
            self._entries.clear()

    def around(self, handle: Handler) -> Handler:
        """The handler, with each request noted."""

        def noted(request: Request) -> Response:
            with self._lock:
                self._arrived += 1
                self._under_way += 1
                number, under_way, at = self._arrived, self._under_way, self._clock()
            answer: Response | None = None
            try:
                answer = handle(request)
            except ConnectionCutError as cut:
                answer = cut.broken
                raise
            finally:
                with self._lock:
                    self._under_way -= 1
                    self._entries.append(self._entry(request, answer, number, under_way, at))
            return answer

        return noted

    def _entry(
        self, request: Request, answer: Response | None, number: int, under_way: int, at: datetime
    ) -> LoggedRequest:
        headers = answer.headers if answer else {}
        retry_after = headers.get("Retry-After", "")
        return LoggedRequest(
            number=number,
            method=request.method,
            target=request.target,
            status=answer.status if answer else None,
            at=at,
            answered_at=self._clock(),
            retry_after_s=int(retry_after) if retry_after.isdecimal() else None,
            web_server=affinity(headers.get("Set-Cookie", "")) or affinity(request.headers.get("Cookie", "")) or None,
            under_way=under_way,
        )
