"""What the lead table gains; where Customer Insights - Journeys is installed, its own columns and reason are used."""

from collections.abc import Iterable, Mapping

from admin.schema.forms import LEFT_BEHIND, Lookup, Say, StatusReason
from connector.tables import Lead, LeadScore
from dataverse.column_definitions import ColumnDefinition, boolean_column, datetime_column


def lead_columns(say: Say, existing: Iterable[str]) -> Mapping[str, ColumnDefinition]:
    """The columns that lead gets, by name; sales-ready only where Customer Insights brought none."""
    columns = {Lead.QUALIFIED_ON: datetime_column(Lead.QUALIFIED_ON, say("Qualified on", "Qualifié le"))}
    if Lead.SALES_READY_OF_CUSTOMER_INSIGHTS not in set(existing):
        columns[Lead.SALES_READY] = boolean_column(
            Lead.SALES_READY, say("Sales ready", "Prêt pour la vente"), yes=say("Yes", "Oui"), no=say("No", "Non")
        )
    return columns


def lead_lookups(say: Say) -> tuple[Lookup, ...]:
    """The lookup through which views of leads show the score."""
    return (Lookup(Lead.PRIMARY_SCORE, LeadScore.TABLE, say("Primary score", "Score principal"), LEFT_BEHIND),)


def lead_status_reasons(say: Say, existing: Iterable[int]) -> tuple[StatusReason, ...]:
    """Marketing Qualified, an open reason; only where Customer Insights brought none."""
    if Lead.MARKETING_QUALIFIED_OF_CUSTOMER_INSIGHTS in set(existing):
        return ()
    return (StatusReason(Lead.OPEN, Lead.MARKETING_QUALIFIED, say("Marketing Qualified", "Qualifié par le marketing")),)
