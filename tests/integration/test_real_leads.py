"""Real leads through webhooks, queue and Web API: every stored score is the one that `leadgate model test` gives."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from admin.__main__ import app
from admin.definitions import read_definitions
from admin.demo.command import check, perform
from admin.demo.outcome import read_outcomes
from admin.demo.plans import csv_plan
from admin.playground import ROOT, playground
from connector.live_versions import read_lead_table
from connector.tables import LeadScore

MODELS = ROOT / "emulator" / "sample" / "courses.yaml"


@pytest.mark.timeout(900)
def test_every_stored_score_of_real_leads_is_what_model_test_gives(tmp_path: Path) -> None:
    leads = os.environ.get("LEADGATE_LEADS")
    if not leads:
        pytest.skip("LEADGATE_LEADS names no CSV of leads")
    definitions = read_definitions([MODELS])
    with playground() as play:
        play.provision()
        plan = csv_plan(Path(leads), definitions, read_lead_table(play.app.client).metadata, datetime.now(UTC))
        perform(play, plan, definitions, Console(quiet=True))
        check(play, plan)
        stored = {lead: outcome.scores for lead, outcome in read_outcomes(play.app.client, ()).items()}
    assert len(stored) == len(plan.rows) > 0
    (tmp_path / "leads.json").write_text(json.dumps(plan.rows), encoding="utf-8")
    arguments = ["model", "test", str(MODELS), "--lead", str(tmp_path / "leads.json"), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    tested = {each["leadid"]: each["score"] for each in json.loads(result.stdout)}
    assert {lead: rows["Course interest"][LeadScore.SCORE] for lead, rows in stored.items()} == tested
