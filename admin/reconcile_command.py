"""`leadgate reconcile`: what is stored of all leads against what is computed of them, now."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table
from rich.text import Text

from admin.connection import connect
from admin.problems import problems_on_stderr
from connector.bootstrap import App
from connector.compare_leads import SWEEPS, Compared, compare, lead_pages
from connector.drift import Difference
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.reconcile import CAUSE, IN_FLIGHT
from connector.tables import Lead
from connector.worker import send_leads
from dataverse.counts import count
from dataverse.errors import TooManyRowsError
from dataverse.odata import eq

EXAMPLES_MAX = 3

Repair = Annotated[bool, typer.Option("--repair", help="Queue the leads that differ, for the worker to repair.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


@dataclass(slots=True)
class Report:
    """What a comparison found, in counts and a few ids: as much memory for a million leads as for ten.

    `waiting` are the messages in the queues when it began: what differs may be on its way.
    """

    waiting: int
    leads: int = 0
    drifted: int = 0
    enqueued: int = 0
    unscorable: int = 0
    drift: dict[Difference, int] = field(default_factory=dict)
    examples: dict[Difference, list[str]] = field(default_factory=dict)

    def add(self, first: Compared, confirmed: Compared) -> None:
        """Count one page: the leads of its first look, and what differed in the second one too."""
        self.leads += first.leads
        self.drifted += len(confirmed.differing)
        self.unscorable += len(first.unscorable)
        for lead, found in confirmed.differing.items():
            for difference in found:
                self.drift[difference] = self.drift.get(difference, 0) + 1
                examples = self.examples.setdefault(difference, [])
                if len(examples) < EXAMPLES_MAX:
                    examples.append(str(lead))

    @property
    def needs_attention(self) -> bool:
        """Whether something differs that was not queued, or cannot be scored at all."""
        return self.drifted > self.enqueued or self.unscorable > 0


@problems_on_stderr
def reconcile(repair: Repair = False, as_json: AsJson = False) -> None:  # noqa: FBT002  flags
    """Compare every lead with what is stored of it; exit 1 when something differs that was not queued."""
    app = connect()
    report = Report(waiting=sum(map(app.queue.waiting, (LEAD_CHANGES, LEAD_CHANGES_BULK))))
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("comparing", total=_open_leads(app))
        for first, confirmed in _compared(app):
            report.add(first, confirmed)
            if repair:
                report.enqueued += send_leads(app.queue, LEAD_CHANGES_BULK, confirmed.differing, cause=CAUSE)
            progress.advance(task, first.leads)
    _show(report, as_json=as_json)
    if report.needs_attention:
        raise typer.Exit(1)


def _compared(app: App) -> Iterator[tuple[Compared, Compared]]:
    """Each page, and what of it still differs when it is read once more: what changed in between is not drift."""
    for sweep in SWEEPS:
        for page in lead_pages(app.client, sweep):
            first = compare(app.versions.now(), page.ids, app.clock(), IN_FLIGHT)
            yield first, compare(app.versions.now(), tuple(first.differing), app.clock(), IN_FLIGHT)


def _open_leads(app: App) -> int | None:
    """How many there are to compare; None when that are more than Dataverse counts at once."""
    try:
        return count(app.client, Lead.SET, eq(Lead.STATE, Lead.OPEN))
    except TooManyRowsError:
        return None


def _show(report: Report, *, as_json: bool) -> None:
    found = sorted(report.drift.items(), key=lambda each: (-each[1], each[0].kind, each[0].of))
    if as_json:
        typer.echo(json.dumps(_members(report, found), indent=2))
        return
    if found:
        Console().print(_table(report.examples, found))
    typer.echo(f"{report.leads} leads compared, {report.drifted} differ, {report.enqueued} queued")
    if report.waiting and report.drifted:
        typer.echo(f"{report.waiting} messages were waiting: some of it may have been on its way")
    if report.unscorable:
        typer.echo(f"{report.unscorable} cannot be scored: the worker sets them aside (leadgate poison list)")


def _members(report: Report, found: Sequence[tuple[Difference, int]]) -> dict[str, Any]:
    drift = [
        {"kind": each.kind, "of": each.of, "leads": number, "examples": report.examples[each]} for each, number in found
    ]
    totals = ("leads", "drifted", "enqueued", "unscorable", "waiting")
    return {name: getattr(report, name) for name in totals} | {"drift": drift}


def _table(examples: Mapping[Difference, Sequence[str]], found: Sequence[tuple[Difference, int]]) -> Table:
    table = Table(Column("leads", justify="right"), "what differs", "model or rule", "for example", box=SIMPLE_HEAD)
    for each, number in found:
        table.add_row(f"{number:,}", each.kind, Text(each.of), "\n".join(examples[each]))
    return table
