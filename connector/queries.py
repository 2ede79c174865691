"""The queries that read leads and all that is known of them: built once for what is live, by ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.lead_table import LeadTable
from connector.live import LiveRule
from connector.look import Row
from connector.tables import Lead, LeadScore, QualificationLog
from dataverse import Request, query
from dataverse.metadata import TableMetadata
from dataverse.odata import any_of, in_
from scoring import InteractionNeed, Needs

_SCORE_COLUMNS = (
    LeadScore.ID,
    f"_{LeadScore.LEAD}_value",
    f"_{LeadScore.MODEL}_value",
    LeadScore.SCORE,
    LeadScore.GRADE,
    LeadScore.EXPLANATION,
    LeadScore.RESCORE_ON,
    "statecode",
    "statuscode",
)
_LOG_COLUMNS = (
    QualificationLog.ID,
    f"_{QualificationLog.LEAD}_value",
    f"_{QualificationLog.RULE}_value",
    f"_{QualificationLog.VERSION}_value",
    QualificationLog.OCCURRENCE,
    QualificationLog.OUTCOME,
    QualificationLog.REASON,
    QualificationLog.ACTIONS,
    QualificationLog.DECIDED_ON,
)


@dataclass(frozen=True, slots=True)
class LeadQueries:
    """What has to be read so that the live models can score; the fewest columns that do."""

    columns: tuple[str, ...]
    expand: Mapping[str, tuple[str, ...]]
    navigation: Mapping[str, str]
    interactions: tuple["InteractionQuery", ...]

    def leads(self, ids: Sequence[UUID]) -> Request:
        """The leads themselves, with the columns of related rows that models use."""
        return query(Lead.SET, select=self.columns, expand=self.expand, filter=in_(Lead.ID, ids))

    def scores(self, ids: Sequence[UUID]) -> Request:
        """All score rows of the leads, active or not."""
        return query(LeadScore.SET, select=_SCORE_COLUMNS, filter=in_(LeadScore.LEAD, ids))

    def log(self, ids: Sequence[UUID]) -> Request:
        """What rules did with the leads so far, and why they did not."""
        return query(QualificationLog.SET, select=_LOG_COLUMNS, filter=in_(QualificationLog.LEAD, ids))

    def renamed(self, row: Row) -> Row:
        """The lead with its related rows under the lookup's logical name, as models spell paths."""
        renames = {navigation: lookup for lookup, navigation in self.navigation.items() if navigation != lookup}
        return {renames.get(name, name): value for name, value in row.items()} if renames else row


@dataclass(frozen=True, slots=True)
class InteractionQuery:
    """One table of interactions, with every column that some live model asks of it."""

    table: str
    entity_set: str
    row_id: str
    columns: tuple[str, ...]
    leads: tuple[str, ...]
    contacts: tuple[str, ...]

    def of_leads(self, ids: Sequence[UUID]) -> Request | None:
        """The rows that point at the leads themselves."""
        return self._by(self.leads, ids)

    def of_contacts(self, ids: Sequence[UUID]) -> Request | None:
        """The rows that point at the leads' parent contacts."""
        return self._by(self.contacts, ids)

    def _by(self, lookups: tuple[str, ...], ids: Sequence[UUID]) -> Request | None:
        if not lookups or not ids:
            return None
        return query(self.entity_set, select=self.columns, filter=any_of(*(in_(lookup, ids) for lookup in lookups)))


def lead_queries(
    needs: Sequence[Needs],
    lead: LeadTable,
    interaction_tables: Mapping[str, TableMetadata],
    rules: Sequence[LiveRule] = (),
) -> LeadQueries:
    """The queries that serve all live models and rules at once."""
    own = {Lead.ID, Lead.STATE, Lead.STATUS, Lead.CONTACT, Lead.OWNING_USER, Lead.OWNING_TEAM, Lead.PRIMARY_SCORE}
    own |= {Lead.MERGED, Lead.GDPR_OPT_OUT} & lead.metadata.columns.keys()
    for qualify in (rule.qualify for rule in rules if rule.qualify is not None):
        own |= {Lead.ACCOUNT, *([Lead.CURRENCY] if qualify.opportunity else []), *filter(None, [qualify.match_contact])}
    related: dict[str, set[str]] = {}
    for need in needs:
        own |= need.columns
        for lookup, columns in need.expands.items():
            related.setdefault(lookup, set()).update(columns)
    navigation = {lookup: _navigation(lead.metadata, lookup) for lookup in related}
    return LeadQueries(
        columns=tuple(sorted(_selected(lead.metadata, column) for column in own)),
        expand={navigation[lookup]: tuple(sorted(columns)) for lookup, columns in sorted(related.items())},
        navigation=navigation,
        interactions=tuple(
            _interaction_query(
                interaction_tables[table], [n for need in needs for n in need.interactions if n.table == table]
            )
            for table in sorted({n.table for need in needs for n in need.interactions})
        ),
    )


def _interaction_query(table: TableMetadata, needs: Sequence[InteractionNeed]) -> InteractionQuery:
    leads = {need.lead for need in needs if need.lead}
    contacts = {need.contact for need in needs if need.contact}
    columns = {table.primary_id}.union(leads, contacts, *({need.at, *need.columns} for need in needs))
    return InteractionQuery(
        table=table.logical_name,
        entity_set=table.entity_set_name,
        row_id=table.primary_id,
        columns=tuple(sorted(_selected(table, column) for column in columns)),
        leads=tuple(sorted(leads)),
        contacts=tuple(sorted(contacts)),
    )


def _selected(table: TableMetadata, column: str) -> str:
    """The name by which `$select` wants a column: a lookup is read as `_name_value`."""
    return f"_{column}_value" if column in table.lookups else column


def _navigation(table: TableMetadata, lookup: str) -> str:
    """The name by which `$expand` wants a lookup; publishing refuses one that points at several tables."""
    (target,) = table.lookups[lookup]
    return table.navigations[lookup, target]
