"""A rule held against what is live and against the environment: everything that it names is there."""

from collections.abc import Iterator

from connector.customer_insights import lacking_columns
from connector.lead_table import LeadTable
from connector.live import Live
from connector.rules import QualificationRule
from connector.tables import Contact
from connector.tables import CustomerInsightsScore as Given
from dataverse import DataverseClient, query
from dataverse.metadata import table
from dataverse.odata import eq
from scoring import DefinitionError


def rule_problems(client: DataverseClient, rule: QualificationRule, live: Live, lead: LeadTable) -> list[str]:
    """Everything that speaks against the rule, each with its place; empty when there is nothing."""
    problems = []
    try:
        lead.resolve(rule)
    except DefinitionError as error:
        problems += [str(problem) for problem in error.problems]
    names = {model.name for model in live.models}
    for index, criterion in enumerate(rule.criteria):
        if criterion.model is not None and criterion.model not in names:
            problems.append(f"criteria[{index}].model: {criterion.model!r} is not live: publish it first")
        if criterion.customer_insights is not None:
            reasons = _customer_insights_problems(client, criterion.customer_insights)
            problems += [f"criteria[{index}].customer_insights: {reason}" for reason in reasons]
    return [*problems, *_contact_problems(client, rule)]


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
