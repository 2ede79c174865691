"""The demo itself: start everything, put leads in, change some, wait, and say who qualified and why."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from admin.definition_commands import apply_definitions, publisher
from admin.definitions import Definitions, read_definitions, resolved
from admin.demo.delays import listening
from admin.demo.leads_csv import column_definition
from admin.demo.outcome import differences, read_outcomes
from admin.demo.plans import Plan, csv_plan, sample_plan
from admin.demo.report import ENGLISH, report
from admin.playground import ROOT, Playground, playground
from admin.problems import problems_on_stderr
from connector.errors import LeadgateError
from connector.live_versions import read_lead_table
from connector.tables import Lead
from dataverse.definitions import add_column

SAMPLE = ROOT / "emulator" / "sample"
DIFFERENCES_MAX = 10
PICTURE_ROWS, PICTURE_WIDTH = 8, 120

LeadsFile = Annotated[Path | None, typer.Option("--leads", metavar="FILE.csv", help="Leads instead of the sample.")]
Picture = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Save what is printed as a picture.")]
ModelsFile = Annotated[Path | None, typer.Option("--models", metavar="FILE", help="Models and rules for them.")]


class OutcomeError(LeadgateError):
    """What Dataverse says is not what the files say; names the first differences."""

    def __init__(self, found: Sequence[str]) -> None:
        more = f"\n... and {len(found) - DIFFERENCES_MAX} more" if len(found) > DIFFERENCES_MAX else ""
        super().__init__("the outcome is not what the models say:\n" + "\n".join(found[:DIFFERENCES_MAX]) + more)


@problems_on_stderr
def demo(leads: LeadsFile = None, models: ModelsFile = None, svg: Picture = None) -> None:
    """The whole product in one process, on the emulator, over a sample of leads: who qualified, and why."""
    if leads is not None and models is None:
        message = "leads of your own need models of your own: give --models too"
        raise typer.BadParameter(message)
    definitions = read_definitions([models or SAMPLE / "models.yaml"])
    console = Console(highlight=False)
    with playground() as play:
        console.print(f"Dataverse (emulated) at {play.app.settings.dataverse_url}, functions at {play.host.url}")
        console.print(f"provisioned in {play.provision()} steps")
        definitions = resolved(play.app.client, definitions)
        now = datetime.now(UTC).replace(microsecond=0)
        if leads is None:
            plan = sample_plan(SAMPLE / "leads.json", definitions, now)
        else:
            plan = csv_plan(leads, definitions, read_lead_table(play.app.client).metadata, now)
        with listening(play.emulated.emulator) as delays:
            perform(play, plan, definitions, console)
        check(play, plan)
        names = [model.name for model in definitions.models]
        for part in report(play, plan, names, delays):
            console.print(part)
        if svg is not None:
            _save_picture(svg, report(play, plan, names, delays, rows_max=PICTURE_ROWS))


def check(play: Playground, plan: Plan) -> None:
    """Hold what is stored against what the files say; OutcomeError when it is not the same."""
    found = list(differences(plan.wanted, read_outcomes(play.app.client, ())))
    if poison := play.poison_count():
        found.append(f"{poison} messages are in poison")
    if found:
        raise OutcomeError(found)


def perform(play: Playground, plan: Plan, definitions: Definitions, console: Console) -> None:
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


def _save_picture(path: Path, parts: Iterable[RenderableType]) -> None:
    picture = Console(record=True, width=PICTURE_WIDTH, file=StringIO(), highlight=False)
    for part in parts:
        picture.print(part)
    picture.save_svg(str(path), title="leadgate demo")
