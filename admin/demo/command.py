"""The demo itself: start everything, put leads in, change some, wait, and say who qualified and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions, read_definitions
from admin.demo.delays import Delays, listening
from admin.demo.leads_csv import column_definition
from admin.demo.outcome import differences, read_outcomes
from admin.demo.plans import Plan, csv_plan, sample_plan
from admin.demo.report import leads_table, sent_text
from admin.lead_views import decision_rows, decisions_table, score_table
from admin.playground import ROOT, Playground, playground
from admin.problems import problems_on_stderr
from connector.decide_scores import scores_now
from connector.errors import LeadgateError
from connector.live_versions import read_lead_table
from connector.tables import Lead
from dataverse.definitions import add_column
from dataverse.metadata import status_options

SAMPLE = ROOT / "emulator" / "sample"
ENGLISH = 1033
DIFFERENCES_MAX = 10

LeadsFile = Annotated[Path | None, typer.Option("--leads", metavar="FILE.csv", help="Leads instead of the sample.")]
ModelsFile = Annotated[Path | None, typer.Option("--models", metavar="FILE", help="Models and rules for them.")]


class OutcomeError(LeadgateError):
    """What Dataverse says is not what the files say; names the first differences."""

    def __init__(self, found: Sequence[str]) -> None:
        more = f"\n... and {len(found) - DIFFERENCES_MAX} more" if len(found) > DIFFERENCES_MAX else ""
        super().__init__("the outcome is not what the models say:\n" + "\n".join(found[:DIFFERENCES_MAX]) + more)


@problems_on_stderr
def demo(leads: LeadsFile = None, models: ModelsFile = None) -> None:
    """The whole product in one process, on the emulator, over a sample of leads: who qualified, and why."""
    if leads is not None and models is None:
        message = "leads of your own need models of your own: give --models too"
        raise typer.BadParameter(message)
    definitions = read_definitions([models or SAMPLE / "models.yaml"])
    console = Console()
    with playground() as play:
        console.print(f"Dataverse (emulated) at {play.settings['DATAVERSE_URL']}, functions at {play.host.url}")
        console.print(f"provisioned in {play.provision()} steps")
        now = datetime.now(UTC).replace(microsecond=0)
        if leads is None:
            plan = sample_plan(SAMPLE / "leads.json", definitions, now)
        else:
            plan = csv_plan(leads, definitions, read_lead_table(play.app.client).metadata, now)
        with listening(play.emulated.emulator) as delays:
            _perform(play, plan, definitions, console)
        check(play, plan)
        _report(play, plan, definitions, delays, console)


def check(play: Playground, plan: Plan) -> None:
    """Hold what is stored against what the files say; OutcomeError when it is not the same."""
    found = list(differences(plan.wanted, read_outcomes(play.app.client, ())))
    if poison := play.poison_count():
        found.append(f"{poison} messages are in poison")
    if found:
        raise OutcomeError(found)


def _perform(play: Playground, plan: Plan, definitions: Definitions, console: Console) -> None:
    """Put models in force, then let users act, and wait after each act."""
    for name, kind in plan.new_columns.items():
        definition = column_definition(name, kind, lambda english, _french: {ENGLISH: english})
        play.app.client.send(add_column(Lead.TABLE, definition))
    if plan.left_out:
        console.print(f"left out, neither columns of lead nor new_*: {', '.join(plan.left_out)}")
    publish(play, definitions)
    names = [model.name for model in definitions.models] + [rule.rule for rule in definitions.rules]
    console.print(f"published: {', '.join(names)}")
    for act in plan.acts:
        console.print(act.what)
        act.do(play.app.client)
        play.settle()


def publish(play: Playground, definitions: Definitions) -> None:
    """Apply definitions and put them in force."""
    apply_definitions(play.app.client, definitions)
    publishing = publisher(play.app)
    for model in definitions.models:
        publishing.publish_model(model.name)
    for rule in definitions.rules:
        publishing.publish_rule(rule.rule)


def _report(play: Playground, plan: Plan, definitions: Definitions, delays: Delays, console: Console) -> None:
    client = play.app.client
    statuses = {option.value: option.labels.get(ENGLISH, "?") for option in status_options(client, Lead.TABLE)}
    outcomes = read_outcomes(client, ("fullname",))
    names = [model.name for model in definitions.models]
    console.print(leads_table(outcomes, plan, names, statuses))
    if plan.detail is not None:
        console.print(f"\nWhy {outcomes[plan.detail].lead['fullname']}?")
        _print_lead(play, UUID(plan.detail), names, console)
    qualified = sum(bool(outcome.rules) for outcome in outcomes.values())
    console.print(f"\n{qualified} of {len(outcomes):,} leads qualified; each score is what the files say.")
    console.print(sent_text(play.emulated, delays))


def _print_lead(play: Playground, lead: UUID, names: Sequence[str], console: Console) -> None:
    in_force = play.app.versions.fresh()
    look = in_force.reader.read([lead])[lead]
    scores = scores_now(look, in_force.live, play.app.clock())
    for model in sorted(in_force.live.models, key=lambda model: names.index(model.name)):
        console.print(score_table(look, model, scores.get(model.model_id)))
    console.print(decisions_table(decision_rows(play.app.client, lead)))
