"""A file and a process that is killed: what was acknowledged is there, the rest is there whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.web_api import Emulator
from tests.unit.emulator.web_api.calling import Caller

REPOSITORY = Path(__file__).parents[4]
# Creates accounts with a lead each in one changeset, and says so once it is answered.
WRITER = """
import sys
from pathlib import Path
from uuid import uuid4
from emulator.web_api import Emulator, Request

emulator = Emulator(path=Path(sys.argv[1]))
head = "Content-Type: application/http\\r\\nContent-Transfer-Encoding: binary\\r\\nContent-ID: {}\\r\\n\\r\\n"
post = "POST /api/data/v9.2/{} HTTP/1.1\\r\\nContent-Type: application/json\\r\\n\\r\\n{}\\r\\n"
while True:
    row_id = str(uuid4())
    parts = [("accounts", '{"accountid": "%s"}' % row_id), ("leads", '{"parentaccountid@odata.bind": "$1"}')]
    inner = "".join("--c\\r\\n" + head.format(n) + post.format(*part) for n, part in enumerate(parts, 1))
    body = "--b\\r\\nContent-Type: multipart/mixed; boundary=c\\r\\n\\r\\n" + inner + "--c--\\r\\n--b--\\r\\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    assert emulator.handle(Request("POST", "/api/data/v9.2/$batch", headers, body.encode())).status == 200
    print(row_id, flush=True)
"""


def killed_writer(path: Path, lines: int) -> set[str]:
    """What a writer said it had written before it was killed without warning."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(lines)]
        os.kill(writer.pid, signal.SIGKILL)
        said += [line.strip() for line in writer.stdout if line.endswith("\n")]
    assert writer.returncode == -signal.SIGKILL
    return {row_id for row_id in said if len(row_id) == 36}


@pytest.mark.parametrize("lines", [1, 25])
def test_nothing_acknowledged_is_lost_by_a_kill_and_no_changeset_is_half_there(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "dataverse.db"
    said = killed_writer(path, lines) | killed_writer(path, lines)
    assert len(said) >= 2 * lines
    call = Caller(Emulator(path=path))
    accounts = {row["accountid"] for row in call.get("accounts?$select=accountid").json["value"]}
    parents = [row["_parentaccountid_value"] for row in call.get("leads?$select=_parentaccountid_value").json["value"]]
    assert said <= accounts
    assert sorted(parents) == sorted(accounts)
    assert len(accounts - said) <= 2
    assert call.created("leads", {"subject": "goes on"})
    call.emulator.close()
