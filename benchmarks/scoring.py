"""`make bench-scoring`: this engine beside rule libraries and naive Python, on the same raw rows, in one run.

Each contender has a process of its own. Its clock (processor time) runs from decoded rows to answers: preparation,
total, grade, explanation and `valid_until` of every lead. Rows are decoded outside of it; `json.loads` is timed alone.
"""

import argparse
import hashlib
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from benchmarks.scoring_business_rules import BusinessRules
from benchmarks.scoring_facts import Answer
from benchmarks.scoring_input import Row, definition, pages, write_pages
from benchmarks.scoring_libraries import DataLogic, RuleEngine, Zen
from benchmarks.scoring_python import Engine, Naive

BUILD = Path(__file__).resolve().parents[1] / "build" / "bench"
DECODING = "json.loads"
MEMORY_LEADS = 100_000


class Contender(Protocol):
    """Answers a page of raw leads and the events of those leads."""

    def page(self, leads: Sequence[Row], events: Sequence[Row]) -> list[Answer]:
        """One answer per lead, in their order."""


CONTENDERS: Mapping[str, Callable[[Mapping[str, Any]], Contender]] = {
    "leadgate": Engine,
    "datalogic-py": DataLogic,
    "zen-engine": Zen,
    "rule-engine": RuleEngine,
    "business-rules": BusinessRules,
    "naive Python": Naive,
}


def main() -> None:
    """Run all contenders, print their figures, and leave them in build/bench/scoring.json."""
    arguments = _arguments()
    path = BUILD / f"leads-{arguments.leads}.jsonl"
    if arguments.measure is not None:
        print(json.dumps(_measured(arguments.measure, path)))
        return
    print(f"{arguments.leads:,} leads of 25 columns, one model of 40 conditions in 15 groups, 8 of them over events")
    write_pages(path, arguments.leads)
    names = [DECODING, *(arguments.only or CONTENDERS)]
    figures = {name: _in_a_process_of_its_own(name, arguments.leads) for name in names}
    path.unlink()
    report = {"leads": arguments.leads, "machine": _machine(), "versions": _versions(), "contenders": figures}
    (BUILD / "scoring.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)
    if len({figure["checksum"] for name, figure in figures.items() if name != DECODING}) > 1:
        sys.exit("the contenders do not agree: the checksums of their answers differ")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--leads", type=int, default=200_000, help="how many leads (200,000 unless told)")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, help="leave the others out")
    parser.add_argument("--measure", choices=[DECODING, *CONTENDERS], help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process_of_its_own(name: str, leads: int) -> dict[str, Any]:
    print(f"  {name} ...", file=sys.stderr)
    command = [sys.executable, "-m", "benchmarks.scoring", "--leads", str(leads), "--measure", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=BUILD.parents[1])  # noqa: S603  ours
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _measured(name: str, path: Path) -> dict[str, Any]:
    """Leads per second, the checksum of the answers, and what the process grows by while it makes and keeps them."""
    if name == DECODING:
        leads, seconds = _decoded(path)
        return {"leads_per_s": round(leads / seconds), "mb": None, "checksum": None}
    ready, leads, seconds, checksum = 0, 0, 0.0, hashlib.sha256()
    began = time.process_time()
    contender = CONTENDERS[name](definition())
    seconds += time.process_time() - began
    for text in pages(path):
        rows = json.loads(text)
        ready = ready or _peak_bytes()
        began = time.process_time()
        answers = contender.page(rows["leads"], rows["events"])
        seconds += time.process_time() - began
        leads += len(answers)
        for answer in answers:
            checksum.update(repr(answer).encode())
    kept = _kept(contender, path)
    grown = _peak_bytes() - ready  # with the answers alive
    del kept
    return {
        "leads_per_s": round(leads / seconds),
        "mb": round(grown / 1e6),
        "checksum": checksum.hexdigest()[:16],
    }


def _decoded(path: Path) -> tuple[int, float]:
    leads, seconds = 0, 0.0
    for text in pages(path):
        began = time.process_time()
        rows = json.loads(text)
        seconds += time.process_time() - began
        leads += len(rows["leads"])
    return leads, seconds


def _kept(contender: Contender, path: Path) -> list[Answer]:
    kept = list[Answer]()
    for text in pages(path):
        rows = json.loads(text)
        kept += contender.page(rows["leads"], rows["events"])
        if len(kept) >= MEMORY_LEADS:
            break
    return kept


def _peak_bytes() -> int:
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def _machine() -> dict[str, str]:
    cpu = Path("/proc/cpuinfo")
    names = (
        [line.partition(": ")[2] for line in cpu.read_text().splitlines() if line.startswith("model name")]
        if cpu.exists()
        else []
    )
    return {
        "processor": names[0] if names else platform.processor(),
        "processors": str(len(names)),
        "system": platform.platform(),
    }


def _versions() -> dict[str, str]:
    libraries = (name for name in CONTENDERS if name not in {"leadgate", "naive Python"})
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


def _print(report: Mapping[str, Any]) -> None:
    figures = report["contenders"]
    own = figures.get("leadgate", {"leads_per_s": 0})["leads_per_s"]
    memory_of = f"MB for {min(report['leads'], MEMORY_LEADS):,}"
    print(f"\n{'':<16}{'leads/s':>10}{'leadgate is':>14}{memory_of:>17}  checksum")
    for name, figure in sorted(figures.items(), key=lambda one: -one[1]["leads_per_s"]):
        ratio = f"{own / figure['leads_per_s']:.2f} x"
        memory, checksum = figure["mb"] or "", figure["checksum"] or ""
        print(f"{name:<16}{figure['leads_per_s']:>10,}{ratio:>14}{memory:>17}  {checksum}")
    print(f"\n{json.dumps(report['machine'])}\n{json.dumps(report['versions'])}")


if __name__ == "__main__":
    main()
