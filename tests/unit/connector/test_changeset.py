"""A decision as one changeset: guarded, marked, in an order that works, and nothing in it that nobody decided."""

import json
from dataclasses import replace

import pytest

from connector.changeset import bind, changeset
from connector.decide import decide
from connector.decision import Decision, Qualification
from connector.ids import lead_score_id, qualification_id
from connector.look import Look
from dataverse import Changeset, InvalidRequestError, Request
from tests.unit.connector.fakes import (
    FIT,
    FIT_VERSION,
    LEAD,
    MARKETING_QUALIFIED,
    NOW,
    RULE,
    RULE_VERSION,
    TEAM,
    USER,
    VISITS,
    counting_model,
    lead_row,
    live,
    live_model,
    live_rule,
    look,
    stored,
)

SHOWN = live_model(show_on_lead=True)


def requests(seen: Look, *parts: object, correlation: str = "c0ffee") -> tuple[Request, ...]:
    decision = decide(seen, live(*parts), NOW)  # type: ignore[arg-type]  # models and rules
    return changeset(decision, seen, correlation).requests


def of(table: str, found: tuple[Request, ...]) -> Request:
    (request,) = (
        request for request in found if request.path.startswith(f"{table}(") or request.path.startswith(f"{table}?")
    )
    return request


def test_score_rows_go_first_then_the_lead_that_may_point_at_one_then_the_log() -> None:
    found = requests(look(scores=[stored(model_id=VISITS, score=99)]), SHOWN, counting_model(), live_rule())
    assert [(request.method, request.about) for request in found] == [
        ("PATCH", "PATCH lgate_leadscores"),
        ("PATCH", "PATCH lgate_leadscores"),
        ("PATCH", "PATCH leads"),
        ("POST", "POST lgate_qualificationlogs"),
    ]


def test_every_write_is_guarded_by_the_etag_that_was_read_or_by_being_new() -> None:
    found = requests(look(scores=[stored(model_id=VISITS, score=99)]), SHOWN, counting_model(), live_rule())
    new, changed, lead, log = found
    assert (new.header("If-None-Match"), new.header("If-Match")) == ("*", None)
    assert (changed.header("If-None-Match"), changed.header("If-Match")) == (None, 'W/"3"')
    assert (lead.header("If-None-Match"), lead.header("If-Match")) == (None, 'W/"7"')
    assert log.body is not None
    assert log.body["lgate_qualificationlogid"] == str(qualification_id(LEAD, RULE, 1))
    assert all(request.is_repeatable for request in found)


def test_every_write_carries_the_tag_that_its_echo_is_told_by() -> None:
    found = requests(look(), SHOWN, live_rule(), correlation="a b&$filter=x é")
    assert {request.path.partition("?")[2] for request in found} == {"tag=leadgate:a%20b%26$filter%3Dx%20%C3%A9"}


def test_a_new_score_row_names_lead_model_version_and_owner() -> None:
    request = of("lgate_leadscores", requests(look(), live_model()))
    assert request.path.startswith(f"lgate_leadscores({lead_score_id(LEAD, FIT)})")
    assert request.body == {
        "lgate_name": "Fit",
        "lgate_score": 110,
        "lgate_grade": "Hot",
        "lgate_explanation": '{"groups":[{"group":1,"points":100},{"group":2,"points":10}]}',
        "lgate_rescoreon": None,
        "lgate_scoredon": "2026-08-01T12:00:00Z",
        "lgate_versionid@odata.bind": f"/lgate_publishedversions({FIT_VERSION})",
        "lgate_leadid@odata.bind": f"/leads({LEAD})",
        "lgate_modelid@odata.bind": f"/lgate_scoringmodels({FIT})",
        "ownerid@odata.bind": f"/systemusers({USER})",
    }


def test_a_changed_score_names_its_version_alone() -> None:
    request = of("lgate_leadscores", requests(look(scores=[stored(score=1)]), live_model()))
    bound = {name: value for name, value in (request.body or {}).items() if "@" in name}
    assert bound == {"lgate_versionid@odata.bind": f"/lgate_publishedversions({FIT_VERSION})"}


@pytest.mark.parametrize("row", [lead_row(statecode=1), lead_row()])
def test_an_ended_row_or_another_instant_names_nothing_else(row: dict[str, object]) -> None:
    (request,) = requests(look(row, scores=[stored(rescore_on=NOW)]), live_model())
    expected = {"lgate_rescoreon": None}
    if row["statecode"]:
        expected |= {"statecode": 1, "statuscode": 482100003}  # type: ignore[dict-item]  # of two types
    assert request.body == expected


def test_the_lead_gets_what_the_rules_set_and_the_pointer_and_nothing_else() -> None:
    request = of("leads", requests(look(), SHOWN, live_rule()))
    assert request.path.startswith(f"leads({LEAD})")
    assert request.body == {
        "lgate_qualifiedon": "2026-08-01T12:00:00Z",
        "statuscode": MARKETING_QUALIFIED,
        "msdyncrm_salesready": True,
        "lgate_primaryscoreid@odata.bind": f"/lgate_leadscores({lead_score_id(LEAD, FIT)})",
    }


def test_a_lead_of_which_nothing_changes_is_not_written() -> None:
    assert [request.about for request in requests(look(), live_model())] == ["PATCH lgate_leadscores"]


def test_the_log_says_which_rule_acted_under_which_version_by_which_scores_and_what_it_set() -> None:
    log = requests(look(), live_model(), live_rule())[-1]
    body = dict(log.body or {})
    assert json.loads(str(body.pop("lgate_scores"))) == {"Fit": 110}
    assert json.loads(str(body.pop("lgate_actions"))) == {
        "statuscode": MARKETING_QUALIFIED,
        "msdyncrm_salesready": True,
    }
    assert body == {
        "lgate_qualificationlogid": str(qualification_id(LEAD, RULE, 1)),
        "lgate_name": "Marketing qualified",
        "lgate_occurrence": 1,
        "lgate_outcome": 482100000,
        "lgate_decidedon": "2026-08-01T12:00:00Z",
        "lgate_correlationid": "c0ffee",
        "lgate_leadid@odata.bind": f"/leads({LEAD})",
        "lgate_ruleid@odata.bind": f"/lgate_qualificationrules({RULE})",
        "lgate_versionid@odata.bind": f"/lgate_publishedversions({RULE_VERSION})",
        "ownerid@odata.bind": f"/systemusers({USER})",
    }


@pytest.mark.parametrize(
    ("owner", "bound"),
    [
        ({"_owningteam_value": str(TEAM)}, {"ownerid@odata.bind": f"/teams({TEAM})"}),
        ({}, {"ownerid@odata.bind": f"/systemusers({USER})"}),
        ({"_owninguser_value": None}, {}),
    ],
)
def test_score_and_log_belong_to_the_owner_of_the_lead(owner: dict[str, object], bound: dict[str, str]) -> None:
    score, _, log = requests(look(lead_row(**owner)), live_model(), live_rule())
    for request in (score, log):
        assert {name: value for name, value in (request.body or {}).items() if name.startswith("owner")} == bound


def test_no_text_of_the_lead_is_in_any_request() -> None:
    row = lead_row(jobtitle="canary", telephone1="canary", lastname="canary")
    for request in requests(look(row), SHOWN, live_rule()):
        assert "canary" not in f"{request.path} {request.body} {request.headers}"


def test_an_empty_decision_is_no_changeset() -> None:
    with pytest.raises(InvalidRequestError):
        changeset(Decision(LEAD, 'W/"7"', NOW), look(), "c")


def test_an_etag_that_is_none_is_refused_and_not_sent_as_any_version() -> None:
    decision = replace(decide(look(), live(live_model(), live_rule()), NOW), etag="")
    with pytest.raises(InvalidRequestError):
        changeset(decision, look(), "c")


def test_two_rules_that_act_together_make_two_entries_and_one_write_of_the_lead() -> None:
    acting = Qualification(VISITS, RULE_VERSION, "Other", 1, {}, {})
    decision = decide(look(), live(live_model(), live_rule()), NOW)
    both = replace(decision, qualifications=(*decision.qualifications, acting))
    made: Changeset = changeset(both, look(), "c")
    assert [request.about for request in made.requests] == [
        "PATCH lgate_leadscores",
        "PATCH leads",
        "POST lgate_qualificationlogs",
        "POST lgate_qualificationlogs",
    ]
    assert len({str((request.body or {}).get("lgate_qualificationlogid")) for request in made.requests[2:]}) == 2


def test_a_lookup_is_set_by_the_path_of_its_row() -> None:
    assert bind("lgate_leadid", "leads", LEAD) == {"lgate_leadid@odata.bind": f"/leads({LEAD})"}
