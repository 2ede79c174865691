"""Timer functions: on schedule by the host's clock, or on demand, and never twice at a time."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from emulator.host.declared import TimerFunction
from emulator.host.errors import FunctionFailedError
from emulator.host.invoker import Invoker
from emulator.host.trigger_arguments import timer_argument

# The clock may be a test's, moved by hand: it is looked at this often.
LOOK_EVERY_S = 0.05

_log = logging.getLogger(__name__)


class Timer:
    """Runs one function at each occurrence of its schedule; occurrences missed during a run are not made up for."""

    def __init__(self, function: TimerFunction, clock: Callable[[], datetime], invoker: Invoker) -> None:
        self._function = function
        self._clock = clock
        self._invoker = invoker
        self._one_at_a_time = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_time, name=f"timer-{function.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for a run under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self, *, past_due: bool = False) -> None:
        """Once, now, after a run under way has ended; raises FunctionFailedError."""
        with self._one_at_a_time:
            self._invoker.invoke(self._function, timer_argument(past_due=past_due))

    def _keep_time(self) -> None:
        if self._function.run_on_startup:
            self._run_on_time(past_due=False)
        due = self._function.schedule.next_after(self._clock())
        while not self._stopping.wait(LOOK_EVERY_S):
            now = self._clock()
            if now >= due:
                self._run_on_time(past_due=self._function.schedule.next_after(due) <= now)
                due = self._function.schedule.next_after(self._clock())

    def _run_on_time(self, *, past_due: bool) -> None:
        try:
            self.run(past_due=past_due)
        except FunctionFailedError:
            _log.debug("%s comes again at its next occurrence", self._function.name)
