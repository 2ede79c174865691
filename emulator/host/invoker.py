"""Runs the app's functions as the Python worker does, and counts how they ended."""

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from emulator.host.declared import Function, HttpFunction
from emulator.host.errors import FunctionFailedError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FunctionCounts:
    """Invocations of one function that returned, that raised, and messages moved to its poison queue."""

    succeeded: int = 0
    failed: int = 0
    poisoned: int = 0


class Invoker:
    """Plain functions run in a pool of `threads`, coroutine functions on one event loop, as in the worker."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._loop = asyncio.new_event_loop()
        self._loop_thread = threading.Thread(target=self._loop.run_forever, name="function-loop", daemon=True)
        self._lock = threading.Lock()
        self._counts: dict[str, FunctionCounts] = {}
        self._begun = 0
        self._running = 0
        self._loop_thread.start()

    def invoke(self, function: Function, trigger: object) -> Any:
        """The function's return value; whatever it raises is logged, and arrives as FunctionFailedError."""
        succeeded = False
        self._begin()
        try:
            value = self._submit(function.call, {function.argument: trigger}).result()
            _check_return(function, value)
            succeeded = True
        except Exception as error:
            _log.exception("function %s failed", function.name)
            raise FunctionFailedError(function.name) from error
        finally:
            self._end(function.name, succeeded=succeeded)
        return value

    def note_poisoned(self, name: str) -> None:
        with self._lock:
            counts = self._counts.get(name, FunctionCounts())
            self._counts[name] = replace(counts, poisoned=counts.poisoned + 1)

    @property
    def counts(self) -> Mapping[str, FunctionCounts]:
        """By the function's name; one that never ran is not there."""
        with self._lock:
            return dict(self._counts)

    @property
    def activity(self) -> tuple[int, int]:
        """Invocations running now, and ever begun: unchanged and none running means that nothing ran in between."""
        with self._lock:
            return self._running, self._begun

    def close(self) -> None:
        """Waits for what runs."""
        self._pool.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop_thread.join()
        self._loop.close()

    def _submit(self, call: Callable[..., Any], arguments: dict[str, object]) -> Future[Any]:
        if inspect.iscoroutinefunction(call):
            return asyncio.run_coroutine_threadsafe(call(**arguments), self._loop)
        return self._pool.submit(call, **arguments)

    def _begin(self) -> None:
        with self._lock:
            self._begun += 1
            self._running += 1

    def _end(self, name: str, *, succeeded: bool) -> None:
        with self._lock:
            self._running -= 1
            counts = self._counts.get(name, FunctionCounts())
            self._counts[name] = replace(
                counts, succeeded=counts.succeeded + succeeded, failed=counts.failed + (not succeeded)
            )


def _check_return(function: Function, value: object) -> None:
    # The worker fails the invocation too, so such a function must not look sound here.
    if value is not None and not isinstance(function, HttpFunction):
        message = f"function {function.name} without a $return binding returned a value"
        raise RuntimeError(message)
