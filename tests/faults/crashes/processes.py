"""Processes of their own, to be killed: the modules are loaded once, and each process begins as a copy of that."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from signal import SIGKILL
from typing import Any
from uuid import UUID

import requests

from connector.ports import Clock
from connector.storage_queue import StorageQueue
from dataverse import new_session
from emulator.running import running_emulator
from tests.faults.crashes.cast import Cast
from tests.faults.crashes.lives import Life, live
from tests.faults.crashes.place import Place, put_in_force, settings
from tests.faults.crashes.points import Points, kill_this_process
from tests.faults.crashes.stores import Stores, counts_as_write, surviving
from tests.world import START, SetClock

LIFE_MAX_S = 60

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["__main__", __name__, "tests.faults.crashes.hosting"])


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the emulated environment of another process is."""

    url: str
    token: str
    organization_id: UUID
    storage: str

    def place(self, clock: Clock) -> Place:
        """The stores at these addresses."""
        known = settings(url=self.url, token=self.token, organization_id=self.organization_id, storage=self.storage)
        return Place(known, clock, lambda: new_session(2), StorageQueue(self.storage))


@contextmanager
def emulator_process() -> Iterator[Addresses]:
    """An emulated Dataverse and its queues in a process of their own."""
    here, there = FORKS.Pipe()
    process = FORKS.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join(LIFE_MAX_S)


@contextmanager
def stores_of_another_process() -> Iterator[Stores]:
    """Stores that a killed process cannot take with it, provisioned, on a clock that stands."""
    with emulator_process() as addresses:
        clock = SetClock()
        _tell(addresses, {"at": START.isoformat()})

        def forward(seconds: float) -> None:
            clock.forward(seconds=seconds)
            _tell(addresses, {"forward_s": seconds})

        place = addresses.place(clock)
        put_in_force(place)
        survivor = surviving(place)
        yield Stores(place, survivor, forward, lambda: writes(addresses), _Killed(addresses, clock))
        survivor.client.close()


def writes(addresses: Addresses) -> int:
    """Requests that changed rows so far, but for the poller's own state."""
    found = stats(addresses)["requests"]
    return sum(each["count"] for each in found if counts_as_write(each["method"], each["table"]))


def stats(addresses: Addresses) -> dict[str, Any]:
    """What the emulated environment counted."""
    counted: dict[str, Any] = requests.get(f"{addresses.url}/_emulator/stats", timeout=10).json()
    return counted


@dataclass(frozen=True, slots=True)
class _Killed:
    """A life in a process of its own, which is killed at its point."""

    addresses: Addresses
    clock: SetClock

    def __call__(self, place: Place, acts: tuple[str, ...], cast: Cast, end_at: int | None, *, warm: bool) -> Life:
        del place  # the process has its own way to the same stores
        hearing, telling = FORKS.Pipe(duplex=False)
        order = (self.addresses, self.clock, acts, cast, end_at, warm)
        process: ForkServerProcess = FORKS.Process(target=_live, args=(telling, order))
        process.start()
        telling.close()
        accepted, passed = set[int](), None
        for said in _said(hearing):
            if isinstance(said, int):
                accepted.add(said)
            else:
                passed = said
        process.join(LIFE_MAX_S)
        assert process.exitcode == (-SIGKILL if passed is None else 0)
        process.close()
        hearing.close()
        return Life(frozenset(accepted), passed)


def _live(telling: Connection, order: tuple[Any, ...]) -> None:
    addresses, clock, acts, cast, end_at, warm = order
    points = Points(end_at, kill_this_process)
    live(addresses.place(clock), points, acts, cast, telling.send, warm=warm)
    telling.send(tuple(points.passed))


def _said(hearing: Connection) -> Iterator[Any]:
    """What the process says until it has ended."""
    while True:
        try:
            yield hearing.recv()
        except EOFError:
            return


def _serve(there: Connection) -> None:
    with running_emulator() as running:
        known = running.addresses
        there.send(Addresses(known.dataverse_url, known.token, known.organization_id, known.queue_connection_string))
        for _ in _said(there):
            pass  # nothing is said: the other side hangs up


def _tell(addresses: Addresses, time: dict[str, object]) -> None:
    requests.post(f"{addresses.url}/_emulator/clock", json=time, timeout=10).raise_for_status()
