"""Leads whose score time alone has changed: found by the instant that their score rows carry, and queued."""

from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from connector.messages import LEAD_CHANGES_BULK
from connector.ports import Clock, Queue
from connector.settings import Mode
from connector.tables import Lead, LeadScore
from connector.worker import send_leads
from dataverse import DataverseClient, query
from dataverse.odata import all_of, eq, le

LEADS_MAX = 20_000
WAITING_MAX = 5_000
PAGE_SIZE = 5_000

_LEAD = f"_{LeadScore.LEAD}_value"


@dataclass(frozen=True, slots=True)
class RescoreDue:
    """One tick looks for score rows that are due, oldest first, inactive ones too, and never of a closed lead."""

    client: DataverseClient
    queue: Queue
    clock: Clock
    mode: Mode

    def tick(self) -> int:
        """How many leads were queued; none while the backlog is long, and none when nothing would be written."""
        if self.mode != "live" or self.queue.waiting(LEAD_CHANGES_BULK) > WAITING_MAX:
            return 0
        due = all_of(le(LeadScore.RESCORE_ON, self.clock()), eq(f"{LeadScore.LEAD}/{Lead.STATE}", Lead.OPEN))
        rows = self.client.rows(
            query(LeadScore.SET, select=[_LEAD], filter=due, orderby=[LeadScore.RESCORE_ON], page_size=PAGE_SIZE)
        )
        leads = dict.fromkeys(UUID(str(row[_LEAD])) for row in islice(rows, LEADS_MAX))
        return send_leads(self.queue, LEAD_CHANGES_BULK, leads, cause="due")
