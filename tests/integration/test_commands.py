"""The command as people run it."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
import requests
from typer.testing import CliRunner

from admin import connection
from admin.__main__ import app
from admin.playground import ROOT, Playground
from admin.poison_commands import LOOKED_AT_S
from connector.bootstrap import bootstrap
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.messages import LEAD_CHANGES, POISON
from connector.tables import ScoringModel

FIVE_MISTAKES = """\
model: Wrong
time_zone: Mars/Olympus
groups:
  - {name: A, points: ten, when: {column: jobtitle, op: not-null}}
  - {name: B, points: 1, when: {column: jobtitle, op: matches, value: "C.*"}}
  - {name: A, points: 1, when: {column: telephone1, op: eq}}
grades: [{name: Hot, min: 10, max: 5}]
"""


@pytest.fixture
def run(play: Playground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """The command, run in an empty folder with the settings of the playground."""
    monkeypatch.chdir(tmp_path)
    for name, value in play.settings.items():
        monkeypatch.setenv(name, value)
    bootstrap.cache_clear()
    return CliRunner()


def test_a_file_with_five_mistakes_names_all_of_them_and_writes_nothing(
    run: CliRunner, play: Playground, tmp_path: Path
) -> None:
    (tmp_path / "wrong.yaml").write_text(FIVE_MISTAKES)
    before = sum(play.emulated.emulator.requests.values())
    result = run.invoke(app, ["model", "apply", "wrong.yaml"])
    assert result.exit_code == 1
    places = re.findall(r"^wrong\.yaml:(\d+):(\d+): (\S+)", result.stderr, re.MULTILINE)
    assert [(int(line), place) for line, _, place in places] == [
        (2, "time_zone:"),
        (4, "groups[0].points:"),
        (5, "groups[1].when.op:"),
        (6, "groups[2].name:"),
        (6, "groups[2].when.value:"),
        (7, "grades[0].min:"),
    ]
    assert sum(play.emulated.emulator.requests.values()) == before


def test_a_label_that_is_none_is_named_at_its_line_with_what_there_is(run: CliRunner, tmp_path: Path) -> None:
    group = "{name: A, points: 1, when: {column: leadqualitycode, op: in, value: [hot, Lukewarm]}}"
    (tmp_path / "labels.yaml").write_text(f"model: Labels\ngroups:\n  - {group}\n")
    assert run.invoke(app, ["model", "validate", "labels.yaml"]).exit_code == 0
    result = run.invoke(app, ["model", "apply", "labels.yaml"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "labels.yaml:3:79: groups[0].when.value[1]: 'Lukewarm' is no option of lead.leadqualitycode: "
        "there is 1 'Hot', 2 'Warm', 3 'Cold'\n"
    )


def test_files_are_applied_published_shown_and_stopped(run: CliRunner, tmp_path: Path) -> None:
    sample = str(ROOT / "emulator" / "sample" / "models.yaml")
    assert "model Fit: draft written" in run.invoke(app, ["model", "apply", sample], catch_exceptions=False).output
    assert "model Fit: nothing to change" in run.invoke(app, ["model", "apply", sample]).output
    assert "model Fit: live as version 1" in run.invoke(app, ["model", "publish", "Fit", "Engagement"]).output
    assert "live as version 1" in run.invoke(app, ["rule", "publish", "Marketing qualified"]).output
    refused = run.invoke(app, ["model", "stop", "Fit"])
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Fit: rule 'Marketing qualified' is live and names it: stop the rule first\n",
    )
    assert "rule Marketing qualified: stopped" in run.invoke(app, ["rule", "stop", "Marketing qualified"]).output
    assert "model Fit: stopped" in run.invoke(app, ["model", "stop", "Fit"]).output


def test_a_second_provisioning_says_that_nothing_is_missing(run: CliRunner) -> None:
    result = run.invoke(app, ["provision"])
    assert (result.exit_code, result.output) == (0, "nothing is missing\n")


def test_a_lead_that_is_not_there_is_one_clear_error(run: CliRunner) -> None:
    result = run.invoke(app, ["score", "6d81597f-0f9f-4711-8122-000d3aa2331c"])
    assert (result.exit_code, result.stderr) == (1, "there is no lead 6d81597f-0f9f-4711-8122-000d3aa2331c\n")
    assert run.invoke(app, ["score", "not-a-guid"]).exit_code == 2


def test_without_settings_every_one_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(connection, "LOCAL_SETTINGS", tmp_path / "local.settings.json")
    for name in ("DATAVERSE_URL", "DATAVERSE_AUTH", "AzureWebJobsStorage"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["provision"])
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stderr.splitlines()] == [
        "DATAVERSE_URL",
        "AzureWebJobsStorage",
    ]


def test_the_demo_runs_and_prints_what_the_readme_shows_of_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "admin", "demo"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "leads qualified, 5 of them became contacts; each score is what the files say" in told
    shown = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    printed = "\n".join(line.rstrip() for line in done.stdout.splitlines())
    assert shown[0] in printed + "\n"
    assert "Fit: 110 points" in shown[0]


def test_leads_of_ones_own_need_models_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("leadid\n")
    result = CliRunner().invoke(app, ["demo", "--leads", str(tmp_path / "leads.csv")])
    assert result.exit_code == 2


def test_model_test_gives_the_worked_example_110_points(tmp_path: Path) -> None:
    lead = {"leadid": "6d81597f-0f9f-4711-8122-000d3aa2331c", "jobtitle": "CEO", "telephone1": "1"}
    (tmp_path / "lead.json").write_text(json.dumps(lead))
    sample = str(ROOT / "emulator" / "sample" / "models.yaml")
    result = CliRunner().invoke(app, ["model", "test", sample, "--lead", str(tmp_path / "lead.json"), "--json"])
    assert result.exit_code == 0
    assert [(each["model"], each["score"]) for each in json.loads(result.stdout)] == [("Fit", 110), ("Engagement", -10)]


def test_a_message_that_was_set_aside_is_listed_and_given_back(run: CliRunner, play: Playground) -> None:
    lead = "6d81597f-0f9f-4711-8122-000d3aa2331c"
    message = {"v": 1, "table": "lead", "ids": [lead], "cause": "test", "attempt": 3, "correlation": "c"}
    poison = LEAD_CHANGES + POISON
    play.app.queue.send(poison, json.dumps({**message, "reason": "0x80040265"}))
    play.app.queue.send(poison, json.dumps({"v": 1, "reason": "unreadable", "length": 7}))
    model = LifecycleMessage(table=ScoringModel.TABLE, id=UUID(lead))
    play.app.queue.send(LIFECYCLE + POISON, model.text())
    listed = run.invoke(app, ["poison", "list"], catch_exceptions=False)
    assert listed.output.splitlines() == [
        f"{LEAD_CHANGES}: 0x80040265: {lead}",
        f"{LEAD_CHANGES}: unreadable: no ids",
        f"{LIFECYCLE}: ?: {lead}",
        "3 messages",
    ]
    time.sleep(LOOKED_AT_S + 0.5)
    assert run.invoke(app, ["poison", "redrive"]).output == "2 messages given back, 1 kept: they name no rows\n"
    play.settle(60)
    assert play.host.counts["score_leads"].succeeded >= 1
    assert play.host.counts["publish_or_stop"].succeeded >= 1


def test_health_answers_yes_and_nothing_else(play: Playground) -> None:
    answer = requests.get(f"{play.host.url}/api/health", timeout=30)
    assert (answer.status_code, answer.content) == (200, b"")
