"""The queries of a version, run once as the service before it is in force: what it may not read, it says then."""

from collections.abc import Sequence
from uuid import UUID

from connector.live_versions import InForce
from connector.tables import Contact, CustomerInsightsScore, Lead, LeadScore, QualificationLog
from dataverse import DataverseClient, PermanentError, PrivilegeError, Request, query
from dataverse.metadata import TableMetadata, table

_NOBODY = UUID(int=1)
"""Stands in for a lead where there is none: privileges are asked for all the same."""


def rehearsal_problems(client: DataverseClient, version: InForce, lead: TableMetadata) -> list[str]:
    """Why the queries of `version` cannot be run, each with the table and the privilege that is missing."""
    refusal = _refusal(client, version)
    if refusal is None:
        return []
    if isinstance(refusal, PrivilegeError):
        lacking = [name for name in _tables(version, lead) if _may_not_read(client, name)]
        if lacking:
            return [f"the app may not read {name}: its security role lacks prvRead{name}" for name in lacking]
    return [f"the environment refuses the queries of this version: {refusal}"]


def _refusal(client: DataverseClient, version: InForce) -> PermanentError | None:
    try:
        leads = list(client.rows(query(Lead.SET, select=[Lead.ID], top=1)))
        lead_id = UUID(str(leads[0][Lead.ID])) if leads else _NOBODY
        version.reader.read([lead_id])
        _send_all(client, [r for each in version.reader.interactions if (r := each.of_contacts([_NOBODY])) is not None])
        if version.live.match_columns:
            version.reader.contacts({lead_id: dict.fromkeys(version.live.match_columns, "x")})
    except PermanentError as error:
        return error
    return None


def _send_all(client: DataverseClient, requests: Sequence[Request]) -> None:
    for result in client.batch(requests):
        if result.error is not None:
            raise result.error


def _tables(version: InForce, lead: TableMetadata) -> list[str]:
    """The tables that the queries read: those of leads and of what hangs on them, and ours."""
    needs = [model.scorer.needs for model in version.live.models]
    related = {target for need in needs for lookup in need.expands for target in lead.lookups.get(lookup, ())}
    counted = {each.table for each in version.reader.interactions}
    matched = {Contact.TABLE} if version.live.match_columns else set()
    given = {CustomerInsightsScore.TABLE} if version.live.customer_insights_models else set()
    return [Lead.TABLE, *sorted(related | counted | matched | given), LeadScore.TABLE, QualificationLog.TABLE]


def _may_not_read(client: DataverseClient, name: str) -> bool:
    found = table(client, name)
    if found is None:
        return True
    try:
        list(client.rows(query(found.entity_set_name, select=[found.primary_id], top=1)))
    except PrivilegeError:
        return True
    return False
