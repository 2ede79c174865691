"""`leadgate poison`: messages that were set aside, looked at and given back."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from admin.connection import connect
from admin.problems import problems_on_stderr
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage, read_lifecycle_message
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON, RowChanges, read_message
from connector.ports import Queue, TakenMessage

LOOKED_AT_S = 5
MESSAGES_AT_ONCE = 32
QUEUES = (LEAD_CHANGES, LEAD_CHANGES_BULK, LIFECYCLE)

AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs.")]

poison = typer.Typer(no_args_is_help=True, help="Messages that were set aside: list, redrive.")


@poison.command("list", epilog="Example: leadgate poison list --json")
@problems_on_stderr
def list_messages(as_json: AsJson = False) -> None:  # noqa: FBT002  a flag
    """What was set aside, and why; a message that was listed can be redriven five seconds later."""
    queue = connect().queue
    found = [{"queue": name} | content for name in QUEUES for _, content in _taken(queue, name, LOOKED_AT_S)]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for each in found:
        typer.echo(f"{each['queue']}: {each.get('reason', '?')}: {', '.join(_ids(each)) or 'no ids'}")
    typer.echo(f"{len(found)} messages" if found else "nothing is set aside")


@poison.command(epilog="Example: leadgate poison redrive")
@problems_on_stderr
def redrive() -> None:
    """Give back every message that names rows; done twice, it does no harm."""
    queue = connect().queue
    given_back = kept = 0
    for name in QUEUES:
        for message, content in _taken(queue, name, lease_s=60):
            if not _ids(content):
                kept += 1
                continue
            queue.send(name, _envelope(name, content))
            queue.delete(message)
            given_back += 1
    typer.echo(f"{given_back} messages given back" + (f", {kept} kept: they name no rows" if kept else ""))


def _envelope(queue: str, content: dict[str, Any]) -> str:
    """The message that asks for the same once more: what else was kept with it is left out."""
    if queue == LIFECYCLE:
        known = {key: value for key, value in content.items() if key in LifecycleMessage.model_fields}
        return read_lifecycle_message(json.dumps({**known, "attempt": 0})).text()
    known = {key: value for key, value in content.items() if key in RowChanges.model_fields}
    return read_message(json.dumps({"cause": "redrive", **known, "attempt": 0})).text()


def _ids(content: dict[str, Any]) -> list[str]:
    """The rows that a message names: leads, or the one model or rule."""
    return list(content.get("ids") or filter(None, [content.get("id")]))


def _taken(queue: Queue, name: str, lease_s: float) -> Iterator[tuple[TakenMessage, dict[str, Any]]]:
    """The poison messages of a queue with what they say; one that is not JSON says nothing."""
    while messages := queue.take(name + POISON, at_most=MESSAGES_AT_ONCE, lease_s=lease_s):
        for message in messages:
            try:
                content = json.loads(message.text)
            except ValueError:
                content = None
            yield message, content if isinstance(content, dict) else {}
