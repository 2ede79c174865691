"""`leadgate provision`: bring an environment to where Leadgate can work."""

from typing import Annotated

import typer

from admin.connection import connect
from admin.problems import problems_on_stderr
from admin.provisioning import Step, schema_steps, tracking_steps
from admin.webhooks import Webhook, webhook_steps
from connector.errors import SettingsError
from connector.reach import NOTHING_REACHED
from dataverse import DataverseClient

PlanOnly = Annotated[bool, typer.Option("--plan", help="Say what is missing and change nothing.")]
TrackChanges = Annotated[
    bool, typer.Option("--track-changes", help="Switch on change tracking of lead where it is off; that is for good.")
]
WebhookUrl = Annotated[
    str | None,
    typer.Option("--webhook-url", metavar="URL", help="The app's address, for example https://<app>/api/row-changed."),
]


@problems_on_stderr
def provision(
    plan: PlanOnly = False,  # noqa: FBT002  a flag
    webhook_url: WebhookUrl = None,
    track_changes: TrackChanges = False,  # noqa: FBT002  a flag
) -> None:
    """Add the tables, columns and status reasons that are missing and, with --webhook-url, the webhook."""
    app = connect()
    webhook = None
    if webhook_url is not None:
        if not app.settings.webhook_secrets:
            raise SettingsError(["WEBHOOK_SECRETS is missing (the webhook presents the first of them)"])
        webhook = Webhook(webhook_url, app.settings.webhook_secrets[0])
    steps = list(schema_steps(app.client))
    tracking = list(tracking_steps(app.client))
    if track_changes:
        steps += tracking
    else:
        for step in tracking:
            typer.echo(f"left to you: {step.what} (--track-changes)")
    _go(steps, app.client, plan_only=plan)
    if webhook is not None:
        # Before there are tables there is no model, and so nothing that one reaches.
        reach = NOTHING_REACHED if plan and steps else app.versions.fresh().reach
        hooks = list(webhook_steps(app.client, webhook, reach))
        _go(hooks, app.client, plan_only=plan)
        steps += hooks
    typer.echo(f"{len(steps)} steps {'to do' if plan else 'done'}" if steps else "nothing is missing")


def _go(steps: list[Step], client: DataverseClient, *, plan_only: bool) -> None:
    """Print every step before the first is done."""
    for step in steps:
        typer.echo(f"+ {step.what}")
    if plan_only:
        return
    for number, step in enumerate(steps, 1):
        step.make(client)
        typer.echo(f"[{number}/{len(steps)}] {step.what}")
