"""`leadgate qualify --dry-run`: whom the rules would qualify now, and whom they would not and why. Writes nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from admin.connection import connect
from admin.problems import problems_on_stderr
from connector.bootstrap import App
from connector.deciding import Verdict
from connector.decision import Decision
from connector.drafts import read_rule
from connector.errors import PublicationError
from connector.live import Live, LiveRule
from connector.live_rows import live_rule_of
from connector.live_versions import InForce, read_lead_table
from connector.look import Look
from connector.preview import open_leads_decided
from connector.rule_standing import is_left_alone, standing
from connector.tables import Lead, QualificationLog
from connector.validate_rule import check_rule
from dataverse import DataverseClient, query
from dataverse.odata import in_

NOT_PUBLISHED = UUID(int=0)
ACT = "would act"

DryRun = Annotated[bool, typer.Option("--dry-run", help="Required: only the app itself qualifies.")]
Drafts = Annotated[list[str] | None, typer.Option("--rule", metavar="NAME", help="A draft, as if it were published.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


@dataclass(slots=True)
class Report:
    """Leads seen, and by rule and outcome how many, also by owner; a lead counts once for each rule that it meets."""

    leads: int = 0
    unscorable: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    owners: dict[tuple[str, str], Counter[UUID]] = field(default_factory=dict)

    def add(self, look: Look, verdict: Verdict, live: Live) -> None:
        """Count what would become of one lead."""
        self.leads += 1
        if not isinstance(verdict, Decision):
            self.unscorable += 1
            return
        for rule, outcome in _outcomes(look, verdict, live):
            self.outcomes[rule, outcome] += 1
            owner = look.lookup(Lead.OWNING_TEAM) or look.lookup(Lead.OWNING_USER)
            if owner is not None:
                self.owners.setdefault((rule, outcome), Counter())[owner] += 1


@problems_on_stderr
def qualify(
    dry_run: DryRun = False,  # noqa: FBT002  flags
    rule: Drafts = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Say of every open lead what the rules would do with it now: who would be acted on, who is held back and why."""
    if not dry_run:
        raise typer.BadParameter("qualifying is what the app does; to look at what it would do, say --dry-run")
    app = connect()
    in_force = _with_drafts(app, rule or ())
    report = Report()
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("deciding", total=None)
        for page in open_leads_decided(app.client, in_force, app.clock()):
            for look, verdict in page.leads:
                report.add(look, verdict, in_force.live)
            progress.update(task, advance=len(page.leads))
    names = _owner_names(app.client, {owner for owners in report.owners.values() for owner in owners})
    _show(report, names, as_json=as_json)


def _outcomes(look: Look, decision: Decision, live: Live) -> Iterable[tuple[str, str]]:
    """What each rule would do that the lead meets: act, or not, with the reason that the log would give or gave."""
    met = {each.rule_id for each in decision.met}
    acting = {entry.rule_id for entry in decision.qualifications}
    noted = {note.rule_id: note.reason for note in decision.notes if note.outcome != QualificationLog.REOPENED}
    for rule in (rule for rule in live.rules if rule.rule_id in met):
        if rule.rule_id in acting:
            yield rule.name, ACT
        elif rule.rule_id in noted:
            yield rule.name, noted[rule.rule_id]
        elif is_left_alone(look, rule):
            yield rule.name, "existing-lead"
        elif refused := standing(look, rule).last_refusal:
            yield rule.name, refused


def _with_drafts(app: App, names: Iterable[str]) -> InForce:
    """What is in force, with these drafts as if they were published too."""
    in_force = app.versions.fresh()
    drafts = [_draft(app, name, in_force.live) for name in names]
    if not drafts:
        return in_force
    replaced = {draft.rule_id for draft in drafts}
    rules = [*(rule for rule in in_force.live.rules if rule.rule_id not in replaced), *drafts]
    ordered = sorted(rules, key=lambda rule: (rule.rule.order, rule.name))
    return app.versions.in_force_of(Live(in_force.live.models, tuple(ordered)), app.clock())


def _draft(app: App, name: str, live: Live) -> LiveRule:
    draft = read_rule(app.client, name)
    if draft is None:
        raise PublicationError(name, ["there is none of this name"])
    lead = read_lead_table(app.client)
    rule = check_rule(app.client, draft, live, lead)
    return app.versions.with_currency(live_rule_of(draft.row_id, NOT_PUBLISHED, rule, lead))


def _owner_names(client: DataverseClient, owners: set[UUID]) -> Mapping[UUID, str]:
    """Users by full name, teams by name."""
    names: dict[UUID, str] = {}
    for entity_set, row_id, name in (("systemusers", "systemuserid", "fullname"), ("teams", "teamid", "name")):
        if wanted := sorted(owners - names.keys()):
            found = query(entity_set, select=[row_id, name], filter=in_(row_id, wanted))
            names |= {UUID(str(row[row_id])): str(row[name]) for row in client.rows(found)}
    return names


def _show(report: Report, names: Mapping[UUID, str], *, as_json: bool) -> None:
    rows = [_row(report, names, *key) for key in sorted(report.outcomes)]
    if as_json:
        typer.echo(json.dumps({"leads": report.leads, "unscorable": report.unscorable, "outcomes": rows}, indent=2))
        return
    console = Console()
    if rows:
        table = Table(title="What the rules would do now", title_justify="left", box=SIMPLE_HEAD)
        for column in ("rule", "outcome", "leads", "by owner"):
            table.add_column(column, overflow="fold", justify="right" if column == "leads" else "left")
        for row in rows:
            owners = ", ".join(f"{owner['name']} {owner['leads']:,}" for owner in row["owners"])
            table.add_row(Text(row["rule"]), row["outcome"], f"{row['leads']:,}", Text(owners))
        console.print(table)
    console.print(f"{report.leads:,} open leads" + ("" if rows else ": no rule would act on any of them"))
    if report.unscorable:
        console.print(f"{report.unscorable:,} of them cannot be scored")


def _row(report: Report, names: Mapping[UUID, str], rule: str, outcome: str) -> dict[str, Any]:
    owners = report.owners.get((rule, outcome), Counter()).most_common()
    by_owner = [{"owner": str(owner), "name": names.get(owner, str(owner)), "leads": leads} for owner, leads in owners]
    return {"rule": rule, "outcome": outcome, "leads": report.outcomes[rule, outcome], "owners": by_owner}
