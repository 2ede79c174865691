"""Scores that Customer Insights - Journeys computed itself: read where a rule asks for them, never written.

Source: dataverse.md 1.3, the table msdyncrm_leadscore_v2; its columns are undocumented, so their presence is checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.errors import VersionError
from connector.look import Row
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

    entity_set: str
    navigation: str
    models: frozenset[str]

    def scores(self, ids: Sequence[UUID]) -> Request:
        """All active score rows of the leads, over all models and versions."""
        of_leads = all_of(in_(Given.LEAD, ids), eq("statecode", ACTIVE))
        columns = (_LEAD, Given.SCORE, Given.STATUS, _CHANGED_ON)
        return query(self.entity_set, select=columns, filter=of_leads, expand={self.navigation: (Given.MODEL_NAME,)})

    def newest(self, rows: Iterable[Row]) -> dict[UUID, dict[str, int]]:
        """By lead and by the model's name, the score that was computed last, of those that may be used."""
        found: dict[UUID, dict[str, int]] = {}
        for row in sorted(rows, key=lambda row: datetime.fromisoformat(str(row[_CHANGED_ON]))):
            model, score = row[self.navigation], row[Given.SCORE]
            name = str(model[Given.MODEL_NAME]) if isinstance(model, Mapping) else None
            if name in self.models and isinstance(score, int) and row[Given.STATUS] not in _NOT_USABLE:
                found.setdefault(UUID(str(row[_LEAD])), {})[name] = score
        return found


def customer_insights(table: TableMetadata, models: frozenset[str]) -> CustomerInsights:
    """How the scores are read here; VersionError when the table is not the one that is known."""
    if lacking := lacking_columns(table):
        raise VersionError(Given.TABLE, f"has no {', '.join(lacking)}")
    (target,) = table.lookups[Given.MODEL]
    return CustomerInsights(table.entity_set_name, table.navigations[Given.MODEL, target], models)


def lacking_columns(table: TableMetadata) -> list[str]:
    """The columns that the scores must have and this table has not."""
    return [name for name in _COLUMNS if name not in table.columns]
