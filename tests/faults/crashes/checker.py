"""What must be stored of leads once all is quiet, by formulas that share nothing with the product."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from connector.bootstrap import App
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.tables import Lead, LeadInteraction, LeadScore, QualificationLog
from dataverse import query
from dataverse.odata import in_

MARKETING_QUALIFIED = 482100000
THRESHOLD = 110
WINDOW = timedelta(days=28)
PAGE = 50

_CONTACT = f"_{Lead.CONTACT}_value"
_SCORED = f"_{LeadScore.LEAD}_value"
_LOGGED = f"_{QualificationLog.LEAD}_value"

Row = Mapping[str, object]


@dataclass
class Verdict:
    """Leads whose scores or qualification are not right, leads qualified twice or for nothing, and leads come back."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        self.lost += other.lost
        self.doubled += other.doubled
        self.ghosts += other.ghosts


def judge(app: App, leads: Sequence[UUID], gone: Sequence[UUID] = ()) -> Verdict:
    """Hold what is stored of `leads` against the formulas, and look for what should not be there of `gone`."""
    verdict = Verdict()
    for start in range(0, len(leads), PAGE):
        verdict.add(_judge(app, leads[start : start + PAGE]))
    verdict.ghosts += [str(row[Lead.ID]) for row in _rows(app, Lead.SET, Lead.ID, gone, Lead.ID)]
    verdict.ghosts += [str(row[_SCORED]) for row in _rows(app, LeadScore.SET, LeadScore.LEAD, gone, _SCORED)]
    return verdict


def poisoned(app: App) -> int:
    """How many messages were set aside."""
    return sum(app.queue.waiting(queue + POISON) for queue in (LEAD_CHANGES, LEAD_CHANGES_BULK))


def _judge(app: App, leads: Sequence[UUID]) -> Verdict:
    rows = {
        UUID(str(row[Lead.ID])): row
        for row in _rows(app, Lead.SET, Lead.ID, leads, Lead.ID, "jobtitle", "telephone1", Lead.STATUS, _CONTACT)
    }
    scores = {
        (UUID(str(row[_SCORED])), row[LeadScore.NAME]): row[LeadScore.SCORE]
        for row in _rows(app, LeadScore.SET, LeadScore.LEAD, leads, _SCORED, LeadScore.NAME, LeadScore.SCORE)
    }
    log = _rows(app, QualificationLog.SET, QualificationLog.LEAD, leads, _LOGGED)
    entries = Counter(UUID(str(row[_LOGGED])) for row in log)
    visits = _visits(app, rows)
    verdict = Verdict()
    for lead in leads:
        row = rows.get(lead, {})
        fit = 100 * bool(row.get("jobtitle")) + 10 * bool(row.get("telephone1"))
        wanted = {"Fit": fit, "Visits": min(20, 5 * visits[lead])}
        stored = {name: scores.get((lead, name)) for name in wanted}
        is_due = fit >= THRESHOLD
        is_set = row.get(Lead.STATUS) == MARKETING_QUALIFIED
        if stored != wanted or is_set != is_due or entries[lead] < is_due:
            verdict.lost.append(
                f"{lead}: {stored} is stored, {wanted} is right; qualified {is_set}, {entries[lead]} entries"
            )
        if entries[lead] > is_due:
            verdict.doubled.append(f"{lead}: {entries[lead]} entries at {fit} points")
    return verdict


def _visits(app: App, leads: Mapping[UUID, Row]) -> Counter[UUID]:
    """How many visits of the window reach each lead, by itself or by its contact."""
    by_contact = {UUID(str(row[_CONTACT])): lead for lead, row in leads.items() if row[_CONTACT]}
    counted: Counter[UUID] = Counter()
    ways = ((LeadInteraction.LEAD, {lead: lead for lead in leads}), (LeadInteraction.CONTACT, by_contact))
    for lookup, reached in ways:
        column = f"_{lookup}_value"
        for row in _rows(app, LeadInteraction.SET, lookup, list(reached), column, LeadInteraction.OCCURRED_ON):
            occurred_on = datetime.fromisoformat(str(row[LeadInteraction.OCCURRED_ON]))
            if app.clock() - WINDOW < occurred_on <= app.clock():
                counted[reached[UUID(str(row[column]))]] += 1
    return counted


def _rows(app: App, entity_set: str, named_by: str, ids: Sequence[UUID], *columns: str) -> Iterator[Row]:
    if ids:
        yield from app.client.rows(query(entity_set, select=columns, filter=in_(named_by, ids)))
