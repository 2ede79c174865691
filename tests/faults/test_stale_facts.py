"""An evaluation of older facts never has the last word (design.md section 3, the second look)."""

import pytest

from connector.score_leads import LeadScoring
from tests.world import VISITS, World, once


def score_after_a_stale_write(world: World) -> int:
    """A worker reads that a visit is gone; before it writes, the visit is back and another worker has had its look.

    The other worker finds nothing to write, so no ETag changed: only a second look can tell the first that it was late.
    """
    world.publish(VISITS)
    lead = world.new_lead()
    visit = world.visit(lead)
    world.work(lead)
    assert world.scores(lead)["Visits"]["lgate_score"] == 5
    adapter, slow = world.another_app()
    slow.versions.now()
    world.remove_visit(visit)

    def meanwhile() -> None:
        world.visit(lead)
        before = world.writes()
        world.work(lead)
        assert world.writes() == before

    with once(adapter, "before", meanwhile):
        world.work(lead, app=slow)
    slow.client.close()
    return int(world.scores(lead)["Visits"]["lgate_score"])


def test_the_final_score_is_that_of_the_newest_facts(world: World) -> None:
    assert score_after_a_stale_write(world) == 5


def test_without_the_second_look_the_older_facts_would_win(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = LeadScoring._write
    monkeypatch.setattr(LeadScoring, "_write", lambda *args: write(*args) and {})
    assert score_after_a_stale_write(world) == 0
