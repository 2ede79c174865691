"""What is in force: the live models and rules, compiled and with the environment's own values filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from connector.rules import QualificationRule
from scoring import Scorer, ScoringModel


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A published version of a scoring model, ready to score."""

    model_id: UUID
    version_id: UUID
    definition: ScoringModel
    scorer: Scorer

    @property
    def name(self) -> str:
        """The name that rules know it by."""
        return self.definition.name

    @property
    def show_on_lead(self) -> bool:
        """Whether views of leads show its score."""
        return self.definition.show_on_lead


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A published version of a rule; `changes` are the lead columns it sets, `from_status` the reasons it acts on."""

    rule_id: UUID
    version_id: UUID
    name: str
    rule: QualificationRule
    changes: Mapping[str, object]
    from_status: frozenset[int]


@dataclass(frozen=True, slots=True)
class Live:
    """All that is in force at one moment; rules in the order in which they act."""

    models: tuple[LiveModel, ...]
    rules: tuple[LiveRule, ...]
