"""Time for several threads that passes only while all of them wait for it, so that hours take as long as the work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil

from dataverse.gate import Gate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STUCK_S = 60


class VirtualTime:
    """A clock and a sleep for `threads` threads, which have to take part at the same time; in whole microseconds."""

    def __init__(self, start: datetime, threads: int) -> None:
        self._now_us = round((start - EPOCH).total_seconds() * 1e6)
        self._taking_part = threads
        self._idle: set[int] = set()
        self._wakes_us: dict[int, int] = {}
        self._changed = threading.Condition()

    def now(self) -> datetime:
        """The time, for a clock that gives dates; who asks is at work."""
        with self._changed:
            self._idle.discard(threading.get_ident())
            return EPOCH + timedelta(microseconds=self._now_us)

    def seconds(self) -> float:
        """The time, for a clock that gives seconds of the epoch; who asks is at work."""
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Wait for as long, with all the others."""
        me = threading.get_ident()
        with self._changed:
            self._wakes_us[me] = self._now_us + ceil(seconds * 1e6)
            self._idle.add(me)
            self._pass()
            assert self._changed.wait_for(lambda: me not in self._wakes_us, STUCK_S), "nobody lets time pass"

    def idle(self) -> None:
        """This thread waits for another one, until it asks for the time."""
        with self._changed:
            self._idle.add(threading.get_ident())
            self._pass()

    def run(self, work: Callable[[int], None]) -> None:
        """Do `work(number)` in all the threads; raises the first error of one of them."""
        errors: list[BaseException] = []

        def take_part(number: int) -> None:
            try:
                work(number)
            except BaseException as error:  # noqa: BLE001  raised again below, in the thread of the test
                errors.append(error)
            finally:
                with self._changed:
                    self._taking_part -= 1
                    self._idle.discard(threading.get_ident())
                    self._pass()

        threads = [threading.Thread(target=take_part, args=(number,)) for number in range(self._taking_part)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def _pass(self) -> None:
        if self._wakes_us and len(self._idle) >= self._taking_part:
            self._now_us = max(self._now_us, min(self._wakes_us.values()))
            for thread in [each for each, wake_us in self._wakes_us.items() if wake_us <= self._now_us]:
                # At work from this moment on, although it has yet to notice.
                del self._wakes_us[thread]
                self._idle.discard(thread)
            self._changed.notify_all()


class WatchedGate(Gate):
    """The client's gate: who stands before it does not keep time from passing."""

    def __init__(self, width_max: int, time: VirtualTime) -> None:
        super().__init__(width_max, clock=time.seconds, sleep=time.sleep)
        self._time = time

    @contextmanager
    def passage(self, wait_max_s: float) -> Iterator[None]:
        """Be inside for one exchange."""
        self._time.idle()
        with super().passage(wait_max_s):
            self._time.now()
            yield


class OpenGate(WatchedGate):
    """No gate at all."""

    @contextmanager
    def passage(self, wait_max_s: float) -> Iterator[None]:  # noqa: ARG002  nobody waits here
        """Be inside at once."""
        yield
