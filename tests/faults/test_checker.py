"""The checker finds what is wrong, each kind by its name: a green run says something."""

from uuid import UUID, uuid4

import pytest

from connector.messages import LEAD_CHANGES, POISON
from connector.tables import LeadScore, QualificationLog
from dataverse import create, delete, update
from tests.faults.checker import Fact, check, klint
from tests.world import FIT, RULE, World

BOTH = {"jobtitle": "CEO", "telephone1": "1"}
QUALIFIED = 482100000


@pytest.fixture
def settled(world: World) -> tuple[World, UUID, dict[UUID, Fact]]:
    """Three open leads of which one is qualified, and a closed one; what is expected of them."""
    world.publish(FIT, RULE)
    world.queue.sent.clear()
    ready, cold, closed = world.new_lead(**BOTH), world.new_lead(), world.new_lead(jobtitle="CTO")
    world.work(ready, cold, closed)
    world.edit(closed, statecode=2, statuscode=4)
    world.work(closed)
    expected = {
        ready: klint(**BOTH, statuscode=QUALIFIED, lgate_salesready=True),
        cold: klint(jobtitle=None, telephone1=None, statuscode=1),
    }
    return world, ready, expected


def score_row(world: World, lead: UUID) -> str:
    return str(world.scores(lead)["Fit"][LeadScore.ID])


def test_nothing_is_wrong_when_all_is_as_expected(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, _, expected = settled
    verdict = check(world, expected)
    assert verdict.faults == 0, verdict
    assert verdict.leads == 3


def test_what_is_stored_otherwise_than_expected_is_lost(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, ready, expected = settled
    world.app.client.send(update(LeadScore.SET, score_row(world, ready), {LeadScore.SCORE: 7}, etag="*"))
    world.edit(ready, statuscode=1)
    gone = uuid4()
    verdict = check(world, expected | {gone: klint(**BOTH)})
    assert sorted(verdict.lost) == sorted([f"{ready}: score of Fit", f"{ready}: statuscode", f"{gone}: gone"])
    assert verdict.drifted == [f"{ready}: score of Fit"]
    assert verdict.replay_writes == 1


def test_a_row_that_is_not_there_is_lost(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, ready, expected = settled
    world.app.client.send(delete(LeadScore.SET, score_row(world, ready), etag="*"))
    assert check(world, expected).lost == [f"{ready}: score of Fit"]


def test_what_nobody_made_or_expects_is_unexpected(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, ready, expected = settled
    ghost = world.new_lead()
    world.edit(ready, statecode=2, statuscode=4)
    verdict = check(world, {lead: each for lead, each in expected.items() if lead != ready}, replay=False)
    assert sorted(verdict.unexpected) == sorted([f"{ghost}: open", f"{ready}: score of Fit"])
    assert sorted(verdict.drifted) == sorted(
        [f"{ghost}: missing-row of Fit", f"{ghost}: primary-score of Fit", f"{ready}: active-row of Fit"]
    )


def test_a_rule_that_acted_twice_is_a_double(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, ready, expected = settled
    (rule,) = world.app.versions.now().live.rules
    entry = {
        QualificationLog.ID: str(uuid4()),
        QualificationLog.NAME: "again",
        QualificationLog.OCCURRENCE: 2,
        QualificationLog.OUTCOME: QualificationLog.QUALIFIED,
        f"{QualificationLog.LEAD}@odata.bind": f"/leads({ready})",
        f"{QualificationLog.RULE}@odata.bind": f"/lgate_qualificationrules({rule.rule_id})",
    }
    world.app.client.send(create(QualificationLog.SET, entry, id_column=QualificationLog.ID))
    verdict = check(world, expected)
    assert verdict.doubles == [f"{ready}: rule {rule.rule_id} acted 2 times"]
    assert verdict.faults == 1


def test_what_was_set_aside_is_counted(settled: tuple[World, UUID, dict[UUID, Fact]]) -> None:
    world, _, expected = settled
    world.queue.send(LEAD_CHANGES + POISON, "{}")
    verdict = check(world, expected)
    assert (verdict.poison, verdict.faults) == (1, 1)
