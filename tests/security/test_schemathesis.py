"""Requests made from docs/openapi.yaml by a judge that knows nothing of the code, against the served app (R15)."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

import function_app
from connector.intake import SECRET_HEADER
from tests.evidence import keep_evidence
from tests.judges.running_schemathesis import SCHEMATHESIS, Judgement, Mode, judge
from tests.security.door import Door
from tests.security.test_openapi import DOCUMENT, HEALTH, ROW_CHANGED, documented
from tests.unit.connector.executed import ORGANIZATION
from tests.world import SECRET

UNDOCUMENTED_METHOD = 404


@pytest.fixture
def url(served: str) -> str:
    """The address of the app, when there is a judge to send there."""
    if not (SCHEMATHESIS / "schemathesis").is_dir():
        pytest.skip("Schemathesis is not installed: run `make judges`")
    return served


def judged(url: str, folder: Path, mode: Mode, *, examples: int, timeout_s: float = 120) -> Judgement:
    """With the organisation that the app is set up for, and a table that it takes, written into the document."""
    document = deepcopy(DOCUMENT)
    members = document["components"]["schemas"]["RemoteExecutionContext"]["properties"]
    members["OrganizationId"] = {"type": "string", "enum": [ORGANIZATION]}
    members["PrimaryEntityName"] = {"type": "string", "enum": ["lead"]}
    path = folder / "openapi.yaml"
    path.write_text(yaml.safe_dump(dict(document)), encoding="utf-8")
    header = f"{SECRET_HEADER}: {SECRET}"
    return judge(path, url, header, folder, mode=mode, examples=examples, timeout_s=timeout_s)


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("examples", [100, pytest.param(2_500, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)])])
def test_every_answer_is_as_the_file_says(mode: Mode, examples: int, url: str, door: Door, tmp_path: Path) -> None:
    judgement = judged(url, tmp_path, mode, examples=examples, timeout_s=1_000)
    statuses = judgement.statuses
    counts = {str(status): count for status, count in sorted(statuses.items())}
    keep_evidence(f"schemathesis-{mode}-{examples}", requests=sum(statuses.values()), statuses=counts)
    assert judgement.is_good, judgement.text
    assert statuses[202 if mode == "positive" else 400] >= examples
    assert set(statuses) <= documented(ROW_CHANGED) | documented(HEALTH) - {503} | {UNDOCUMENTED_METHOD}
    assert not [status for status in statuses if status >= 500]
    assert len(door.queued()) == statuses[202]


def test_the_judge_can_say_no(url: str, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_app, "receive", lambda _body, _headers, _app: 202)
    judgement = judged(url, tmp_path, "negative", examples=5)
    assert not judgement.is_good
    assert "Schema-violating request accepted" in judgement.text
