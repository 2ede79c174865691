"""Runs Schemathesis, in an environment of its own, against a served app, and reads what it counted."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
SCHEMATHESIS = ROOT / "build" / "judges" / "schemathesis"
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from schemathesis.cli import schemathesis; schemathesis()"
Mode = Literal["positive", "negative"]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "ignored_auth",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether every answer was as the file says, what was said, and the answers of each status."""

    is_good: bool
    text: str
    statuses: Mapping[int, int]


def judge(
    document: Path, url: str, header: str, folder: Path, *, mode: Mode, examples: int, timeout_s: float
) -> Judgement:
    """At most `examples` random requests to each operation beside those of the rules, the same ones each time."""
    log = folder / "requests.har"
    words = ["run", str(document), "--url", url, "--header", header, "--checks", ",".join(CHECKS)]
    words += ["--mode", mode, "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples)]
    words += ["--seed", "1", "--no-shrink"]
    words += ["--continue-on-failure", "--report-har-path", str(log), "--warnings", "off", "--request-timeout", "30"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", START, str(SCHEMATHESIS), "--no-color", *words],
        cwd=folder,
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    entries = json.loads(log.read_text(encoding="utf-8"))["log"]["entries"] if log.exists() else []
    statuses = Counter(entry["response"]["status"] for entry in entries)
    return Judgement(done.returncode == 0, done.stdout + done.stderr, statuses)
