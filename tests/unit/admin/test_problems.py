"""What a command cannot do is one sentence on stderr and an exit code: 1 something is wrong, 2 used wrongly."""

from pathlib import Path

import pytest
import typer

from admin.definition_files import FileError, FileProblem
from admin.problems import problems_on_stderr
from admin.provisioning import ProvisioningError
from connector.errors import LeadgateError, MessageError, PublicationError, QueueError, SettingsError
from dataverse import ConfigurationError, ThrottledError

FAILURES: list[tuple[Exception, int, str]] = [
    (
        SettingsError(["DATAVERSE_URL is missing", "LEADGATE_MODE is wrong"]),
        2,
        "DATAVERSE_URL is missing\nLEADGATE_MODE is wrong\n",
    ),
    (PublicationError("Fit", ["a: wrong", "b: wrong"]), 1, "Fit: a: wrong\nFit: b: wrong\n"),
    (FileError([FileProblem(Path("fit.yaml"), 3, 7, "wrong")]), 1, "fit.yaml:3:7: wrong\n"),
    (QueueError("leads", "ServiceRequestError"), 1, "queue leads: ServiceRequestError\n"),
    (MessageError("unreadable"), 1, "message refused: unreadable\n"),
    (ProvisioningError("in the way"), 1, "in the way\n"),
    (LeadgateError("wrong"), 1, "wrong\n"),
    (ConfigurationError("no address"), 1, "the connection is not configured: no address\n"),
    (ThrottledError(request_id="r", status=429), 1, "r: the service asks to slow down (HTTP 429)\n"),
]


@pytest.mark.parametrize(("failure", "exit_code", "said"), FAILURES)
def test_every_error_with_a_name_is_said_on_stderr_with_its_exit_code(
    failure: Exception, exit_code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @problems_on_stderr
    def command() -> None:
        raise failure

    with pytest.raises(typer.Exit) as exited:
        command()
    assert exited.value.exit_code == exit_code
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("defect", [KeyError("x"), ValueError("x"), typer.Exit(1), KeyboardInterrupt()])
def test_a_defect_and_the_will_of_the_user_are_left_alone(defect: BaseException) -> None:
    @problems_on_stderr
    def command() -> None:
        raise defect

    with pytest.raises(type(defect)) as raised:
        command()
    assert raised.value is defect


def test_a_command_keeps_its_answer_its_name_and_its_help() -> None:
    @problems_on_stderr
    def command(number: int, *, twice: bool) -> int:
        """Help."""
        return number * (2 if twice else 1)

    assert command(21, twice=True) == 42
    assert (command.__name__, command.__doc__) == ("command", "Help.")
