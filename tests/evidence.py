"""What a run under faults counted, kept as JSON in build/evidence: a claim that anybody can look at afterwards."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "build" / "evidence"


def keep_evidence(name: str, **counts: object) -> None:
    """Write the counts of one run to build/evidence/<name>.json; a later run of the same name replaces them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
