"""Which rows move the score of which leads: the tables that live models reach, and the lookups on the way. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.queries import InteractionQuery
from connector.tables import Contact, Lead
from dataverse.metadata import TableMetadata
from scoring import Needs


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """A table whose columns some live model reads through `lookups` of the lead."""

    table: str
    entity_set: str
    row_id: str
    lookups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """The tables that are followed for live models, by name; one may be of both kinds."""

    related: Mapping[str, RelatedTable]
    interactions: Mapping[str, InteractionQuery]

    def covers(self, table: str) -> bool:
        """Whether a change of this table can move a score."""
        return table in self.related or table in self.interactions

    def lookups_to(self, table: str) -> tuple[str, ...]:
        """The lookups by which a changed row of the table is on a lead; interactions need those to contact as well."""
        lookups = {Lead.CONTACT} if table == Contact.TABLE else set()
        if table in self.related:
            lookups |= set(self.related[table].lookups)
        return tuple(sorted(lookups))


NOTHING_REACHED = Reach({}, {})


def related_lookups(needs: Sequence[Needs], lead: TableMetadata) -> Mapping[str, tuple[str, ...]]:
    """By table, the lookups of the lead through which live models read its columns.

    Not `lead` itself: the lead that another one points at is its master, and a merged lead is in no audience.
    """
    found: dict[str, set[str]] = {}
    for lookup in {lookup for need in needs for lookup in need.expands}:
        for table in lead.lookups.get(lookup, ()):
            if table != Lead.TABLE:
                found.setdefault(table, set()).add(lookup)
    return {table: tuple(sorted(lookups)) for table, lookups in sorted(found.items())}


def reach_of(
    lookups: Mapping[str, tuple[str, ...]],
    tables: Mapping[str, TableMetadata],
    interactions: Sequence[InteractionQuery],
) -> Reach:
    """The tables behind `lookups`, as their metadata spells them, and those of interactions."""
    related = {
        name: RelatedTable(name, tables[name].entity_set_name, tables[name].primary_id, found)
        for name, found in lookups.items()
    }
    return Reach(related, {query.table: query for query in interactions})
