"""`leadgate poll`: one tick of the poll, now, over all the tables that are followed."""

import typer

from admin.connection import connect
from admin.problems import problems_on_stderr


@problems_on_stderr
def poll() -> None:
    """Ask once for what has changed, in leads and in what they hang on, and queue it."""
    typer.echo(f"{connect().poll_changes.tick()} rows queued")
