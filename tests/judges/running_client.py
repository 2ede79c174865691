"""Starts tests/judges/dataverse_client.py in a process of its own and asks it to call Microsoft's client."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

DATAVERSE_CLIENT = Path(__file__).resolve().parents[2] / "build" / "judges" / "dataverse-client"
SCRIPT = Path(__file__).with_name("dataverse_client.py")

Call: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]


class ClientRaisedError(Exception):
    """What Microsoft's client raised: the name of its class, and the service's status and code when it had them."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        """Keep the facts."""
        self.kind: str = report["raised"]
        self.status: int | None = report["status"]
        self.code: str | None = report["code"]
        super().__init__(f"{self.kind}: {report['message']} (status {self.status}, code {self.code})")


def call(method: str, *arguments: Any, **options: Any) -> Call:
    """A call as the driver takes it."""
    return method, arguments, options


@dataclass(frozen=True)
class MicrosoftClient:
    """The client in the other process: rows are objects, pages and other lists are lists."""

    orders: IO[str]
    reports: IO[str]

    def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What one method returned, as in `client("records.create", "lead", {...})`."""
        return self.chain(call(method, *arguments, **options))

    def chain(self, *calls: Call) -> Any:
        """What the last of several calls returned, each made on what the one before it did."""
        return self._order({"chain": calls})

    def batch(self, *parts: Call | list[Call], **options: bool) -> list[dict[str, Any]]:
        """The responses to a batch; a list of calls is a changeset."""
        responses: list[dict[str, Any]] = self._order({"batch": parts, "options": options})["responses"]
        return responses

    def _order(self, order: Mapping[str, Any]) -> Any:
        print(json.dumps(order), file=self.orders, flush=True)
        line = self.reports.readline()
        assert line, "Microsoft's client ended; its last words are on stderr"
        report = json.loads(line)
        if "raised" in report:
            raise ClientRaisedError(report)
        return report["returned"]


@contextmanager
def microsoft_client(connection: Mapping[str, str], ca_file: Path) -> Iterator[MicrosoftClient]:
    """Connected as an application with a secret; trusts `ca_file`, by the only variable of its environment."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(SCRIPT)],
        env={"REQUESTS_CA_BUNDLE": str(ca_file)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps({"folder": str(DATAVERSE_CLIENT), **connection}), file=process.stdin, flush=True)
        try:
            yield MicrosoftClient(process.stdin, process.stdout)
        finally:
            process.stdin.close()
