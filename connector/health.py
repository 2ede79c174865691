"""Whether the app can do its work: its queue answers, and it can read a lead. Nothing is said but yes or no.

While the breaker is open the answer is no, and Dataverse is not asked but when a probe is due.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from connector.breaker import Breaker
from connector.errors import LeadgateError
from connector.messages import LEAD_CHANGES
from connector.ports import Clock, Queue
from connector.tables import Lead
from connector.telemetry import Event, log_event
from dataverse import DataverseClient, DataverseError, query

KEPT_S = 30
ONE_LEAD = query(Lead.SET, select=[Lead.ID], top=1)
"""Not WhoAmI: that one succeeds for a user without any role."""


@dataclass(slots=True)
class Health:
    """Looks at most every 30 seconds, however often it is asked: the question is open to anybody."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    breaker: Breaker
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
        except LeadgateError as error:
            return _unhealthy(error)
        if not self.breaker.admits():
            log_event(Event.UNHEALTHY, logging.ERROR, reason="breaker-open")
            return False
        try:
            self.client.send(ONE_LEAD)
        except DataverseError as error:
            self.breaker.failed(error, of_leads=False)
            return _unhealthy(error)
        self.breaker.succeeded(of_leads=False)
        return True


def _unhealthy(error: Exception) -> bool:
    log_event(Event.UNHEALTHY, logging.ERROR, reason=type(error).__name__, error=str(error))
    return False
