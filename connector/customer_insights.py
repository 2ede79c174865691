"""Scores that Customer Insights - Journeys computed itself: read where a rule asks for them, never written.

Source: dataverse.md 1.3, the table msdyncrm_leadscore_v2; its columns are undocumented, so their presence is checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.errors import VersionError
from connector.look import Row
from connector.queries import InteractionQuery
from connector.tables import ACTIVE
from connector.tables import CustomerInsightsScore as Given
from dataverse import Request, query
from dataverse.metadata import TableMetadata
from dataverse.odata import all_of, eq, in_

_LEAD = f"_{Given.LEAD}_value"
_CHANGED_ON = "modifiedon"
_NOT_USABLE = (Given.OBSOLETE, Given.ERROR)
_COLUMNS = (Given.LEAD, Given.MODEL, Given.SCORE, Given.STATUS)


@dataclass(frozen=True, slots=True)
class CustomerInsights:
    """The scores of the models that live rules name."""

    table: TableMetadata
    navigation: str
    models: frozenset[str]

    @property
    def changes(self) -> InteractionQuery:
        """The table as one whose changes concern the leads that its rows point at."""
        table = self.table
        return InteractionQuery(
            table.logical_name, table.entity_set_name, table.primary_id, (_LEAD,), leads=(Given.LEAD,), contacts=()
        )

    def scores(self, ids: Sequence[UUID]) -> Request:
        """All active score rows of the leads, over all models and versions."""
        of_leads = all_of(in_(Given.LEAD, ids), eq("statecode", ACTIVE))
        columns = (_LEAD, Given.SCORE, Given.STATUS, _CHANGED_ON)
        return query(
            self.table.entity_set_name, select=columns, filter=of_leads, expand={self.navigation: (Given.MODEL_NAME,)}
        )

    def newest(self, rows: Iterable[Row]) -> dict[UUID, dict[str, int]]:
        """By lead and by the model's name as rules spell it, the score that was computed last, of those usable."""
        named: dict[str, list[str]] = {}
        for spelled in self.models:
            named.setdefault(_folded(spelled), []).append(spelled)
        found: dict[UUID, dict[str, int]] = {}
        for row in sorted(rows, key=lambda row: datetime.fromisoformat(str(row[_CHANGED_ON]))):
            model, score = row[self.navigation], row[Given.SCORE]
            name = str(model[Given.MODEL_NAME]) if isinstance(model, Mapping) else ""
            if isinstance(score, int) and row[Given.STATUS] not in _NOT_USABLE:
                for spelled in named.get(_folded(name), ()):
                    found.setdefault(UUID(str(row[_LEAD])), {})[spelled] = score
        return found


def _folded(name: str) -> str:
    """A name as Dataverse compares it, which found the model when the rule was published."""
    return name.rstrip().casefold()


def customer_insights(table: TableMetadata, models: frozenset[str]) -> CustomerInsights:
    """How the scores are read here; VersionError when the table is not the one that is known."""
    if lacking := lacking_columns(table):
        raise VersionError(Given.TABLE, f"has no {', '.join(lacking)}")
    (target,) = table.lookups[Given.MODEL]
    return CustomerInsights(table, table.navigations[Given.MODEL, target], models)


def lacking_columns(table: TableMetadata) -> list[str]:
    """The columns that the scores must have and this table has not."""
    return [name for name in _COLUMNS if name not in table.columns]
