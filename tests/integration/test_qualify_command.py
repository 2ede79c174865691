"""`leadgate qualify --dry-run`: who would be qualified, who not and why, before anything is written."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from admin import qualify_command
from admin.__main__ import app as command
from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.rules import parse_rule
from dataverse import create
from tests.world import FIT, RULE, World

BOTH = {"jobtitle": "CEO", "telephone1": "1"}
CONTACT_RULE = {
    **RULE,
    "rule": "Becomes a contact",
    "order": 2,
    "existing_leads": "include",
    "actions": {"qualify_lead": {"match_contact": "emailaddress1"}},
}


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command, run against the world: exit code and what it printed."""
    monkeypatch.setattr(qualify_command, "connect", lambda: world.app)

    def invoke(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, ["qualify", *options], catch_exceptions=False)
        return result.exit_code, result.output

    return invoke


def outcomes(printed: str) -> dict[tuple[str, str], int]:
    return {(row["rule"], row["outcome"]): row["leads"] for row in json.loads(printed)["outcomes"]}


def test_it_counts_who_would_be_acted_on_by_rule_and_owner_and_writes_nothing(
    world: World, run: Callable[..., Any]
) -> None:
    world.publish(FIT, RULE)
    for columns in (BOTH, BOTH, {"jobtitle": "CEO"}):
        world.new_lead(**columns)
    before = world.writes()
    code, printed = run("--dry-run", "--json")
    assert (code, outcomes(printed), world.writes()) == (0, {("Marketing qualified", "would act"): 2}, before)
    (row,) = json.loads(printed)["outcomes"]
    assert [owner["leads"] for owner in row["owners"]] == [2]
    assert json.loads(printed)["leads"] == 3
    code, printed = run("--dry-run")
    assert "Marketing qualified" in printed
    assert "3 open leads" in printed


def test_it_says_who_is_held_back_and_why(world: World, run: Callable[..., Any]) -> None:
    world.publish(FIT, CONTACT_RULE)
    for _ in range(2):
        row = {"contactid": str(uuid4()), "lastname": "Durand", "emailaddress1": "ines@example.org"}
        world.app.client.send(create("contacts", row, id_column="contactid"))
    world.new_lead(**BOTH, emailaddress1="ines@example.org")
    told = world.new_lead(**BOTH, emailaddress1="ines@example.org")
    world.new_lead(**BOTH)
    world.work(told)
    _, printed = run("--dry-run", "--json")
    assert outcomes(printed) == {
        ("Becomes a contact", "ambiguous-contact"): 2,
        ("Becomes a contact", "would act"): 1,
    }
    assert "example.org" not in printed


def test_a_rule_that_is_not_met_any_more_is_not_said_to_hold_anybody_back(
    world: World, run: Callable[..., Any]
) -> None:
    world.publish(FIT, RULE, CONTACT_RULE)
    for _ in range(2):
        row = {"contactid": str(uuid4()), "lastname": "Durand", "emailaddress1": "ines@example.org"}
        world.app.client.send(create("contacts", row, id_column="contactid"))
    blocked, reopened = world.new_lead(**BOTH, emailaddress1="ines@example.org"), world.new_lead(**BOTH)
    world.work(blocked, reopened)
    world.edit(reopened, statecode=0, statuscode=1, jobtitle=None)
    world.edit(blocked, jobtitle=None)
    assert outcomes(run("--dry-run", "--json")[1]) == {}


def test_a_draft_can_be_looked_at_as_if_it_were_published(world: World, run: Callable[..., Any]) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(**BOTH)
    world.work(lead)
    apply_definitions(world.app.client, Definitions((), (parse_rule(CONTACT_RULE),)))
    assert outcomes(run("--dry-run", "--json")[1]) == {}
    _, printed = run("--dry-run", "--json", "--rule", "Becomes a contact")
    assert outcomes(printed) == {("Becomes a contact", "would act"): 1}
    assert [rule.name for rule in world.app.versions.fresh().live.rules] == ["Marketing qualified"]


def test_a_draft_that_cannot_be_published_is_refused_with_the_reasons(world: World, run: Callable[..., Any]) -> None:
    assert run("--dry-run", "--rule", "nobody") == (1, "nobody: there is none of this name\n")
    world.publish(FIT)
    broken = {**RULE, "actions": {"status_reason": "Hot"}}
    apply_definitions(world.app.client, Definitions((), (parse_rule(broken),)))
    code, printed = run("--dry-run", "--rule", "Marketing qualified")
    assert (code, printed) == (
        1,
        "Marketing qualified: actions.status_reason: lead has no open Status Reason 'Hot'\n",
    )


def test_without_dry_run_it_is_used_wrongly(run: Callable[..., Any]) -> None:
    code, printed = run()
    assert code == 2
    assert "--dry-run" in printed
