"""A function app at work: its listeners, timers and routes, from being built to `close`."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime

from emulator.host.declared import Function, HttpFunction, QueueFunction, TimerFunction
from emulator.host.errors import FunctionFailedError, NotIdleError, UnknownFunctionError
from emulator.host.host_json import HostSettings
from emulator.host.http_functions import HttpFunctions
from emulator.host.invoker import FunctionCounts, Invoker
from emulator.host.queue_listener import QueueListener
from emulator.host.storage import POISON_SUFFIX, queue_client
from emulator.host.timers import Timer
from emulator.web_api import Request, Response

_ADMIN = "/admin/"
_ADMIN_FUNCTIONS = "/admin/functions/"
_IDLE_LOOK_EVERY_S = 0.05


class RunningApp:
    """Starts every function when built; nothing is left behind when that fails."""

    def __init__(
        self,
        functions: Iterable[Function],
        settings: HostSettings,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
        *,
        threads: int,
        lease_s: float,
        base_url: str,
    ) -> None:
        functions = list(functions)
        self._base_url = base_url
        self._listeners: dict[str, QueueListener] = {}
        self._timers: dict[str, Timer] = {}
        with ExitStack() as stack:
            self._invoker = Invoker(threads)
            stack.callback(self._invoker.close)
            http = [function for function in functions if isinstance(function, HttpFunction)]
            self._http = HttpFunctions(http, settings.route_prefix, self._invoker)
            for function in functions:
                if isinstance(function, QueueFunction):
                    self._listeners[function.name] = self._listen(stack, function, settings, environment, lease_s)
                elif isinstance(function, TimerFunction):
                    self._timers[function.name] = Timer(function, clock, self._invoker)
            parts: list[QueueListener | Timer] = [*self._listeners.values(), *self._timers.values()]
            for part in parts:
                stack.callback(part.stop)
                part.start()
            self._stack = stack.pop_all()

    @property
    def counts(self) -> Mapping[str, FunctionCounts]:
        return self._invoker.counts

    def handle(self, request: Request) -> Response:
        path = request.target.partition("?")[0]
        if path.startswith(_ADMIN):
            return self._administer(request.method, path)
        return self._http.handle(request, self._base_url)

    def trigger(self, name: str) -> None:
        """Runs a timer function now and waits for it; raises FunctionFailedError or UnknownFunctionError."""
        self._timer(name).run()

    def wait_idle(self, timeout_s: float) -> None:
        """Waits until no function runs and every trigger's queue is empty; raises NotIdleError."""
        deadline = time.monotonic() + timeout_s
        while busy := self._busy():
            if time.monotonic() >= deadline:
                raise NotIdleError(busy, timeout_s)
            time.sleep(_IDLE_LOOK_EVERY_S)

    def close(self) -> None:
        """Takes nothing more, waits for what runs."""
        self._stack.close()

    def _listen(
        self,
        stack: ExitStack,
        function: QueueFunction,
        settings: HostSettings,
        environment: Mapping[str, str],
        lease_s: float,
    ) -> QueueListener:
        queue = stack.enter_context(queue_client(function.queue, function, environment))
        poison = None
        if not function.queue.endswith(POISON_SUFFIX):
            poison = stack.enter_context(queue_client(function.queue + POISON_SUFFIX, function, environment))
        return QueueListener(function, queue, poison, settings.queues, self._invoker, lease_s=lease_s)

    def _busy(self) -> list[str]:
        before = self._invoker.activity
        busy = [f"function {name} (messages)" for name, one in self._listeners.items() if not one.is_empty()]
        running, begun = self._invoker.activity
        # A function that ran between two looks may have moved work to a queue that was looked at first.
        if running or before != (running, begun):
            busy.append(f"{running} running functions")
        return busy

    def _timer(self, name: str) -> Timer:
        try:
            return self._timers[name]
        except KeyError:
            raise UnknownFunctionError(name, self._timers) from None

    def _administer(self, method: str, path: str) -> Response:
        """`POST /admin/functions/{name}`, Core Tools' way to run a function now: 202, and it runs by itself."""
        if method != "POST" or not path.startswith(_ADMIN_FUNCTIONS):
            return _refused(501, f"this Functions host does not do {method} {path}")
        try:
            timer = self._timer(path.removeprefix(_ADMIN_FUNCTIONS))
        except UnknownFunctionError as error:
            return _refused(404, str(error))
        threading.Thread(target=_run_quietly, args=(timer,), name="admin-run").start()
        return Response(202)


def _run_quietly(timer: Timer) -> None:
    try:
        timer.run()
    except FunctionFailedError:
        # The invoker has logged and counted it; nobody waits for the answer.
        return


def _refused(status: int, problem: str) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps({"error": problem}).encode())
