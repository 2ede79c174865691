"""What was read about one lead in one look: the facts a decision is made from, and the ETags that guard its writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.tables import Lead

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A score row as it stands in Dataverse; it has no model when the model's row was deleted."""

    row_id: UUID
    model_id: UUID | None
    etag: str
    active: bool
    score: int | None
    grade: str | None
    explanation: str | None
    rescore_on: datetime | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the log that says a rule has acted."""

    rule_id: UUID
    occurrence: int
    outcome: int


@dataclass(frozen=True, slots=True)
class Look:
    """One lead as it was read: its row, its score rows, what its rules did, and its interactions by table."""

    lead_id: UUID
    etag: str
    row: Row
    scores: tuple[StoredScore, ...] = ()
    log: tuple[LogEntry, ...] = ()
    interactions: Mapping[str, Sequence[Row]] | None = None

    @property
    def is_open(self) -> bool:
        """Only open leads are scored and qualified."""
        return self.row[Lead.STATE] == Lead.OPEN

    @property
    def is_in_no_audience(self) -> bool:
        """Merged away, or its person asked to be left alone."""
        return bool(self.row.get(Lead.MERGED)) or bool(self.row.get(Lead.GDPR_OPT_OUT))
