"""Starts tests/contract/odatapy_service.py in a process of its own, without environment, until the block ends."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ODATAPY = Path(__file__).resolve().parents[2] / "build" / "judges" / "odatapy"
SCRIPT = Path(__file__).with_name("odatapy_service.py")


@contextmanager
def running_odatapy() -> Iterator[Mapping[str, str]]:
    """Addresses by the form of the next links that each service sends."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(SCRIPT), str(ODATAPY)],
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
