"""Whether the app can do its work: its queue answers, and it can read a lead. Nothing is said but yes or no."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from connector.errors import LeadgateError
from connector.messages import LEAD_CHANGES
from connector.ports import Clock, Queue
from connector.tables import Lead
from dataverse import DataverseClient, DataverseError, query

KEPT_S = 30


@dataclass(slots=True)
class Health:
    """Looks at most every 30 seconds, however often it is asked: the question is open to anybody."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    _asked: tuple[datetime, bool] | None = None
    _lock: Lock = field(default_factory=Lock)

    def is_good(self) -> bool:
        """What the last look found."""
        with self._lock:
            now = self.clock()
            if self._asked is None or now - self._asked[0] >= timedelta(seconds=KEPT_S):
                self._asked = (now, self._look())
            return self._asked[1]

    def _look(self) -> bool:
        try:
            self.queue.waiting(LEAD_CHANGES)
            # Reading a lead, not WhoAmI: that one succeeds for a user without any role.
            list(self.client.rows(query(Lead.SET, select=[Lead.ID], top=1)))
        except (LeadgateError, DataverseError):
            return False
        return True
