"""What scoring says of the leads of one call: each is counted once, and what is to be tried again says when."""

from collections.abc import Iterator
from uuid import UUID

import pytest
import requests

from connector.score_leads import LeadScoring, Outcome
from dataverse import ThrottledError
from emulator.fault_rules import FaultRule
from emulator.faults import Faults
from tests.world import FIT, RULE, World, once


@pytest.fixture
def live(world: World) -> Iterator[World]:
    world.publish(FIT, RULE)
    yield world
    world.adapter._handle = world.emulator.handle


def score(world: World, *leads: UUID) -> Outcome:
    return world.app.scoring.score(leads, world.app.versions.now(), "a-correlation")


def test_each_lead_is_done_once_and_writes_and_qualifications_are_counted(live: World) -> None:
    leads = [live.new_lead(jobtitle="CEO", telephone1="1") for _ in range(2)] + [live.new_lead(), live.new_lead()]
    assert score(live, *leads) == Outcome(done=4, written=4, qualified=2)
    assert score(live, *leads) == Outcome(done=4)


def test_leads_that_are_gone_are_done_before_the_first_look_and_after_the_write(live: World) -> None:
    gone, going, staying = live.new_lead(), live.new_lead(jobtitle="CEO"), live.new_lead()
    live.delete_lead(gone)
    with once(live.adapter, "before", lambda: live.delete_lead(going)):
        outcome = score(live, gone, going, staying)
    assert outcome == Outcome(done=3, written=1)


def test_the_correlation_of_the_message_is_in_the_log(live: World) -> None:
    lead = live.new_lead(jobtitle="CEO", telephone1="1")
    bodies: list[bytes] = []
    live.adapter.before = lambda request: bodies.append(body_of(request))
    score(live, lead)
    assert any(b'"lgate_correlationid":"a-correlation"' in body.replace(b'": "', b'":"') for body in bodies)
    assert any(b"tag=leadgate:a-correlation" in body or b"tag=leadgate%3Aa-correlation" in body for body in bodies)


def test_a_dry_run_holds_what_it_would_write_and_counts_who_would_qualify(live: World) -> None:
    leads = [live.new_lead(jobtitle="CEO", telephone1="1") for _ in range(2)] + [live.new_lead()]
    dry = LeadScoring(live.app.client, live.clock, writes=False)
    outcome = dry.score(leads, live.app.versions.now(), "a-correlation")
    assert outcome == Outcome(held=3, qualified=2)
    assert [live.scores(lead) for lead in leads] == [{}, {}, {}]


def test_a_write_that_meets_a_limit_is_raised_with_the_wait_that_was_asked_for(live: World) -> None:
    leads = [live.new_lead(jobtitle="CEO"), live.new_lead()]
    faults = Faults()
    faults.add(FaultRule(path=r"\$batch", nth=2, status=429, headers={"Retry-After": "77"}, count=None))
    live.adapter._handle = faults.around(live.emulator.handle)
    with pytest.raises(ThrottledError) as raised:
        score(live, *leads)
    assert raised.value.retry_after_s == 77
    live.adapter._handle = live.emulator.handle
    live.clock.forward(seconds=78)
    assert [live.scores(lead) for lead in leads] == [{}, {}]


def body_of(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    return body if isinstance(body, bytes) else body.encode()
