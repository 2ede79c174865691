"""Leads that meet a rule before it is published: the admin is told how many, and chooses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from admin import definition_commands
from admin.__main__ import app
from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector import publish
from connector.drafts import read_rule
from connector.errors import PublicationError
from connector.existing_leads import Scan
from connector.publication import Publication
from connector.rules import parse_rule
from connector.tables import QualificationLog
from dataverse import create, delete, query
from tests.world import FIT, RULE, World

NAME = "Marketing qualified"
MARKETING_QUALIFIED = 482100000


@pytest.fixture
def scored(world: World) -> World:
    world.publish(FIT)
    return world


def ready(world: World) -> UUID:
    return world.new_lead(jobtitle="CEO", telephone1="1")


def apply(world: World, **members: Any) -> None:
    apply_definitions(world.app.client, Definitions((), (parse_rule({**RULE, **members}),)))


def status(world: World, lead: UUID) -> int:
    world.app.versions.fresh()
    world.work(lead)
    found: int = world.lead(lead)["statuscode"]
    return found


def test_leads_that_meet_the_rule_already_are_counted_and_asked_about(scored: World) -> None:
    ready(scored)
    ready(scored)
    scored.new_lead(jobtitle="CEO")
    apply(scored)
    with pytest.raises(PublicationError, match="existing_leads: 2 open leads meet the rule already: choose include or"):
        scored.publisher().publish_rule(NAME)
    assert scored.app.versions.fresh().live.rules == ()


def test_nobody_is_asked_when_no_lead_meets_the_rule(scored: World) -> None:
    lead = scored.new_lead(jobtitle="CEO")
    apply(scored)
    assert scored.publisher().publish_rule(NAME).number == 1
    scored.edit(lead, telephone1="1")
    assert status(scored, lead) == MARKETING_QUALIFIED


def test_included_leads_are_acted_on(scored: World) -> None:
    lead = ready(scored)
    apply(scored, existing_leads="include")
    scored.publisher().publish_rule(NAME)
    assert status(scored, lead) == MARKETING_QUALIFIED


def test_excluded_leads_are_left_alone_for_ever_and_later_ones_are_not(scored: World) -> None:
    there, later = ready(scored), scored.new_lead(jobtitle="CEO")
    apply(scored, existing_leads="exclude")
    scored.publisher().publish_rule(NAME)
    scored.edit(later, telephone1="1")
    scored.edit(there, firstname="Ines")
    assert (status(scored, there), status(scored, later)) == (1, MARKETING_QUALIFIED)
    assert [(entry["lgate_outcome"], entry["lgate_reason"]) for entry in scored.log(there)] == [
        (QualificationLog.BLOCKED, "existing-lead")
    ]
    assert scored.scores(there)["Fit"]["lgate_score"] == 110


def test_the_entry_of_a_lead_that_is_left_alone_names_the_version_that_leaves_it(scored: World) -> None:
    ready(scored)
    apply(scored, existing_leads="exclude")
    scored.publisher().publish_rule(NAME)
    (rule,) = scored.app.versions.fresh().live.rules
    columns = [QualificationLog.CORRELATION, f"_{QualificationLog.VERSION}_value"]
    (entry,) = scored.app.client.rows(query(QualificationLog.SET, select=columns))
    assert entry[QualificationLog.CORRELATION] == f"exclude-{rule.version_id}"
    assert entry[f"_{QualificationLog.VERSION}_value"] == str(rule.version_id)


def test_a_later_version_that_includes_acts_on_those_that_were_left_alone(scored: World) -> None:
    lead = ready(scored)
    apply(scored, existing_leads="exclude")
    scored.publisher().publish_rule(NAME)
    apply(scored, existing_leads="include")
    assert scored.publisher().publish_rule(NAME).number == 2
    assert status(scored, lead) == MARKETING_QUALIFIED


def test_more_flips_than_500_are_asked_to_be_confirmed(scored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "FLIPS_UNCONFIRMED_MAX", 2)
    for _ in range(3):
        ready(scored)
    apply(scored, existing_leads="include")
    with pytest.raises(PublicationError, match=r"3 open leads would be acted on at once: confirm 3 \("):
        scored.publisher().publish_rule(NAME)
    with pytest.raises(PublicationError, match="confirm 3"):
        scored.publisher().publish_rule(NAME, confirmed_flips=2)
    assert scored.publisher().publish_rule(NAME, confirmed_flips=3).number == 1


def test_a_scan_goes_on_where_its_time_was_up(scored: World) -> None:

    leads = [ready(scored) for _ in range(5)]
    apply(scored, existing_leads="exclude")
    publisher, steps = replace(scored.publisher(), page_size=2), 0
    done: Publication | Scan = Scan()
    while isinstance(done, Scan):
        draft = read_rule(scored.app.client, NAME)
        assert draft is not None
        done = publisher.publish_rule_draft(draft, done, until=scored.clock() - timedelta(seconds=1))
        steps += 1
    assert (steps, done.number) == (3, 1)
    assert {status(scored, lead) for lead in leads} == {1}


def test_a_rule_published_to_reconsider_acts_once_more_and_no_further(scored: World) -> None:
    lead = ready(scored)
    apply(scored, existing_leads="include")
    scored.publisher().publish_rule(NAME)
    assert status(scored, lead) == MARKETING_QUALIFIED
    scored.edit(lead, statuscode=1)
    assert status(scored, lead) == 1
    apply(scored, existing_leads="include", reconsider=True)
    scored.publisher().publish_rule(NAME)
    assert status(scored, lead) == MARKETING_QUALIFIED
    scored.edit(lead, statuscode=1)
    assert status(scored, lead) == 1
    outcomes = [(each["lgate_outcome"], each["lgate_occurrence"]) for each in scored.log(lead)]
    assert sorted(outcomes) == [
        (QualificationLog.QUALIFIED, 1),
        (QualificationLog.QUALIFIED, 2),
        (QualificationLog.REOPENED, 2),
    ]


def test_a_lead_that_people_closed_and_opened_again_may_be_marked_again(scored: World) -> None:
    lead = ready(scored)
    apply(scored, existing_leads="include")
    scored.publisher().publish_rule(NAME)
    assert status(scored, lead) == MARKETING_QUALIFIED
    scored.edit(lead, statecode=2, statuscode=4)
    scored.work(lead)
    scored.edit(lead, statecode=0, statuscode=1)
    assert status(scored, lead) == MARKETING_QUALIFIED
    scored.edit(lead, statuscode=1)
    assert status(scored, lead) == 1


def test_a_lead_closed_while_out_of_the_audience_is_remembered_too(world: World) -> None:
    model = {**FIT, "entry": {"column": "address1_country", "op": "eq", "value": "France"}}
    world.publish(model, {**RULE, "existing_leads": "include"})
    lead = world.new_lead(jobtitle="CEO", telephone1="1", address1_country="France")
    assert status(world, lead) == MARKETING_QUALIFIED
    world.edit(lead, address1_country="Spain")
    world.work(lead)
    world.edit(lead, statecode=2, statuscode=4)
    world.work(lead)
    world.edit(lead, statecode=0, statuscode=1, address1_country="France")
    assert status(world, lead) == MARKETING_QUALIFIED
    before = world.writes()
    world.work(lead)
    assert world.writes() == before


def test_who_published_stands_in_the_version(scored: World) -> None:
    apply(scored, existing_leads="include")
    scored.publisher().publish_rule(NAME)

    columns = ["lgate_publishedby", "lgate_publishedon"]
    rows = list(scored.app.client.rows(query("lgate_publishedversions", select=columns)))
    assert all(row["lgate_publishedby"] for row in rows)


@pytest.fixture
def run(scored: World, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command over this environment."""
    monkeypatch.setattr(definition_commands, "connect", lambda: scored.app)
    return CliRunner()


def test_the_command_prints_how_many_leads_it_asks_about(scored: World, run: CliRunner) -> None:
    ready(scored)
    apply(scored)
    asked = run.invoke(app, ["rule", "publish", NAME])
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert asked.stderr == f"{NAME}: existing_leads: 1 open leads meet the rule already: choose include or exclude\n"


def test_the_command_confirms_a_number_of_flips_and_no_more(
    scored: World, run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "FLIPS_UNCONFIRMED_MAX", 1)
    for _ in range(2):
        ready(scored)
    apply(scored, existing_leads="include")
    refused = run.invoke(app, ["rule", "publish", NAME, "--confirm-flips", "1"])
    assert (refused.exit_code, "confirm 2 (--confirm-flips 2)" in refused.stderr) == (1, True)
    done = run.invoke(app, ["rule", "publish", NAME, "--confirm-flips", "2"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"rule {NAME}: live as version 1; open leads to be looked at in two minutes: 2\n"


def test_an_excluded_lead_that_something_held_back_is_left_alone_when_nothing_does_any_more(scored: World) -> None:
    lead = scored.new_lead(jobtitle="CEO", telephone1="1", emailaddress1="ines@example.org")
    contacts = [str(uuid4()), str(uuid4())]
    for contact in contacts:
        row = {"contactid": contact, "lastname": "Durand", "emailaddress1": "ines@example.org"}
        scored.app.client.send(create("contacts", row, id_column="contactid"))
    apply(scored, existing_leads="exclude", actions={"qualify_lead": {"match_contact": "emailaddress1"}})
    scored.publisher().publish_rule(NAME)
    scored.app.client.send(delete("contacts", contacts[0], etag="*"))
    assert status(scored, lead) == 1
    assert [entry["lgate_reason"] for entry in scored.log(lead)] == ["existing-lead"]
