"""The two kinds of demo, as data: what is done in which order, and what must come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from admin.definitions import Definitions
from admin.demo.expected import Expected, closes, expected, sample_facts
from admin.demo.leads_csv import read_leads_csv
from admin.demo.sample import make_changes, put_in, read_sample, send_all
from connector.tables import Lead, LeadInteraction
from dataverse import DataverseClient, create
from dataverse.metadata import TableMetadata


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that users do, and how they do it."""

    what: str
    do: Callable[[DataverseClient], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A demo: custom columns to be made first (name and kind), acts, what must come of them, and a lead shown whole.

    `rows` are the leads as they are created.
    """

    acts: tuple[Act, ...]
    rows: tuple[Mapping[str, Any], ...]
    wanted: Mapping[str, Expected]
    new_columns: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    detail: str | None = None


def sample_plan(path: Path, definitions: Definitions, now: datetime) -> Plan:
    """The sample that comes with Leadgate: created, then edited as sales people would."""
    sample = read_sample(path)
    first = expected(definitions, *sample_facts(sample, now, changed=False), now)
    last = expected(definitions, *sample_facts(sample, now, changed=True), now)
    acted = {lead: first[lead].rules | last[lead].rules for lead in last}
    creating = f"creating {len(sample['leads'])} leads and {len(sample['interactions'])} interactions"
    changing = f"making {len(sample['changes'])} changes, as users would"
    return Plan(
        rows=tuple(sample["leads"]),
        acts=(
            Act(creating, lambda client: put_in(client, sample, now)),
            Act(changing, lambda client: make_changes(client, sample, now)),
        ),
        wanted={lead: Expected(last[lead].scores, rules, closes(definitions, rules)) for lead, rules in acted.items()},
        detail=str(sample["leads"][0][Lead.ID]),
    )


def csv_plan(path: Path, definitions: Definitions, lead: TableMetadata, now: datetime) -> Plan:
    """Leads of a CSV; columns that the lead table lacks are made when they are custom (new_*), else left out."""
    found = read_leads_csv(path, lead)
    requests = [create(Lead.SET, row, id_column=Lead.ID) for row in found.rows]
    return Plan(
        rows=found.rows,
        acts=(Act(f"creating {len(requests):,} leads", lambda client: send_all(client, requests)),),
        wanted=expected(definitions, found.rows, {LeadInteraction.TABLE: []}, now),
        new_columns=found.new_columns,
        left_out=found.left_out,
    )
