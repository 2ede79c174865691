"""A lead outside a model's audience has a row only where time alone can bring it in, and then an inactive one."""

from connector.changeset import changeset
from connector.decide import decide
from connector.decide_scores import decide_scores, instant, scores_now
from connector.decision import Decision, ScoreWrite
from connector.ids import lead_score_id
from connector.look import Look
from connector.tables import LeadScore
from tests.unit.connector.fakes import FIT, LEAD, NOW, lead_row, live, live_model, look, stored

SOON = {"column": "lastonholdtime", "op": "last-x-days", "value": 5}
ROW = lead_score_id(LEAD, FIT)
TO_COME = lead_row(lastonholdtime="2026-08-20T08:00:00Z")
OUTSIDE = {"statecode": 1, "statuscode": LeadScore.OUT_OF_AUDIENCE, "lgate_rescoreon": "2026-08-20T08:00:00Z"}


def writes(seen: Look) -> tuple[ScoreWrite, ...]:
    in_force = live(live_model(entry=SOON))
    return decide_scores(seen, in_force, scores_now(seen, in_force, NOW), NOW)


def test_a_lead_that_time_brings_in_gets_an_inactive_row_with_the_instant() -> None:
    (write,) = writes(look(TO_COME))
    assert (write.row_id, write.model_id, write.version_id, write.etag) == (ROW, FIT, None, None)
    assert write.changes == {"lgate_name": "Fit", **OUTSIDE}


def test_a_lead_that_time_does_not_bring_in_gets_none() -> None:
    assert writes(look(lead_row(lastonholdtime="2026-01-01T08:00:00Z"))) == ()
    assert writes(look(lead_row(lastonholdtime=None))) == ()


def test_an_active_row_is_ended_and_keeps_the_instant() -> None:
    (write,) = writes(look(TO_COME, scores=[stored()]))
    assert (write.etag, write.changes) == ('W/"3"', OUTSIDE)


def test_an_inactive_row_that_says_the_instant_is_left_alone() -> None:
    due = scores_now(look(TO_COME), live(live_model(entry=SOON)), NOW)[FIT].valid_until
    assert instant(due) == OUTSIDE["lgate_rescoreon"]
    assert writes(look(TO_COME, scores=[stored(active=False, rescore_on=due)])) == ()
    (write,) = writes(look(TO_COME, scores=[stored(active=False)]))
    assert write.changes == {"lgate_rescoreon": OUTSIDE["lgate_rescoreon"]}


def test_an_instant_that_has_come_and_brought_nothing_is_emptied() -> None:
    gone = lead_row(lastonholdtime="2026-01-01T08:00:00Z")
    (write,) = writes(look(gone, scores=[stored(active=False, rescore_on=NOW)]))
    assert write.changes == {"lgate_rescoreon": None}


def test_a_new_inactive_row_is_created_first_and_then_put_in_its_state() -> None:
    seen = look(TO_COME)
    decision = decide(seen, live(live_model(entry=SOON)), NOW)
    assert isinstance(decision, Decision)
    made, ended = changeset(decision, seen, "c").requests
    assert made.headers["If-None-Match"] == "*"
    assert not {"statecode", "statuscode"} & set(made.body or {})
    assert (ended.method, ended.headers["If-Match"]) == ("PATCH", "*")
    assert ended.body == {"statecode": 1, "statuscode": LeadScore.OUT_OF_AUDIENCE}
    assert decision.primary_score is None
