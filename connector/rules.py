"""A qualification rule, as files and published versions hold it."""

import json
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from scoring import DefinitionError, Place, Problem
from scoring.definition import Name
from scoring.parts import listed, problems_of

_FROZEN = ConfigDict(extra="forbid", frozen=True)
_COLUMN: Final = r"^[a-z][a-z0-9_]{0,127}$"

MAX_PER_HOUR: Final = 200
"""How many leads a rule runs QualifyLead on within an hour, unless it says otherwise."""


class Criterion(BaseModel):
    """A score, and from where on it is met: of a live model of ours, or of a model that Customer Insights computes."""

    model_config = _FROZEN

    model: Name | None = Field(default=None, max_length=200)
    customer_insights: Name | None = Field(default=None, max_length=200)
    at_least: StrictInt = Field(ge=-40_000_000, le=40_000_000)

    @property
    def source(self) -> str:
        """The name of the score, as the log and people know it."""
        return self.model or f"Customer Insights: {self.customer_insights}"


class QualifyLead(BaseModel):
    """What Dataverse's QualifyLead creates of a lead, and whom it is linked to instead of a new contact."""

    model_config = _FROZEN

    contact: StrictBool = True
    account: StrictBool = False
    opportunity: StrictBool = False
    match_contact: StrictStr | None = Field(default=None, pattern=_COLUMN)
    qualified_status: StrictStr | StrictInt = "Qualified"


class Actions(BaseModel):
    """What is done to a lead that meets the rule."""

    model_config = _FROZEN

    status_reason: StrictStr | StrictInt | None = None
    sales_ready: Literal[True] | None = None
    qualify_lead: QualifyLead | None = None


class QualificationRule(BaseModel):
    """Which scores qualify a lead, from which open reasons, and by what."""

    model_config = _FROZEN

    rule: Name = Field(max_length=200)
    match: Literal["all", "any"] = "all"
    order: StrictInt = Field(default=1, ge=0, le=100_000)
    from_status: tuple[StrictStr | StrictInt, ...] = ()
    max_per_hour: StrictInt | None = Field(default=None, ge=1, le=1_000_000)
    existing_leads: Literal["ask", "include", "exclude"] = "ask"
    reconsider: StrictBool = False
    criteria: Annotated[tuple[Criterion, ...], listed(1, 40)]
    actions: Actions


def parse_rule(content: object) -> QualificationRule:
    """The rule in what YAML or JSON gave; raises DefinitionError with every problem and its place."""
    try:
        rule = QualificationRule.model_validate_json(json.dumps(content))
    except ValidationError as error:
        found = (Problem(_in_document(problem.place), problem.message) for problem in problems_of(error))
        raise DefinitionError(tuple(dict.fromkeys(found))) from None
    except (TypeError, ValueError, RecursionError):
        raise DefinitionError((Problem((), "holds a value that JSON has no form for"),)) from None
    if problems := tuple(_contradictions(rule)):
        raise DefinitionError(problems)
    return rule


def rule_json(rule: QualificationRule) -> str:
    """The canonical text of a rule: keys sorted, defaults left out."""
    return json.dumps(
        rule.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def _contradictions(rule: QualificationRule) -> Iterator[Problem]:
    actions = rule.actions
    if actions.status_reason is None and actions.sales_ready is None and actions.qualify_lead is None:
        yield Problem(("actions",), "names no action: give status_reason, sales_ready or qualify_lead")
    if rule.max_per_hour is not None and actions.qualify_lead is None:
        yield Problem(("max_per_hour",), "bounds qualify_lead, which is not among the actions")
    seen: set[str] = set()
    for index, criterion in enumerate(rule.criteria):
        if (criterion.model is None) == (criterion.customer_insights is None):
            yield Problem(("criteria", index), "names one of model and customer_insights, and not both")
        elif criterion.source in seen:
            place = ("criteria", index, "model" if criterion.model else "customer_insights")
            yield Problem(place, f"{criterion.model or criterion.customer_insights!r} has a criterion already")
        seen.add(criterion.source)


def _in_document(place: Place) -> Place:
    """The place without the members of unions, which pydantic counts as steps."""
    return tuple(step for step in place if step not in {"str", "int"})
