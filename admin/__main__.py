"""The `leadgate` command: each subcommand lives in a module of its own."""

import typer

from admin import (
    definition_commands,
    lead_commands,
    poison_commands,
    poll_command,
    provision_command,
    reconcile_command,
    serving_commands,
)
from admin.demo import demo

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Turns Dynamics 365 leads into qualified leads, and says why.",
)
app.command(epilog="Example: leadgate demo --leads leads.csv --models models.yaml")(demo)
app.command(epilog="Example: leadgate up --db leads.db")(serving_commands.up)
app.command(epilog="Example: leadgate emulator --port 8765 --db leads.db")(serving_commands.emulator)
app.command(
    epilog="Example: leadgate provision --webhook-url https://contoso-leadgate.azurewebsites.net/api/row-changed"
)(provision_command.provision)
app.add_typer(definition_commands.models, name="model")
app.add_typer(definition_commands.rules, name="rule")
app.add_typer(poison_commands.poison, name="poison")
app.command(epilog="Example: leadgate poll")(poll_command.poll)
app.command(epilog="Example: leadgate reconcile --repair")(reconcile_command.reconcile)
app.command(epilog="Example: leadgate score 6d81597f-0f9f-4711-8122-000d3aa2331c --json")(lead_commands.score)
app.command(epilog="Example: leadgate decisions 6d81597f-0f9f-4711-8122-000d3aa2331c")(lead_commands.decisions)


def main() -> None:
    """The entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
