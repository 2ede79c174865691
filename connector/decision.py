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
class Met:
    """A rule that the lead meets, acting or not: the occurrence it would act in, and the scores that met it."""

    rule_id: UUID
    occurrence: int
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Qualification:
    """A rule that acts on the lead, with the scores that met it; `actions` is what it does, as the log keeps it."""

    rule_id: UUID
    version_id: UUID
    name: str
    occurrence: int
    scores: Mapping[str, int]
    actions: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Note:
    """An entry that says why a rule did not act, or that it may act again; without an id it gets a random one."""

    rule_id: UUID
    version_id: UUID
    name: str
    occurrence: int
    outcome: int
    reason: str
    scores: Mapping[str, int] = field(default_factory=dict)
    row_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an entry that said `qualifying`."""

    row_id: UUID
    outcome: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """QualifyLead on the lead, with what it is to create; `alone` when the log already says that it is under way."""

    rule_id: UUID
    contact: bool
    account: bool
    opportunity: bool
    status: int
    currency: UUID | None
    customer_account: UUID | None
    customer_contact: UUID | None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """All writes for one lead; they are done together or not at all.

    `asks` names the columns by which the lead's contact must be looked for before more can be decided; `met` are the
    rules that have not acted yet and are met, also those that are held back.
    """

    lead_id: UUID
    etag: str
    decided_on: datetime
    scores: tuple[ScoreWrite, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    notes: tuple[Note, ...] = ()
    settled: tuple[Settled, ...] = ()
    lead_changes: Mapping[str, object] = field(default_factory=dict)
    parent_contact: UUID | None = None
    primary_score: UUID | None = None
    action: Action | None = None
    asks: frozenset[str] = frozenset()
    met: tuple[Met, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether Dataverse already says all that would be written."""
        return not (
            self.scores
            or self.qualifications
            or self.notes
            or self.settled
            or self.lead_changes
            or self.parent_contact
            or self.primary_score
            or self.action
            or self.asks
        )
