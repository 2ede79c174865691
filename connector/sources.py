"""The tables that are followed: what is read of each, and which of its columns lead to leads. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.reach import Reach
from connector.tables import Contact, Lead


@dataclass(frozen=True, slots=True)
class Source:
    """A table that is followed: what is read of it, and the columns that name rows to look at, by those rows' table."""

    stream: str
    table: str
    entity_set: str
    row_id: str
    columns: tuple[str, ...]
    ways: Mapping[str, tuple[str, ...]]

    @property
    def is_leads(self) -> bool:
        """Leads are followed by change tracking however many they are, and their first reading counts."""
        return self.table == Lead.TABLE

    @property
    def columns_hash(self) -> str:
        """Tells one set of columns from another."""
        return hashlib.sha256(",".join(self.columns).encode()).hexdigest()


_MASTER = f"_{Lead.MASTER}_value"
LEADS = Source(
    stream="changes-lead",
    table=Lead.TABLE,
    entity_set=Lead.SET,
    row_id=Lead.ID,
    columns=(Lead.ID, Lead.STATE, _MASTER),
    # A merge may change nothing of the lead that stays: the one that goes names it.
    ways={Lead.TABLE: (Lead.ID, _MASTER)},
)


def other_sources(reach: Reach) -> Iterator[Source]:
    """The tables besides lead that live models reach, in order of their names."""
    for table in sorted({*reach.related, *reach.interactions} - {Lead.TABLE}):
        yield _source(table, reach)


def _source(table: str, reach: Reach) -> Source:
    related, interactions = reach.related.get(table), reach.interactions.get(table)
    ways: dict[str, tuple[str, ...]] = {}
    entity_set = row_id = ""
    if interactions is not None:
        entity_set, row_id = interactions.entity_set, interactions.row_id
        ways = {Lead.TABLE: _values(interactions.leads), Contact.TABLE: _values(interactions.contacts)}
    if related is not None:
        entity_set, row_id = related.entity_set, related.row_id
        ways[table] = (*ways.get(table, ()), row_id)
    columns = tuple(dict.fromkeys((row_id, *(column for found in ways.values() for column in found))))
    used = {name: found for name, found in ways.items() if found}
    return Source(f"changes-{table.replace('_', '-')}", table, entity_set, row_id, columns, used)


def _values(lookups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"_{lookup}_value" for lookup in lookups)
