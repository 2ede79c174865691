"""`python -m emulator.host`: the host in a process of its own, until SIGINT or SIGTERM."""

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path

from emulator.host.errors import HostError
from emulator.host.functions_host import FunctionsHost
from emulator.server import ServerError


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 after a signal, 2 when the app cannot be started."""
    options = _options().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # At INFO the storage client logs every poll of every queue.
    logging.getLogger("azure").setLevel(logging.WARNING)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with FunctionsHost(options.app, options.host_json, _settings(options.settings), port=options.port) as host:
            print(f"Functions host on {host.url}", flush=True)
            stopping.wait()
    except (HostError, ServerError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator.host", description="Runs a function app locally.")
    parser.add_argument("--app", default="function_app:app", help="module:attribute of the FunctionApp")
    parser.add_argument("--port", type=int, default=7071, help="0: any free port")
    parser.add_argument("--host-json", type=Path, default=Path("host.json"))
    parser.add_argument("--settings", type=Path, help="a local.settings.json; else the environment alone")
    return parser


def _settings(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    values: dict[str, str] = json.loads(path.read_text(encoding="utf-8")).get("Values", {})
    return values


if __name__ == "__main__":
    sys.exit(main())
