"""A qualification rule, as files and published versions hold it; what is not built yet is refused by name."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from scoring import DefinitionError, Place, Problem
from scoring.definition import Name
from scoring.parts import listed, problems_of

_FROZEN = ConfigDict(extra="forbid", frozen=True)
_NOT_YET: Final = {
    ("max_per_hour",): "max_per_hour belongs to qualify_lead and is not supported yet",
    ("actions", "qualify_lead"): "qualify_lead is not supported yet",
}


class Criterion(BaseModel):
    """A live model, by name, and the score from which on it is met."""

    model_config = _FROZEN

    model: Name = Field(max_length=200)
    at_least: StrictInt = Field(ge=-40_000_000, le=40_000_000)


class Actions(BaseModel):
    """What is done to a lead that meets the rule."""

    model_config = _FROZEN

    status_reason: StrictStr | StrictInt | None = None
    sales_ready: Literal[True] | None = None


class QualificationRule(BaseModel):
    """Which scores qualify a lead, from which open reasons, and by what."""

    model_config = _FROZEN

    rule: Name = Field(max_length=200)
    match: Literal["all", "any"] = "all"
    order: StrictInt = Field(default=1, ge=0, le=100_000)
    from_status: tuple[StrictStr | StrictInt, ...] = ()
    existing_leads: Literal["ask", "include"] = "ask"
    reconsider: StrictBool = False
    criteria: Annotated[tuple[Criterion, ...], listed(1, 40)]
    actions: Actions


def parse_rule(content: object) -> QualificationRule:
    """The rule in what YAML or JSON gave; raises DefinitionError with every problem and its place."""
    problems = [*_not_yet(content)]
    try:
        rule = QualificationRule.model_validate_json(json.dumps(content))
    except ValidationError as error:
        named = {problem.place for problem in problems}
        found = (Problem(_in_document(problem.place), problem.message) for problem in problems_of(error))
        problems += [problem for problem in found if problem.place not in named]
        raise DefinitionError(tuple(problems)) from None
    except (TypeError, ValueError, RecursionError):
        raise DefinitionError((Problem((), "holds a value that JSON has no form for"),)) from None
    problems += _contradictions(rule)
    if problems:
        raise DefinitionError(tuple(problems))
    return rule


def rule_json(rule: QualificationRule) -> str:
    """The canonical text of a rule: keys sorted, defaults left out."""
    return json.dumps(
        rule.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def _not_yet(content: object) -> list[Problem]:
    if not isinstance(content, dict):
        return []
    problems = []
    for place, message in _NOT_YET.items():
        inner: Any = content
        for key in place:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if inner is not None:
            problems.append(Problem(place, message))
    if content.get("existing_leads") == "exclude":
        problems.append(Problem(("existing_leads",), "exclude is not supported yet: choose include, or ask"))
    criteria = content.get("criteria")
    for index, criterion in enumerate(criteria if isinstance(criteria, list) else []):
        if isinstance(criterion, dict) and "customer_insights" in criterion:
            where = ("criteria", index, "customer_insights")
            problems.append(Problem(where, "criteria over Customer Insights scores are not supported yet"))
    return problems


def _contradictions(rule: QualificationRule) -> list[Problem]:
    problems = []
    if rule.reconsider:
        problems.append(Problem(("reconsider",), "reconsider: true is not supported yet"))
    if rule.actions.status_reason is None and rule.actions.sales_ready is None:
        problems.append(Problem(("actions",), "names no action: give status_reason, sales_ready or both"))
    names = [criterion.model for criterion in rule.criteria]
    for index, name in enumerate(names):
        if name in names[:index]:
            problems.append(Problem(("criteria", index, "model"), f"model {name!r} has a criterion already"))
    return problems


def _in_document(place: Place) -> Place:
    """The place without the members of unions, which pydantic counts as steps."""
    return tuple(step for step in place if step not in {"str", "int"})
