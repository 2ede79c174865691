"""The app's ways out, each with an ear on it: logs, queue and network as they are, and all that went through them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from connector.ports import TakenMessage
from connector.storage_queue import StorageQueue


class Said(logging.Handler):
    """Every record of every logger, as it is printed and as it is held."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.records: list[tuple[str, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.name, record.getMessage(), f"{self.format(record)}\n{record.__dict__!r}"))


@contextmanager
def everything_logged() -> Iterator[Said]:
    """All loggers that there are at DEBUG, whatever level they were set to."""
    said, root = Said(), logging.getLogger()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG if logger is root else logging.NOTSET)
    root.addHandler(said)
    yield said
    root.removeHandler(said)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@dataclass
class WatchedQueue:
    """The real queue client, with all that it was given; what is put off is ready at once."""

    real: StorageQueue
    sent: list[str] = field(default_factory=list)

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:  # noqa: ARG002  nobody waits here
        self.sent.append(text)
        self.real.send(queue, text)

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        return self.real.take(queue, at_most=at_most, lease_s=lease_s)

    def delete(self, message: TakenMessage) -> None:
        self.real.delete(message)

    def waiting(self, queue: str) -> int:
        return self.real.waiting(queue)


class WatchedAdapter(HTTPAdapter):
    """The real network, with all that was sent and by which tokens; `before` may act before a request goes out."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self.sent: list[str] = []
        self.tokens: set[str] = set()
        self.before: Callable[[requests.PreparedRequest], None] = lambda _request: None

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        body = request.body or b""
        self.sent.append(f"{request.method} {request.url}\n{body.decode() if isinstance(body, bytes) else body}")
        self.tokens.add(str(request.headers["Authorization"]).removeprefix("Bearer "))
        self.before(request)
        return super().send(request, *args, **options)
