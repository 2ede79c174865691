"""`leadgate model` and `leadgate rule`: definitions from files into Dataverse, and in and out of force."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from admin.connection import connect
from admin.definitions import Definitions, read_definitions, resolved
from admin.model_test import model_test
from admin.model_validate import model_validate
from admin.problems import problems_on_stderr
from connector.bootstrap import App
from connector.drafts import Draft, apply_model, apply_rule, read_model, read_rule
from connector.errors import PublicationError
from connector.publication import Publication
from connector.publish import Publisher
from connector.rules import parse_rule, rule_json
from dataverse import DataverseClient
from scoring import DefinitionError, canonical_json, parse_model

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON, each with models and rules.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names as the files give them.")]
ConfirmedFlips = Annotated[
    int, typer.Option("--confirm-flips", metavar="N", min=0, help="Act on so many open leads at once (above 500).")
]

models = typer.Typer(no_args_is_help=True, help="Scoring models: validate, test, apply, publish, stop.")
rules = typer.Typer(no_args_is_help=True, help="Qualification rules: apply, publish, stop.")
models.command("test", epilog="Example: leadgate model test fit.yaml --lead leads.json --json")(model_test)
models.command("validate", epilog="Example: leadgate model validate models/*.yaml --json")(model_validate)


@models.command("apply", epilog="Example: leadgate model apply models/*.yaml")
@rules.command("apply", epilog="Example: leadgate rule apply models/*.yaml")
@problems_on_stderr
def apply(files: Files) -> None:
    """Bring the drafts in Dataverse in line with files; what is in force stays as it is."""
    definitions = read_definitions(files)
    for what, name, changed in apply_definitions(connect().client, definitions):
        typer.echo(f"{what} {name}: {'draft written' if changed else 'nothing to change'}")


@models.command("publish", epilog="Example: leadgate model publish Fit Engagement")
@problems_on_stderr
def publish_models(names: Names) -> None:
    """Put the drafts of models in force; all open leads are then scored anew."""
    _each(names, "model", publisher(connect()).publish_model)


@models.command("stop", epilog="Example: leadgate model stop Fit")
@problems_on_stderr
def stop_models(names: Names) -> None:
    """End models; their score rows become inactive."""
    _each(names, "model", publisher(connect()).stop_model)


@rules.command("publish", epilog='Example: leadgate rule publish "Marketing qualified" --confirm-flips 812')
@problems_on_stderr
def publish_rules(names: Names, confirm_flips: ConfirmedFlips = 0) -> None:
    """Put the drafts of rules in force; open leads that meet one already are counted first, and asked about."""
    publishing = publisher(connect()).publish_rule
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def publish(name: str) -> Publication:
            def seen(leads: int) -> None:
                progress.update(task, description=f"{name}: {leads:,} open leads held against it")

            return publishing(name, confirmed_flips=confirm_flips, on_seen=seen)

        _each(names, "rule", publish)


@rules.command("stop", epilog='Example: leadgate rule stop "Marketing qualified"')
@problems_on_stderr
def stop_rules(names: Names) -> None:
    """End rules; what they did stands."""
    _each(names, "rule", publisher(connect()).stop_rule)


def apply_definitions(client: DataverseClient, definitions: Definitions) -> list[tuple[str, str, bool]]:
    """Write the drafts that differ; for each model and rule its kind, its name and whether it was written.

    Nothing is written when a label of an option is none. What only the environment says (types of columns, ids of
    business units) is left out of drafts: publishing fills it in.
    """
    done = []
    for stated in resolved(client, definitions).models:
        model = stated.model_copy(update={"columns": None, "business_units": ()})
        if model.text_accent_sensitive:
            problem = "text_accent_sensitive is the organisation's (a setting of the app): leave it out"
            raise PublicationError(model.name, [problem])
        wanted = canonical_json(model)
        current = read_model(client, model.name)
        changed = current is None or _text(lambda draft: canonical_json(parse_model(draft)), current) != wanted
        if changed:
            apply_model(client, json.loads(wanted), current)
        done.append(("model", model.name, changed))
    for rule in definitions.rules:
        wanted = rule_json(rule)
        current = read_rule(client, rule.rule)
        changed = current is None or _text(lambda draft: rule_json(parse_rule(draft)), current) != wanted
        if changed:
            found = {name: read_model(client, name) for each in rule.criteria if (name := each.model)}
            missing = [f"criteria: there is no model {name!r}" for name, draft in found.items() if draft is None]
            if missing:
                raise PublicationError(rule.rule, missing)
            apply_rule(
                client, json.loads(wanted), current, {name: draft.row_id for name, draft in found.items() if draft}
            )
        done.append(("rule", rule.rule, changed))
    return done


def publisher(app: App) -> Publisher:
    """What publishes and stops in the app's environment."""
    return app.publisher


def _text(canonical: Callable[[object], str], draft: Draft) -> str | None:
    """The canonical text of a draft; None when it is not valid, and so differs from whatever is wanted."""
    try:
        return canonical(draft.definition)
    except DefinitionError:
        return None


def _each(names: list[str], kind: str, act: Callable[[str], Publication]) -> None:
    for name in names:
        done = act(name)
        state = "stopped" if done.number is None else f"live as version {done.number}"
        already = "" if done.changed else " already"
        leads = f"; open leads to be looked at in two minutes: {done.leads_queued:,}" if done.leads_queued else ""
        typer.echo(f"{kind} {name}: {state}{already}{leads}")
