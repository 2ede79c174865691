"""What was read about one lead in one look: the facts a decision is made from, and the ETags that guard its writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from connector.tables import Lead, LeadScore

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A score row as it stands in Dataverse (`reason`: its statuscode); without a model when that row was deleted."""

    row_id: UUID
    model_id: UUID | None
    etag: str
    active: bool
    score: int | None
    grade: str | None
    explanation: str | None
    rescore_on: datetime | None
    reason: int = LeadScore.UP_TO_DATE

    @property
    def saw_closed(self) -> bool:
        """Whether it was ended because the lead was closed."""
        return not self.active and self.reason == LeadScore.LEAD_CLOSED


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the log: what became of a rule at an occurrence, and whether QualifyLead was among its actions."""

    rule_id: UUID
    occurrence: int
    outcome: int
    row_id: UUID | None = None
    version_id: UUID | None = None
    reason: str | None = None
    decided_on: datetime | None = None
    ran_qualify_lead: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One lead as it was read: its row, its score rows, what its rules did, and its interactions by table.

    `customer_insights` gives the scores that Customer Insights computed, by model; `contacts` the active contacts that
    share a column's value with the lead, for the columns that were asked about.
    """

    lead_id: UUID
    etag: str
    row: Row
    scores: tuple[StoredScore, ...] = ()
    log: tuple[LogEntry, ...] = ()
    interactions: Mapping[str, Sequence[Row]] | None = None
    customer_insights: Mapping[str, int] = field(default_factory=dict)
    contacts: Mapping[str, Sequence[UUID]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Only open leads are scored and qualified."""
        return self.row[Lead.STATE] == Lead.OPEN

    @property
    def is_in_no_audience(self) -> bool:
        """Merged away, or its person asked to be left alone."""
        return bool(self.row.get(Lead.MERGED)) or bool(self.row.get(Lead.GDPR_OPT_OUT))

    def text(self, column: str) -> str:
        """The text of a column without the spaces around it: empty when the lead has none."""
        value = self.row.get(column)
        return "" if value is None else str(value).strip()

    def lookup(self, column: str) -> UUID | None:
        """What a lookup of the lead points at."""
        value = self.row.get(f"_{column}_value")
        return None if value is None else UUID(str(value))
