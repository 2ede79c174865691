"""Functions hosts in processes of their own: the app as it is deployed, with leases short enough to wait for."""

import json
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import function_app
from connector.bootstrap import App, build
from connector.settings import Settings
from connector.storage_queue import StorageQueue
from emulator.host import FunctionsHost
from tests.faults.crashes.processes import FORKS, LIFE_MAX_S
from tests.faults.crashes.queues import ShortLeases

HOST_JSON = Path(__file__).resolve().parents[3] / "host.json"
LEASE_S = 2
POLL_ALWAYS, POLL_NEVER = "* * * * * *", "0 0 0 1 1 *"


@dataclass
class Host:
    """A host process, and what starts it again."""

    environment: Mapping[str, str]
    port: int = 0
    url: str = ""
    process: ForkServerProcess | None = None

    def start(self) -> None:
        """Returns when the functions can be triggered; from then on the host keeps its port."""
        hearing, telling = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=_host, args=(telling, dict(self.environment), self.port), daemon=True)
        self.process.start()
        telling.close()
        self.port = hearing.recv()
        self.url = f"http://127.0.0.1:{self.port}"
        hearing.close()

    def end(self, number: signal.Signals) -> None:
        """Send the signal and wait until the process is gone, as the signal wants it."""
        assert self.process is not None
        if number == signal.SIGKILL:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.join(LIFE_MAX_S)
        assert self.process.exitcode == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        self.process.close()


def _host(telling: Connection, environment: dict[str, str], port: int) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    settings = Settings.from_environment(environment)
    app = build(settings, queue=ShortLeases(StorageQueue(settings.storage), LEASE_S))

    def bootstrap(_settings: Settings) -> App:
        return app

    vars(function_app)["bootstrap"] = bootstrap
    with FunctionsHost(function_app.app, _host_json(), environment, port=port, lease_s=LEASE_S) as host:
        telling.send(int(host.url.rpartition(":")[2]))
        stopping.wait()


def _host_json() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(HOST_JSON.read_text(encoding="utf-8"))
    content["extensions"]["queues"] |= {"visibilityTimeout": "00:00:01", "maxPollingInterval": "00:00:00.2"}
    return content
