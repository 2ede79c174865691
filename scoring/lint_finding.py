"""What lint says: where, what, and how it is mended."""

from dataclasses import dataclass
from enum import StrEnum

from scoring.errors import Place, place_text


class Kind(StrEnum):
    """The kinds of findings, by the names that people leave them out with."""

    NEVER_MATCHES = "never-matches"
    ALWAYS_MATCHES = "always-matches"
    REDUNDANT_CONDITION = "redundant-condition"
    REPEATED_VALUE = "repeated-value"
    MIXED_KINDS = "mixed-kinds"
    LATE_COLUMN = "late-column"
    NO_DATE = "no-date"
    SAME_GROUP = "same-group"
    IMPLIED_GROUP = "implied-group"
    CANCELLED_POINTS = "cancelled-points"
    SPLIT_GROUP = "split-group"
    NO_POINTS = "no-points"
    IDLE_CAP = "idle-cap"
    IDLE_HALF_LIFE = "idle-half-life"
    IDLE_LIMIT = "idle-limit"
    FIXED_SCORE = "fixed-score"
    UNREACHABLE_GRADE = "unreachable-grade"
    GRADE_GAP = "grade-gap"
    UNREACHABLE_THRESHOLD = "unreachable-threshold"
    IDLE_THRESHOLD = "idle-threshold"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a valid model says and its author can hardly mean."""

    kind: Kind
    place: Place
    message: str
    cure: str

    def __str__(self) -> str:
        where = f"{place_text(self.place)}: " if self.place else ""
        return f"{where}{self.message}; {self.cure} [{self.kind}]"
