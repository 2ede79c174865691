"""What is in force: the live models and rules, compiled and with the environment's own values filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from connector.rules import MAX_PER_HOUR, QualificationRule
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
class QualifyLead:
    """How a rule runs QualifyLead, with the environment's own values.

    `status` is a reason of the state Qualified, `currency` the organisation's, for leads that have none of their own.
    """

    contact: bool
    account: bool
    opportunity: bool
    match_contact: str | None
    status: int
    currency: UUID | None = None


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A published version of a rule; `changes` are the lead columns it sets, `from_status` the reasons it acts on."""

    rule_id: UUID
    version_id: UUID
    name: str
    rule: QualificationRule
    changes: Mapping[str, object]
    from_status: frozenset[int]
    qualify: QualifyLead | None = None

    @property
    def max_per_hour(self) -> int:
        """How many leads it runs QualifyLead on within an hour."""
        return self.rule.max_per_hour or MAX_PER_HOUR


@dataclass(frozen=True, slots=True)
class Live:
    """All that is in force at one moment; rules in the order in which they act."""

    models: tuple[LiveModel, ...]
    rules: tuple[LiveRule, ...]

    @property
    def match_columns(self) -> frozenset[str]:
        """The columns by which some rule looks for a lead's contact."""
        return frozenset(
            rule.qualify.match_contact for rule in self.rules if rule.qualify and rule.qualify.match_contact
        )

    @property
    def customer_insights_models(self) -> frozenset[str]:
        """The models of Customer Insights that some rule asks for a score."""
        criteria = (criterion for rule in self.rules for criterion in rule.rule.criteria)
        return frozenset(each.customer_insights for each in criteria if each.customer_insights)
