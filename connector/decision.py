"""What should be written about a lead: data, decided before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ScoreWrite:
    """Changes to one score row. A new row has no `etag` and names its model; a new value names its version."""

    row_id: UUID
    model_id: UUID | None
    version_id: UUID | None
    etag: str | None
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Qualification:
    """A rule that acts on the lead, with the scores that met it."""

    rule_id: UUID
    version_id: UUID
    name: str
    occurrence: int
    scores: Mapping[str, int]
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """All writes for one lead; they are done together or not at all."""

    lead_id: UUID
    etag: str
    decided_on: datetime
    scores: tuple[ScoreWrite, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    lead_changes: Mapping[str, object] = field(default_factory=dict)
    primary_score: UUID | None = None

    @property
    def is_empty(self) -> bool:
        """Whether Dataverse already says all that would be written."""
        return not (self.scores or self.qualifications or self.lead_changes or self.primary_score)
