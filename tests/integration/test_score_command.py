"""`leadgate score` says what a lead has, why, until when, beside what is stored, and what it lacks."""

import json
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from admin import lead_commands
from admin.__main__ import app
from connector.tables import QualificationLog
from dataverse import query, update
from tests.world import FIT, RULE, VISITS, World

STEPS: dict[str, Any] = {
    **FIT,
    "groups": [
        *FIT["groups"],
        {"name": "Mobile phone given", "points": 90, "when": {"column": "mobilephone", "op": "not-null"}},
    ],
    "grades": [{"name": "Hot", "min": 100}, {"name": "Warm", "min": 10, "max": 99}, {"name": "Cold", "max": 9}],
}
EASIER = {**RULE, "rule": "Called back", "order": 2, "criteria": [{"model": "Fit", "at_least": 95}]}


@pytest.fixture
def live(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with two models and two rules in force, in which the command finds itself."""
    world.publish(STEPS, VISITS, RULE, EASIER)
    monkeypatch.setattr(lead_commands, "connect", lambda: world.app)
    monkeypatch.setenv("COLUMNS", "100")
    return world


def shown(lead: UUID, *options: str) -> str:
    result = CliRunner().invoke(app, ["score", str(lead), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return "\n".join(line.rstrip() for line in result.output.splitlines())


def test_what_a_lead_lacks_is_told_for_the_next_grade_and_for_every_rule(live: World) -> None:
    lead = live.new_lead(telephone1="1")
    live.work(lead)
    text = shown(lead)
    assert "Fit: 10 points, Warm (stored: 10)" in text
    misses = [line for line in text.splitlines() if " short of " in line]
    assert misses == [
        "85 short of rule Called back (95): Job title given or Mobile phone given",
        "90 short of Hot (100): Job title given or Mobile phone given",
        "100 short of rule Marketing qualified (110): Job title given",
    ]
    fit, visits = json.loads(shown(lead, "--json"))
    assert fit["nearest_misses"][1] == {
        "goal": "Hot",
        "at_least": 100,
        "lacking": 90,
        "ways": [["Job title given"], ["Mobile phone given"]],
    }
    assert (visits["model"], visits["score"], visits["nearest_misses"]) == ("Visits", 0, [])


def test_the_fewest_groups_are_named_first_and_a_lead_that_has_it_all_lacks_nothing(live: World) -> None:
    nothing, everything = live.new_lead(), live.new_lead(jobtitle="CEO", telephone1="1", mobilephone="2")
    text = shown(nothing)
    assert "Fit: 0 points, Cold (nothing stored)" in text
    goal = "110 short of rule Marketing qualified (110): "
    assert f"{goal}Job title given + Mobile phone given or Job title given + Business phone given" in " ".join(
        text.split()
    )
    assert " short of " not in shown(everything)


def test_time_is_told_and_may_be_another(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=1)
    assert "until 2026-03-29T09:00:00Z, if nothing else changes" in shown(lead)
    assert "Visits: 5 points" in shown(lead)
    assert "Visits: 0 points" in shown(lead, "--at", "2026-03-29T09:00:00")


@pytest.mark.parametrize("typed", ["nobody knows", "[1]", None])
def test_decisions_show_an_entry_that_people_typed_into(live: World, typed: str | None) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    for row in live.app.client.rows(query(QualificationLog.SET, select=[QualificationLog.ID])):
        changes = {QualificationLog.SCORES: typed, QualificationLog.ACTIONS: typed, QualificationLog.OUTCOME: None}
        live.app.client.send(update(QualificationLog.SET, str(row[QualificationLog.ID]), changes, etag="*"))
    for options in ((), ("--json",)):
        result = CliRunner().invoke(app, ["decisions", str(lead), *options], catch_exceptions=False)
        assert result.exit_code == 0
        assert (typed or "qualified") in result.output
