"""A draft of a model held against everything at once: what a model may say, and what the environment has."""

from collections.abc import Mapping, Sequence
from typing import Any

from connector.business_units import unit_and_children
from connector.drafts import Draft
from connector.errors import PublicationError
from connector.live import Live
from connector.readable_parts import readable_comparisons, readable_interactions
from connector.validation import held, validated
from dataverse import DataverseClient
from scoring import DefinitionError, Problem, ScoringModel, parse_model


def check_model(client: DataverseClient, draft: Draft, live: Live, organisation: Mapping[str, Any]) -> ScoringModel:
    """The model that a draft is, with what only the environment knows in it; `organisation` fills in what is left open.

    PublicationError names everything that speaks against it, each with its place.
    """
    problems = list(draft.unreadable)
    model: ScoringModel | None = None
    try:
        model = parse_model(draft.content)
    except DefinitionError as error:
        problems += _of_what_can_be_read(error.problems, draft.unreadable)
    unit = draft.content.get("business_unit")
    units: tuple[str, ...] = ()
    try:
        units = () if unit is None else unit_and_children(client, str(unit))
    except DefinitionError as error:
        problems += error.problems
    if model is not None:
        environment = validated(client, model)
    else:
        environment = held(client, readable_comparisons(draft.content), readable_interactions(draft.content))
    texts = [*map(str, problems), *environment.problems, *_shown_twice(draft, live), *_renamed(draft, live)]
    if texts or model is None:
        raise PublicationError(draft.name, texts)
    filled_in = {**organisation, "business_units": units, "columns": environment.columns}
    return model.model_copy(update={**filled_in, "time_zone": model.time_zone or filled_in["time_zone"]})


def rules_naming(live: Live, draft: Draft) -> list[tuple[str, str]]:
    """The name that a model has in force, with each live rule that goes by it."""
    return [
        (model.name, rule.name)
        for model in live.models
        if model.model_id == draft.row_id
        for rule in live.rules
        if any(criterion.model == model.name for criterion in rule.rule.criteria)
    ]


def _of_what_can_be_read(found: Sequence[Problem], unreadable: Sequence[Problem]) -> list[Problem]:
    """Without those that are said of a group whose condition is missing because it cannot be read."""
    said = {problem.place[:-1] for problem in unreadable if len(problem.place) > 1}
    return [problem for problem in found if problem.place not in said]


def _shown_twice(draft: Draft, live: Live) -> list[str]:
    shown = [other.name for other in live.models if other.show_on_lead and other.model_id != draft.row_id]
    if not draft.content.get("show_on_lead") or not shown:
        return []
    return [f"show_on_lead: {shown[0]!r} is live and shown on the lead already"]


def _renamed(draft: Draft, live: Live) -> list[str]:
    return [
        f"model: rule {rule!r} is live and names it {old!r}: stop the rule first"
        for old, rule in rules_naming(live, draft)
        if old != draft.content.get("model")
    ]
