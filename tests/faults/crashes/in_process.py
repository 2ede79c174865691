"""An emulated Dataverse in this process, under any of the queues: a life ends here by an exception."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import requests

from connector.ports import Queue
from connector.storage_queue import StorageQueue
from dataverse import new_session
from emulator.adapter import InProcessAdapter
from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Emulator
from tests.azurite import running_azurite
from tests.faults.crashes.place import Place, put_in_force, settings
from tests.faults.crashes.queues import LeasedQueue, ShortLeases
from tests.faults.crashes.stores import Stores, counts_as_write, surviving
from tests.world import TOKEN, SetClock

URL = "http://127.0.0.1:8765"
LEASE_S = 1
LOOK_EVERY_S = 0.1


@contextmanager
def over_a_list() -> Iterator[Stores]:
    """With a list for a queue."""
    clock = SetClock()
    with _stores(clock, LeasedQueue(clock), lambda seconds: clock.forward(seconds=seconds)) as stores:
        yield stores


@contextmanager
def over_the_emulator() -> Iterator[Stores]:
    """With the emulator's queue service, behind a socket, on the clock that all share."""
    clock = SetClock()
    with (
        Server(QueueService(clock).handle) as server,
        _stores(
            clock, StorageQueue(connection_string(server.url)), lambda seconds: clock.forward(seconds=seconds)
        ) as stores,
    ):
        yield stores


@contextmanager
def over_azurite() -> Iterator[Stores]:
    """With Azurite, which keeps real time: leases end after a second, and each round has queues of its own."""
    clock = SetClock()

    def forward(seconds: float) -> None:
        clock.forward(seconds=seconds)
        time.sleep(LOOK_EVERY_S)

    with running_azurite() as storage:
        queue = StorageQueue(storage)
        with _stores(clock, ShortLeases(queue, LEASE_S), forward) as stores:
            place = stores.place
            yield replace(
                stores, lane=lambda number: replace(place, queue=ShortLeases(queue, LEASE_S, f"round-{number}-"))
            )


@contextmanager
def _stores(clock: SetClock, queue: Queue, forward: Callable[[float], None]) -> Iterator[Stores]:
    emulator = Emulator(clock=clock, token=TOKEN, base_url=URL)

    def session() -> requests.Session:
        made = new_session(1)
        made.mount("http://", InProcessAdapter(emulator.handle))
        return made

    def writes() -> int:
        return sum(number for each, number in emulator.requests.items() if counts_as_write(*each))

    known = settings(url=URL, token=TOKEN, organization_id=emulator.organization_id, storage="AccountName=unused")
    place = Place(known, clock, session, queue)
    put_in_force(place)
    survivor = surviving(place)
    yield Stores(place, survivor, forward, writes)
    survivor.client.close()
    emulator.close()
