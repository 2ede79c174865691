"""Where a process can die: before and after each thing it asks of the world, numbered as they are reached.

The numbers come from counting at the ports, so an I/O that is new has its points by itself.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from connector.ports import Queue
from tests.world import is_write


class Crash(BaseException):
    """The process is gone, as far as the code in it can tell."""


def crash() -> None:
    """End the life of the code, not that of the process."""
    raise Crash


def kill_this_process() -> None:
    """End the process as the machine would: nothing of it runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)


class Points:
    """Counts the points that one life passes, and ends it at the one named; `passed` has what was passed."""

    def __init__(self, end_at: int | None = None, end: Callable[[], None] = crash) -> None:
        self._end_at = end_at
        self._end = end
        self._counts = True
        self.passed: list[str] = []

    @contextmanager
    def around(self, io: str) -> Iterator[None]:
        """The two points of one I/O."""
        self._reach(f"before {io}")
        yield
        self._reach(f"after {io}")

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done inside has no points."""
        self._counts = False
        yield
        self._counts = True

    def _reach(self, point: str) -> None:
        if not self._counts:
            return
        self.passed.append(point)
        if len(self.passed) == self._end_at:
            self._end()


class CountedQueue:
    """A queue port whose every method is an I/O, those too that it may get one day."""

    def __init__(self, queue: Queue, points: Points) -> None:
        self._queue = queue
        self._points = points

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._queue, method)

        def counted(*arguments: Any, **named: Any) -> Any:
            with self._points.around(f"queue {method}"):
                return call(*arguments, **named)

        return counted


class CountedAdapter(BaseAdapter):
    """A transport whose every exchange is an I/O, named by its method and table."""

    def __init__(self, adapter: BaseAdapter, points: Points) -> None:
        super().__init__()
        self._adapter = adapter
        self._points = points

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        with self._points.around(_io(request)):
            return self._adapter.send(request, **options)

    def close(self) -> None:
        self._adapter.close()


def count(session: requests.Session, points: Points) -> requests.Session:
    """The session, with each of its adapters counted."""
    for prefix, adapter in list(session.adapters.items()):
        session.mount(prefix, CountedAdapter(adapter, points))
    return session


def _io(request: requests.PreparedRequest) -> str:
    table = urlsplit(str(request.url)).path.rpartition("/")[2].partition("(")[0]
    if table == "$batch":
        table += " that writes" if is_write(request) else " that reads"
    return f"{request.method} {table}"
