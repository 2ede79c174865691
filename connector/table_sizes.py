"""Which tables are followed by watermark: asked of the environment once a day and table, and kept by the process."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.ports import Clock
from dataverse import DataverseClient, table_size
from dataverse.metadata import change_tracking

ROWS_MAX = 1_000_000
"""A whole reading by change tracking is 200 pages then: too much to begin anew whenever a link expires."""

_AGE_MAX = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TableSizes:
    """What tables are too large for change tracking, or do not have it."""

    client: DataverseClient
    clock: Clock
    rows_max: int = ROWS_MAX
    _known: dict[str, tuple[datetime, bool]] = field(default_factory=dict, init=False)

    def by_watermark(self, table: str) -> bool:
        """Whether a table other than lead has more than `rows_max` rows, or no change tracking."""
        known = self._known.get(table)
        if known is None or self.clock() - known[0] >= _AGE_MAX:
            known = self._known[table] = (self.clock(), self._ask(table))
        return known[1]

    def _ask(self, table: str) -> bool:
        tracking = change_tracking(self.client, table)
        if tracking is None or not tracking.is_enabled:
            return True
        return table_size(self.client, table) > self.rows_max
