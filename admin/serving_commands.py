"""`leadgate emulator` and `leadgate up`: something to work against, kept running until it is interrupted."""

import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from admin.playground import playground, settings_for
from admin.problems import problems_on_stderr
from emulator.running import running_emulator

DATAVERSE_PORT, QUEUE_PORT, HOST_PORT = 8765, 10001, 7071

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the Web API; 0 for any free one.")]
QueuePort = Annotated[int, typer.Option("--queue-port", min=0, max=65535, help="Of the queues; 0 for any free one.")]
HostPort = Annotated[int, typer.Option("--host-port", min=0, max=65535, help="Of the functions; 0 for any free one.")]
Https = Annotated[
    bool, typer.Option("--https", help="Serve the Web API over https, with a local authority's certificate.")
]
CaFile = Annotated[Path | None, typer.Option("--ca-file", metavar="FILE", help="Where to write that authority's own.")]
Database = Annotated[Path | None, typer.Option("--db", metavar="FILE", help="Keep the rows in a SQLite file.")]


@problems_on_stderr
def emulator(
    port: Port = DATAVERSE_PORT,
    queue_port: QueuePort = QUEUE_PORT,
    db: Database = None,
    https: Https = False,  # noqa: FBT002  a flag
    ca_file: CaFile = None,
) -> None:
    """An emulated Dataverse Web API and its queues, alone."""
    with running_emulator(path=db, web_api_port=port, queue_port=queue_port, https=https, ca_file=ca_file) as running:
        if running.addresses.ca_file is not None:
            typer.echo(f"export REQUESTS_CA_BUNDLE='{running.addresses.ca_file}'")
        _print(settings_for(running.addresses))
        _until_interrupted()


@problems_on_stderr
def up(
    port: Port = DATAVERSE_PORT,
    queue_port: QueuePort = QUEUE_PORT,
    host_port: HostPort = HOST_PORT,
    db: Database = None,
) -> None:
    """Emulator and functions, provisioned and kept running; put what it prints into local.settings.json to use them."""
    with playground(dataverse_port=port, queue_port=queue_port, host_port=host_port, db=db) as play:
        steps = play.provision()
        typer.echo(f"Dataverse (emulated) {play.app.settings.dataverse_url}, functions {play.host.url}, {steps} steps")
        _print(play.settings)
        _until_interrupted()


def _print(settings: Mapping[str, str]) -> None:
    """The settings as lines for a shell; the secrets in them open nothing but this emulator."""
    for name, value in settings.items():
        typer.echo(f"export {name}='{value}'")


def _until_interrupted() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    typer.echo("running; Ctrl-C ends it")
    stop.wait()
