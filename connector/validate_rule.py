"""A rule held against what is live and against the environment: everything that it names is there."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from connector.customer_insights import lacking_columns
from connector.drafts import Draft
from connector.errors import PublicationError
from connector.lead_table import LeadTable
from connector.live import Live
from connector.rules import Criterion, QualificationRule, parse_rule
from connector.tables import Contact
from connector.tables import CustomerInsightsScore as Given
from dataverse import DataverseClient, query
from dataverse.metadata import table
from dataverse.odata import eq
from scoring import DefinitionError


def check_rule(client: DataverseClient, draft: Draft, live: Live, lead: LeadTable) -> QualificationRule:
    """The rule that a draft is; PublicationError names everything that speaks against it, each with its place."""
    problems = [str(problem) for problem in draft.unreadable]
    try:
        rule = parse_rule(draft.content)
    except DefinitionError as error:
        said = {("actions",)} if draft.unreadable else set()
        problems += [str(problem) for problem in error.problems if problem.place not in said]
        raise PublicationError(
            draft.name, [*problems, *_criteria_problems(client, _readable(draft.content["criteria"]), live)]
        ) from error
    problems += rule_problems(client, rule, live, lead)
    if problems:
        raise PublicationError(draft.name, problems)
    return rule


def rule_problems(client: DataverseClient, rule: QualificationRule, live: Live, lead: LeadTable) -> list[str]:
    """Everything that the environment has against a rule; empty when there is nothing."""
    problems = []
    try:
        lead.resolve(rule)
    except DefinitionError as error:
        problems += [str(problem) for problem in error.problems]
    criteria = enumerate(rule.criteria)
    return [*problems, *_criteria_problems(client, criteria, live), *_contact_problems(client, rule)]


def _criteria_problems(client: DataverseClient, criteria: Iterable[tuple[int, Criterion]], live: Live) -> Iterator[str]:
    names = {model.name for model in live.models}
    for index, criterion in criteria:
        if criterion.model is not None and criterion.model not in names:
            yield f"criteria[{index}].model: {criterion.model!r} is not live: publish it first"
        if criterion.customer_insights is not None:
            reasons = _customer_insights_problems(client, criterion.customer_insights)
            yield from (f"criteria[{index}].customer_insights: {reason}" for reason in reasons)


def _readable(criteria: Sequence[object]) -> Iterator[tuple[int, Criterion]]:
    """Those of the criteria that are valid by themselves."""
    for index, criterion in enumerate(criteria):
        try:
            yield index, Criterion.model_validate(criterion)
        except ValidationError:
            continue


def _customer_insights_problems(client: DataverseClient, name: str) -> Iterator[str]:
    scores = table(client, Given.TABLE)
    if scores is None:
        yield f"there is no table {Given.TABLE} that the app may see: is Customer Insights - Journeys installed?"
        return
    if lacking := lacking_columns(scores):
        yield f"table {Given.TABLE} has no {', '.join(lacking)}"
        return
    (target,) = scores.lookups[Given.MODEL]
    models = table(client, target)
    if models is None:
        yield f"the app may not see table {target}"
        return
    named = query(models.entity_set_name, select=[models.primary_id], filter=eq(Given.MODEL_NAME, name), top=1)
    if not list(client.rows(named)):
        yield f"Customer Insights has no scoring model {name!r}"


def _contact_problems(client: DataverseClient, rule: QualificationRule) -> Iterator[str]:
    column = rule.actions.qualify_lead and rule.actions.qualify_lead.match_contact
    if not column:
        return
    contact = table(client, Contact.TABLE)
    found = contact.columns.get(column) if contact is not None else None
    if found is None or found.type != "String" or found.is_secured:
        yield f"actions.qualify_lead.match_contact: contact has no readable text column {column}"
