"""Starts tests/judges/functions_worker.py in a process of its own, without environment, and reads what it says."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS_WORKER = ROOT / "build" / "judges" / "functions-worker"
SCRIPT = Path(__file__).with_name("functions_worker.py")
NO_SETTINGS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Report:
    """What the worker said: why it refused the app, or its functions' bindings and an answer per call; and its log."""

    log: str
    refused: str | None
    functions: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    answers: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class RunningWorker:
    """Microsoft's worker code; `elsewhere` is a folder without an app, in which it is started."""

    elsewhere: Path

    def run(
        self,
        *calls: Mapping[str, object],
        app: Path = ROOT,
        settings: Mapping[str, str] = NO_SETTINGS,
        specialised: bool = False,
    ) -> Report:
        """Index the app in folder `app` without any setting, then call its functions with `settings`.

        A `specialised` worker is running already when it is handed the app, and then with its settings.
        """
        order = {
            "path": list(dict.fromkeys([str(FUNCTIONS_WORKER), *map(sysconfig.get_path, ("purelib", "platlib"))])),
            "placeholder": str(self.elsewhere),
            "directory": str(app),
            "settings": dict(settings),
            "specialised": specialised,
            "calls": calls,
        }
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(SCRIPT)],
            input=json.dumps(order),
            env={},
            cwd=self.elsewhere,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Report(log=done.stderr, **json.loads(done.stdout))
