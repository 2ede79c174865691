"""`leadgate poll`: one tick of change tracking, now."""

import typer

from admin.connection import connect
from admin.problems import problems_on_stderr


@problems_on_stderr
def poll() -> None:
    """Ask change tracking once for what has changed, and queue it."""
    typer.echo(f"{connect().poll_changes.tick()} rows queued")
