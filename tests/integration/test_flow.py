"""From a lead to its scores and its qualification, through the real client and the real rules of the table."""

import json
from datetime import timedelta

import pytest

from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from dataverse import create, query, update
from dataverse.odata import eq
from tests.world import FIT, RULE, VISITS, World

MARKETING_QUALIFIED = 482100000


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS, RULE)
    return world


def test_a_lead_with_job_title_and_phone_has_110_points_and_is_qualified(live: World) -> None:
    lead = live.new_lead(jobtitle="Directrice marketing", telephone1="+33 4 99 00 00 00")
    live.work(lead)
    row = live.scores(lead)["Fit"]
    assert (row["lgate_score"], row["lgate_grade"]) == (110, "Hot")
    assert json.loads(row["lgate_explanation"]) == {"groups": [{"group": 1, "points": 100}, {"group": 2, "points": 10}]}
    found = live.lead(lead, "statuscode", "lgate_salesready", "lgate_qualifiedon", "_lgate_primaryscoreid_value")
    assert found["statuscode"] == MARKETING_QUALIFIED
    assert found["lgate_salesready"] is True
    assert found["lgate_qualifiedon"] == "2026-03-02T09:00:00Z"
    assert found["_lgate_primaryscoreid_value"] == row["lgate_leadscoreid"]


def test_the_log_says_which_scores_met_the_rule_and_what_was_done(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    (entry,) = live.log(lead)
    assert json.loads(entry["lgate_scores"]) == {"Fit": 110}
    assert json.loads(entry["lgate_actions"]) == {"lgate_salesready": True, "statuscode": MARKETING_QUALIFIED}


def test_a_lead_below_the_threshold_is_scored_and_left_alone(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    assert live.scores(lead)["Fit"]["lgate_score"] == 100
    assert live.lead(lead)["statuscode"] == 1
    assert live.log(lead) == []


def test_a_score_that_falls_takes_nothing_back(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    live.edit(lead, jobtitle=None)
    live.work(lead)
    row = live.scores(lead)["Fit"]
    assert (row["lgate_score"], row["lgate_previousscore"], row["lgate_grade"]) == (10, 110, "Cold")
    assert live.lead(lead)["statuscode"] == MARKETING_QUALIFIED


def test_what_a_sales_person_cleared_is_not_set_again(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    live.work(lead)
    live.edit(lead, statuscode=2, lgate_salesready=False)
    live.edit(lead, telephone1="2")
    live.work(lead)
    found = live.lead(lead, "statuscode", "lgate_salesready")
    assert (found["statuscode"], found["lgate_salesready"]) == (2, False)
    assert len(live.log(lead)) == 1


def test_a_closed_lead_is_never_touched_and_its_score_rows_end(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    live.edit(lead, statecode=2, statuscode=5)
    before = live.lead(lead)["@odata.etag"]
    live.work(lead)
    assert live.lead(lead)["@odata.etag"] == before
    row = live.scores(lead)["Fit"]
    assert (row["statecode"], row["statuscode"]) == (1, 482100003)


def test_a_lead_that_opens_again_is_scored_again(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    live.edit(lead, statecode=2, statuscode=5)
    live.work(lead)
    live.edit(lead, statecode=0, statuscode=1)
    live.work(lead)
    row = live.scores(lead)["Fit"]
    assert (row["statecode"], row["statuscode"], row["lgate_score"]) == (0, 1, 100)


def test_interactions_count_in_their_window_and_the_row_says_until_when(live: World) -> None:
    lead = live.new_lead()
    live.visit(lead, days_ago=27)
    live.visit(lead, days_ago=1)
    live.work(lead)
    row = live.scores(lead)["Visits"]
    assert row["lgate_score"] == 10
    assert row["lgate_rescoreon"] == "2026-03-03T09:00:00Z"
    live.clock.forward(days=1)
    live.work(lead)
    row = live.scores(lead)["Visits"]
    assert row["lgate_score"] == 5
    assert row["lgate_rescoreon"] == (live.clock() + timedelta(days=26)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_interaction_that_reaches_the_lead_by_two_ways_counts_once(live: World) -> None:
    contact = "6d81597f-0f9f-4711-8122-000d3aa2331c"
    live.app.client.send(create("contacts", {"contactid": contact, "lastname": "Durand"}, id_column="contactid"))
    lead = live.new_lead(**{"parentcontactid@odata.bind": f"/contacts({contact})"})
    visit = live.visit(lead)
    bind = {"lgate_contactid@odata.bind": f"/contacts({contact})"}
    live.app.client.send(update("lgate_leadinteractions", str(visit), bind, etag="*"))
    live.work(lead)
    assert live.scores(lead)["Visits"]["lgate_score"] == 5


def test_a_condition_on_the_parent_account_is_read_through_the_lookup(world: World) -> None:
    when = {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 250}
    world.publish({"model": "Size", "groups": [{"name": "Large", "points": 20, "when": when}]})
    account = "6d81597f-0f9f-4711-8122-000d3aa2331c"
    row = {"accountid": account, "name": "Novalis", "numberofemployees": 250}
    world.app.client.send(create("accounts", row, id_column="accountid"))
    large, none = world.new_lead(**{"parentaccountid@odata.bind": f"/accounts({account})"}), world.new_lead()
    world.work(large, none)
    assert world.scores(large)["Size"]["lgate_score"] == 20
    assert world.scores(none)["Size"]["lgate_score"] == 0


def test_a_lead_outside_the_audience_has_no_row_and_one_that_leaves_it_an_inactive_one(world: World) -> None:
    entry = {"column": "address1_country", "op": "eq", "value": "France"}
    world.publish({**FIT, "entry": entry})
    outside, inside = world.new_lead(address1_country="Italia"), world.new_lead(address1_country="FRANCE ")
    world.work(outside, inside)
    assert world.scores(outside) == {}
    assert world.scores(inside)["Fit"]["statecode"] == 0
    world.edit(inside, address1_country="Italia")
    world.work(inside)
    row = world.scores(inside)["Fit"]
    assert (row["statecode"], row["statuscode"]) == (1, 2)


def test_fifty_leads_take_two_requests_and_one_more_look(live: World) -> None:
    leads = [live.new_lead(jobtitle="CEO") for _ in range(50)]
    live.app.versions.now()
    before = live.emulator.requests[("POST", "$batch")]
    live.work(*leads)
    assert live.emulator.requests[("POST", "$batch")] - before == 2
    assert all(live.scores(lead)["Fit"]["lgate_score"] == 100 for lead in leads)


def test_the_score_row_belongs_to_the_owner_of_the_lead(live: World) -> None:
    team = "6d81597f-0f9f-4711-8122-000d3aa2331c"
    (unit,) = live.app.client.rows(query("businessunits", select=["businessunitid"]))
    row = {"teamid": team, "name": "Lyon", "businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    live.app.client.send(create("teams", row, id_column="teamid"))
    lead = live.new_lead(jobtitle="CEO", telephone1="1", **{"ownerid@odata.bind": f"/teams({team})"})
    live.work(lead)
    for entity_set in ("lgate_leadscores", "lgate_qualificationlogs"):
        owned = query(entity_set, select=["_owningteam_value"], filter=eq("_lgate_leadid_value", lead))
        assert {row["_owningteam_value"] for row in live.app.client.rows(owned)} == {team}


def test_messages_of_a_publication_wait_two_cache_lifetimes_in_a_queue_of_their_own(world: World) -> None:
    lead = world.new_lead(jobtitle="CEO")
    world.publish(FIT)
    ((queue, text, delay_s),) = world.queue.sent
    assert (queue, delay_s) == (LEAD_CHANGES_BULK, 120)
    assert json.loads(text)["ids"] == [str(lead)]
    assert json.loads(text)["cause"] == "publish"


def test_a_dry_run_writes_nothing_and_says_what_it_would(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.publish(FIT, RULE)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    before = world.writes()
    monkeypatch.setattr(world.app.scoring, "_writes", False)
    with caplog.at_level("INFO", logger="leadgate"):
        world.work(lead)
    assert world.writes() == before
    (line,) = (json.loads(text) for text in caplog.messages if '"scored"' in text)
    assert (line["held"], line["written"], line["qualified"]) == (1, 0, 1)


def test_a_later_rule_does_not_take_back_what_an_earlier_one_set(world: World) -> None:
    contacted = {
        "rule": "Visited",
        "order": 2,
        "criteria": [{"model": "Visits", "at_least": 5}],
        "actions": {"status_reason": "Contacted"},
    }
    world.publish(FIT, VISITS, RULE, contacted)
    lead = world.new_lead(jobtitle="CEO", telephone1="1")
    world.work(lead)
    world.visit(lead)
    world.work(lead)
    assert len(world.log(lead)) == 2
    assert world.lead(lead)["statuscode"] == MARKETING_QUALIFIED


def test_more_writes_than_one_batch_may_hold_go_out_in_several(world: World) -> None:
    models = [{**FIT, "model": f"Fit {number}", "show_on_lead": False} for number in range(25)]
    world.publish(*models)
    leads = [world.new_lead(jobtitle="CEO") for _ in range(50)]
    world.work(*leads)
    assert all(len(world.scores(lead)) == 25 for lead in leads)
    assert world.queue.of(LEAD_CHANGES) == []
