"""Every write to a row that was read carries the ETag that was read, and rules stay out of each other's columns."""

from datetime import timedelta
from uuid import UUID

from connector.decide import decide
from connector.decide_scores import decide_scores, scores_now
from connector.ids import lead_score_id
from tests.unit.connector.fakes import FIT, LEAD, NOW, RULE, acted, lead_row, live, live_model, live_rule, look, stored

LATER = NOW + timedelta(days=90)
IN_THE_AUDIENCE_SOON = {"column": "lastonholdtime", "op": "last-x-days", "value": 5}


def test_an_inactive_row_whose_instant_alone_is_wrong_is_guarded() -> None:
    in_force = live(live_model(entry=IN_THE_AUDIENCE_SOON))
    outside = lead_row(lastonholdtime="2026-08-20T08:00:00Z")
    seen = look(outside, scores=[stored(active=False, rescore_on=LATER)])
    (write,) = decide_scores(seen, in_force, scores_now(seen, in_force, NOW), NOW)
    assert write.changes == {"lgate_rescoreon": "2026-08-20T08:00:00Z"}
    assert (write.row_id, write.etag) == (lead_score_id(LEAD, FIT), 'W/"3"')


def test_an_ended_row_that_would_be_due_for_ever_is_guarded() -> None:
    seen = look(scores=[stored(active=False, rescore_on=LATER)])
    (write,) = decide_scores(seen, live(), {}, NOW)
    assert write.changes == {"lgate_rescoreon": None}
    assert write.etag == 'W/"3"'


def test_what_each_rule_that_acted_has_set_is_left_by_all_later_rules() -> None:
    """Two rules acted, each on a column of its own: a third, met only now, finds both taken."""
    first, second, third = (UUID(int=RULE.int + number) for number in range(3))
    in_force = live(
        live_model(),
        live_rule(rule_id=first, name="1", changes={"statuscode": 2}),
        live_rule(rule_id=second, name="2", changes={"msdyncrm_salesready": True}),
        live_rule(rule_id=third, name="3", changes={"statuscode": 3, "msdyncrm_salesready": False, "rating": 1}),
    )
    seen = look(scores=[stored()], log=[acted(rule_id=first), acted(rule_id=second)])
    (qualification,) = decide(seen, in_force, NOW).qualifications
    assert qualification.actions == {"rating": 1}


def test_a_rule_that_acted_does_not_keep_the_next_from_acting() -> None:
    first, second = (UUID(int=RULE.int + number) for number in range(2))
    in_force = live(
        live_model(),
        live_rule(rule_id=first, name="1", changes={"statuscode": 2}),
        live_rule(rule_id=second, name="2", changes={"rating": 1}),
    )
    seen = look(scores=[stored()], log=[acted(rule_id=first)])
    assert [each.name for each in decide(seen, in_force, NOW).qualifications] == ["2"]
