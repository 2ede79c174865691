"""Microsoft's emulator of Azure Storage, where `make azurite` could install it: the judge of our belief of queues."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from emulator.queue_service import connection_string

FOLDER = Path(__file__).resolve().parents[1] / "build" / "judges" / "azurite"
MISSING = None if (FOLDER / ".setup").exists() else "Azurite is not installed: run `make azurite`"
"""Why a test that needs it is skipped, or None."""

_QUEUES = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "queue" / "main.js"
_LISTENS = re.compile(r"successfully listens on (http://\S+)")


@contextmanager
def running_azurite() -> Iterator[str]:
    """Its queue service in a process of its own, in memory, on a free port; the connection string."""
    command = ["node", str(_QUEUES), "--queuePort", "0", "--inMemoryPersistence", "--disableTelemetry"]
    with TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [*command, "--silent", "--skipApiVersionCheck"], stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        try:
            yield connection_string(_address(process, complaints))
        finally:
            process.kill()
            process.communicate()


def _address(process: "subprocess.Popen[str]", complaints: IO[str]) -> str:
    for line in process.stdout or ():
        if found := _LISTENS.search(line):
            return found[1]
    complaints.seek(0)
    message = f"Azurite did not start: {complaints.read()}"
    raise AssertionError(message)
