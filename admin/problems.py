"""What goes wrong in a command, on stderr and as an exit code: 1 something is wrong, 2 used wrongly."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

from admin.definition_files import FileError
from connector.errors import LeadgateError, SettingsError
from dataverse import DataverseError

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


def problems_on_stderr(command: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """The command, with every error that has a name told in plain words instead of a traceback."""

    @wraps(command)
    def told(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
        try:
            return command(*args, **kwargs)
        except SettingsError as error:
            typer.echo("\n".join(error.problems), err=True)
            raise typer.Exit(2) from error
        except (FileError, LeadgateError, DataverseError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error

    return told
