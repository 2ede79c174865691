"""Drafts, versions and what is in force."""

import json
from typing import Any

import pytest

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.drafts import read_model
from connector.errors import PublicationError, VersionError
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.rules import parse_rule
from connector.tables import PublishedVersion, ScoringModel
from dataverse import query, update
from dataverse.odata import eq
from scoring import canonical_json, parse_model
from tests.world import FIT, RULE, VISITS, World


def apply(world: World, *definitions: dict[str, Any]) -> list[tuple[str, str, bool]]:
    models = tuple(parse_model(each) for each in definitions if "model" in each)
    rules = tuple(parse_rule(each) for each in definitions if "rule" in each)
    return apply_definitions(world.app.client, Definitions(models, rules))


def changed(model: dict[str, Any], points: int) -> dict[str, Any]:
    first, *others = model["groups"]
    return {**model, "groups": [{**first, "points": points}, *others]}


def test_a_draft_scores_nothing_until_it_is_published(world: World) -> None:
    apply(world, FIT)
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    assert world.scores(lead) == {}


def test_applying_the_same_file_again_writes_nothing(world: World) -> None:
    assert apply(world, FIT, VISITS, RULE) == [
        ("model", "Fit", True),
        ("model", "Visits", True),
        ("rule", RULE["rule"], True),
    ]
    before = world.writes()
    assert [written for _, _, written in apply(world, FIT, VISITS, RULE)] == [False, False, False]
    assert world.writes() == before


def test_a_smaller_file_removes_the_rows_that_are_not_in_it(world: World) -> None:
    apply(world, FIT)
    apply(world, {**FIT, "groups": FIT["groups"][:1], "grades": []})
    draft = read_model(world.app.client, "Fit")
    assert draft is not None
    assert [group["name"] for group in draft.definition["groups"]] == ["Job title given"]
    assert "grades" not in draft.definition


def test_an_edited_draft_changes_nothing_before_its_publication_and_everything_after(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    apply(world, changed(FIT, 50))
    world.clock.forward(minutes=2)
    world.work(lead)
    assert world.scores(lead)["Fit"]["lgate_score"] == 100
    world.publisher().publish_model("Fit")
    (text,) = world.queue.of(LEAD_CHANGES_BULK)
    world.clock.forward(minutes=2)
    world.app.worker.work(text, LEAD_CHANGES_BULK)
    assert world.scores(lead)["Fit"]["lgate_score"] == 50


def test_live_versions_are_kept_for_a_minute_and_no_longer(world: World) -> None:
    world.publish(FIT)
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    apply(world, changed(FIT, 50))
    adapter, other = world.another_app()
    publisher = world.publisher()
    publisher.publish_model("Fit")
    other.client.close()
    world.app.versions.now()
    reads = world.emulator.requests[("GET", ScoringModel.TABLE)]
    world.clock.forward(seconds=59)
    world.app.versions.now()
    assert world.emulator.requests[("GET", ScoringModel.TABLE)] == reads
    world.clock.forward(seconds=1)
    world.app.versions.now()
    assert world.emulator.requests[("GET", ScoringModel.TABLE)] == reads + 1
    assert adapter is not world.adapter


def test_versions_are_numbered_kept_and_ended(world: World) -> None:
    world.publish(FIT)
    apply(world, changed(FIT, 50))
    assert world.publisher().publish_model("Fit").number == 2
    columns = [PublishedVersion.NUMBER, "statecode", PublishedVersion.DEFINITION]
    rows = list(world.app.client.rows(query(PublishedVersion.SET, select=columns, orderby=[PublishedVersion.NUMBER])))
    assert [(row[PublishedVersion.NUMBER], row["statecode"]) for row in rows] == [(1, 1), (2, 0)]
    assert json.loads(str(rows[0][PublishedVersion.DEFINITION]))["time_zone"] == "UTC"


def test_publishing_what_is_in_force_makes_no_new_version(world: World) -> None:
    world.publish(FIT)
    again = world.publisher().publish_model("Fit")
    assert (again.number, again.changed) == (1, False)


def test_a_version_that_was_tampered_with_stops_everything_and_loses_nothing(world: World) -> None:
    world.publish(FIT)
    (row,) = world.app.client.rows(
        query(PublishedVersion.SET, select=[PublishedVersion.ID, PublishedVersion.DEFINITION])
    )
    text = str(row[PublishedVersion.DEFINITION]).replace("100", "999")
    world.app.client.send(
        update(PublishedVersion.SET, str(row[PublishedVersion.ID]), {PublishedVersion.DEFINITION: text}, etag="*")
    )
    with pytest.raises(VersionError, match="has changed since its publication"):
        world.app.versions.fresh()
    world.clock.forward(minutes=2)
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    ((queue, text, _),) = world.queue.sent
    assert (queue, json.loads(text)["ids"]) == (LEAD_CHANGES, [str(lead)])


def test_a_stopped_model_scores_no_more_and_its_rows_end(world: World) -> None:
    world.publish(FIT, VISITS)
    lead = world.new_lead(jobtitle="CEO")
    world.work(lead)
    world.publisher().stop_model("Fit")
    world.clock.forward(minutes=1)
    world.work(lead)
    rows = world.scores(lead)
    assert (rows["Fit"]["statecode"], rows["Fit"]["statuscode"]) == (1, 482100001)
    assert rows["Visits"]["statecode"] == 0


def test_a_model_that_a_live_rule_names_is_not_stopped(world: World) -> None:
    world.publish(FIT, RULE)
    with pytest.raises(PublicationError, match="rule 'Marketing qualified' is live and names it: stop the rule first"):
        world.publisher().stop_model("Fit")
    world.publisher().stop_rule("Marketing qualified")
    assert world.publisher().stop_model("Fit").changed


def test_a_rule_over_a_model_that_is_not_live_is_refused(world: World) -> None:
    apply(world, FIT, RULE)
    with pytest.raises(PublicationError, match=r"criteria\[0\].model: 'Fit' is not live: publish it first"):
        world.publisher().publish_rule("Marketing qualified")


def test_a_status_reason_that_is_not_there_is_refused_by_name(world: World) -> None:
    world.publish(FIT)
    apply(world, {**RULE, "actions": {"status_reason": "Sehr gut"}, "from_status": ["New", "Lost"]})
    with pytest.raises(PublicationError) as refused:
        world.publisher().publish_rule("Marketing qualified")
    assert refused.value.problems == (
        "actions.status_reason: lead has no open Status Reason 'Sehr gut'",
        "from_status[1]: lead has no open Status Reason 'Lost'",
    )


def test_a_model_is_held_against_the_columns_of_the_environment(world: World) -> None:
    wrong = {
        "model": "Wrong",
        "groups": [
            {"name": "a", "points": 1, "when": {"column": "jobtitel", "op": "not-null"}},
            {"name": "b", "points": 1, "when": {"column": "numberofemployees", "op": "ge", "value": "many"}},
            {"name": "c", "points": 1, "when": {"column": "jobtitle.name", "op": "not-null"}},
            {"name": "d", "points": 1, "when": {"column": "donotemail", "op": "begins-with", "value": "t"}},
            {
                "name": "e",
                "points": 1,
                "interactions": {"table": "lgate_leadinteraction", "lead": "lgate_type", "at": "lgate_source"},
            },
            {
                "name": "f",
                "points": 1,
                "interactions": {"table": "new_visits", "lead": "new_leadid", "at": "createdon"},
            },
        ],
    }
    apply(world, wrong)
    before = world.writes()
    with pytest.raises(PublicationError) as refused:
        world.publisher().publish_model("Wrong")
    assert refused.value.problems == (
        "groups[0].when.column: lead.jobtitel does not exist",
        "groups[1].when: lead.numberofemployees is of type Integer: the value must be a number",
        "groups[2].when.column: lead.jobtitle is not a lookup",
        "groups[3].when: lead.donotemail is of type Boolean: begins-with is for text",
        "groups[4].interactions.lead: lgate_leadinteraction.lgate_type is not a lookup to lead",
        "groups[4].interactions.at: lgate_leadinteraction.lgate_source is not a date column",
        "groups[5].interactions.table: there is no table new_visits",
    )
    assert world.writes() == before
    assert world.queue.sent == []


def test_one_live_model_is_shown_on_the_lead_and_a_second_is_refused(world: World) -> None:
    world.publish(FIT)
    apply(world, {**VISITS, "show_on_lead": True})
    with pytest.raises(PublicationError, match="show_on_lead: 'Fit' is live and shown on the lead already"):
        world.publisher().publish_model("Visits")


def test_rows_that_people_made_by_hand_are_published_like_those_of_files(world: World) -> None:
    apply(world, FIT)
    draft = read_model(world.app.client, "Fit")
    assert draft is not None
    group = next(row_id for entity_set, row_id in draft.children if entity_set == "lgate_scoringgroups")
    world.app.client.send(update("lgate_scoringgroups", str(group), {"lgate_points": 7}, etag="*"))
    world.publisher().publish_model("Fit")
    world.clock.forward(minutes=2)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    world.work(lead)
    assert world.scores(lead)["Fit"]["lgate_score"] in {17, 107}


def test_json_typed_wrongly_into_a_row_is_refused_and_names_the_column(world: World) -> None:
    apply(world, FIT)
    (row,) = world.app.client.rows(
        query(ScoringModel.SET, select=[ScoringModel.ID], filter=eq(ScoringModel.NAME, "Fit"))
    )
    world.app.client.send(
        update(ScoringModel.SET, str(row[ScoringModel.ID]), {ScoringModel.ENTRY: "{column: x"}, etag="*")
    )
    with pytest.raises(PublicationError, match="Fit: lgate_entrycondition: is not JSON"):
        world.publisher().publish_model("Fit")


def test_a_setting_of_the_organisation_is_not_a_models_to_set(world: World) -> None:
    with pytest.raises(PublicationError, match="Fit: text_accent_sensitive is the organisation's"):
        apply(world, {**FIT, "text_accent_sensitive": True})
    assert read_model(world.app.client, "Fit") is None


EVERYTHING = {
    "model": 'O\'Neil & "co" #%?/ été ',
    "description": "two\nlines, and \U0001f600" + "x" * 1_900,
    "time_zone": "Pacific/Apia",
    "business_unit": "Emulated organization",
    "show_on_lead": True,
    "entry": {"not": {"any": [{"column": "jobtitle", "op": "in", "value": ["007", "true", "null", "[1]", '"']}]}},
    "groups": [
        {"name": "g" * 200, "points": -1_000_000, "cap": 2**31 - 1, "when": {"column": "fax", "op": "null"}},
        {
            "name": "Long",
            "points": 1,
            "when": {"column": "jobtitle", "op": "in", "value": [f"value {number}" for number in range(9_000)]},
        },
        {
            "name": "Several",
            "points": 1,
            "when": {
                "any": [
                    {"column": "parentaccountid.numberofemployees", "op": "between", "value": [-1.5, 250]},
                    {"column": "donotemail", "op": "eq", "value": False},
                    {"column": "createdon", "op": "last-x-days", "value": 3},
                    {"column": "subject", "op": "like", "value": " [a-c]% "},
                ]
            },
        },
        {
            "name": "Counted",
            "points": 3,
            "interactions": {
                "table": "lgate_leadinteraction",
                "lead": "lgate_leadid",
                "contact": "lgate_contactid",
                "at": "lgate_occurredon",
                "where": {"all": [{"any": [{"column": "lgate_type", "op": "eq", "value": "250"}]}]},
                "within_days": 36_525,
                "half_life_days": 1,
            },
        },
    ],
    "grades": [{"name": "Hot", "min": 1}, {"name": "Cold", "max": 0}],
    "limits": {"min": -(2**31), "max": 2**31 - 1},
}


def test_everything_that_a_file_can_say_survives_the_rows_and_is_published(world: World) -> None:
    assert [written for *_, written in apply(world, EVERYTHING)] == [True]
    draft = read_model(world.app.client, EVERYTHING["model"])
    assert draft is not None
    assert canonical_json(parse_model(draft.definition)) == canonical_json(parse_model(EVERYTHING))
    assert [written for *_, written in apply(world, draft.definition)] == [False]
    world.publish(EVERYTHING)
    (live,) = world.app.versions.fresh().live.models
    published = json.loads(canonical_json(live.definition))
    filled_in = {"columns", "business_units"}
    assert {name: value for name, value in published.items() if name not in filled_in} == json.loads(
        canonical_json(parse_model(EVERYTHING))
    )
