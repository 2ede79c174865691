"""`leadgate score` and `leadgate decisions`: one lead, now and in its log."""

import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from admin.connection import connect
from admin.lead_views import decision_rows, decisions_table, lead_score_parts, score_json
from admin.problems import problems_on_stderr
from connector.bootstrap import App
from connector.decide_scores import scores_now
from connector.errors import LeadgateError
from connector.live_versions import InForce
from connector.look import Look

Lead = Annotated[UUID, typer.Argument(metavar="LEAD", help="The lead's id (leadid).")]
At = Annotated[str | None, typer.Option("--at", metavar="T", help="ISO 8601; UTC without an offset; now if not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]


class NoSuchLeadError(LeadgateError):
    """There is no lead of this id that the app may see."""


@problems_on_stderr
def score(lead: Lead, at: At = None, as_json: AsJson = False) -> None:  # noqa: FBT002  a flag
    """What the live models give a lead, and why, beside what is stored."""
    app = connect()
    in_force = app.versions.now()
    look = _look(in_force, lead)
    scores = scores_now(look, in_force.live, _instant(at, app))
    if as_json:
        typer.echo(json.dumps(score_json(look, in_force.live, scores), indent=2))
        return
    console = Console()
    if not look.is_open:
        console.print("The lead is closed: no model scores it.")
    for model in in_force.live.models:
        for part in lead_score_parts(look, in_force.live, model, scores):
            console.print(part)


@problems_on_stderr
def decisions(lead: Lead, as_json: AsJson = False) -> None:  # noqa: FBT002  a flag
    """The log of a lead: which rule acted, when, on which scores."""
    app = connect()
    rows = decision_rows(app.client, lead)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        Console().print(decisions_table(rows))


def _look(in_force: InForce, lead: UUID) -> Look:
    look = in_force.reader.read([lead]).get(lead)
    if look is None:
        message = f"there is no lead {lead}"
        raise NoSuchLeadError(message)
    return look


def _instant(text: str | None, app: App) -> datetime:
    if text is None:
        return app.clock()
    try:
        named = datetime.fromisoformat(text)
    except ValueError as error:
        message = "--at is not an instant (ISO 8601, for example 2026-11-21T08:00:00Z)"
        raise typer.BadParameter(message) from error
    return named if named.tzinfo else named.replace(tzinfo=UTC)
