"""The host: one function app over a socket, in threads of this process."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import azure.functions as func

from emulator.host.declared import declared_functions, load_app
from emulator.host.environment import applied
from emulator.host.errors import NotStartedError
from emulator.host.host_json import read
from emulator.host.invoker import FunctionCounts
from emulator.host.queue_listener import LEASE_S
from emulator.host.running_app import RunningApp
from emulator.server import Server
from emulator.web_api import Request, Response, utc_now


class FunctionsHost:
    """Drives the functions of `app` as they are declared, from `start` to `stop`; starts once.

    `app` is a FunctionApp, or its `module:attribute`, imported at the start, when `environment` is in `os.environ`
    already. The port is taken at once, so `url` is known before the start. `clock` moves the timers alone; `lease_s`
    is how long a message stays hidden unless renewed.
    """

    def __init__(
        self,
        app: str | func.FunctionApp,
        host_json: Path | Mapping[str, Any],
        environment: Mapping[str, str],
        *,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
        lease_s: float = LEASE_S,
    ) -> None:
        self._reference = app
        self._settings = read(host_json)
        self._environment = dict(environment)
        self._clock = clock
        self._lease_s = lease_s
        self._app: RunningApp | None = None
        self._stack = ExitStack()
        self._server = Server(self._handle, port)
        self._stack.callback(self._server.stop)
        self.url = self._server.url

    def start(self) -> None:
        """Returns once every function can be triggered; raises LoadError, and then nothing runs."""
        try:
            self._stack.enter_context(applied(self._environment))
            self._app = self._build()
            self._stack.callback(self._app.close)
            self._server.start()
        except BaseException:
            self._stack.close()
            raise

    def stop(self) -> None:
        """Takes nothing more, waits for what runs, puts the environment back; the counts stay."""
        self._stack.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def counts(self) -> Mapping[str, FunctionCounts]:
        """Invocations by function name; one that never ran is not there."""
        return self._started().counts

    def trigger(self, name: str) -> None:
        """Runs a timer function now and waits for it; raises FunctionFailedError or UnknownFunctionError."""
        self._started().trigger(name)

    def wait_idle(self, timeout_s: float) -> None:
        """Waits until no function runs and every trigger's queue is empty (delayed messages too); else NotIdleError."""
        self._started().wait_idle(timeout_s)

    def _build(self) -> RunningApp:
        app = load_app(self._reference) if isinstance(self._reference, str) else self._reference
        environment = dict(os.environ)
        return RunningApp(
            declared_functions(app, environment),
            self._settings,
            environment,
            self._clock,
            threads=_worker_threads(environment),
            lease_s=self._lease_s,
            base_url=self.url,
        )

    def _handle(self, request: Request) -> Response:
        return self._started().handle(request)

    def _started(self) -> RunningApp:
        if self._app is None:
            raise NotStartedError
        return self._app


def _worker_threads(environment: Mapping[str, str]) -> int:
    """As many as the Python worker has."""
    return int(environment.get("PYTHON_THREADPOOL_THREAD_COUNT") or min(32, (os.cpu_count() or 1) + 4))
