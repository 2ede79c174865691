"""`make mutation`: how many mutants of connector/ and scoring/ the tests killed, held to a floor (R20)."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.evidence import keep_evidence

COUNTS: Final = Path("mutants/mutmut-cicd-stats.json")
KILLED_MIN: Final = 0.85


def killed_share(counts: Mapping[str, int]) -> float:
    """Of all mutants: one that no test reaches lives, one that never ends is found out; 0 when nothing was tried."""
    killed = counts["killed"] + counts["timeout"] + counts["segfault"]
    return killed / counts["total"] if counts["total"] else 0.0


def is_enough(counts: Mapping[str, int]) -> bool:
    """Whether the run was whole and its share reaches the floor."""
    tried = sum(counts[name] for name in ("killed", "timeout", "segfault", "survived", "no_tests", "suspicious"))
    return tried == counts["total"] and killed_share(counts) >= KILLED_MIN


def main() -> int:
    """Print and keep the counts of the last run; 1 when they are not enough."""
    counts: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8"))
    share = killed_share(counts)
    keep_evidence("mutation", killed_share=round(share, 4), floor=KILLED_MIN, **counts)
    sys.stdout.write(f"mutation: {share:.1%} of {counts['total']} mutants killed, at least {KILLED_MIN:.0%} wanted\n")
    return 0 if is_enough(counts) else 1


if __name__ == "__main__":
    sys.exit(main())
