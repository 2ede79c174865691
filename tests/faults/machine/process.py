"""One process of the app over the stage's environment and queue: its own session, caches and I/O points."""

import re
from collections.abc import Iterator
from uuid import UUID

from connector.bootstrap import App
from dataverse import new_session
from emulator.adapter import InProcessAdapter
from emulator.faults import Faults
from emulator.web_api import Emulator, Request, Response
from tests.faults.machine.history import History
from tests.faults.machine.interruptions import IoPoints, kind_of
from tests.faults.machine.leased_queue import CountedQueue, LeasedQueue
from tests.faults.machine.prepared import new_app
from tests.world import SetClock

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_LEADS_READ = re.compile(rb"^GET \S*/leads\?\S*", re.MULTILINE)


class Process:
    """What a process holds in memory; when it is killed, another one is made."""

    def __init__(self, emulator: Emulator, clock: SetClock, queue: LeasedQueue, history: History) -> None:
        self.io = IoPoints()
        self.faults = Faults()
        self._emulator = emulator
        self._history = history
        adapter = InProcessAdapter(
            self.faults.around(self._handle),
            before=lambda request: self.io.meet(kind_of(request), "before"),
            after=lambda request: self.io.meet(kind_of(request), "after"),
        )
        session = new_session(1)
        session.mount("http://", adapter)
        self.app: App = new_app(emulator, clock, CountedQueue(queue, self.io), session)

    def _handle(self, request: Request) -> Response:
        with self._history.by_app():
            response = self._emulator.handle(request)
        self._history.note_read(_leads_read(request))
        return response


def _leads_read(request: Request) -> Iterator[UUID]:
    """The leads that a batch asks for by their ids."""
    for line in _LEADS_READ.findall(request.body):
        yield from map(UUID, _GUID.findall(line.decode()))
