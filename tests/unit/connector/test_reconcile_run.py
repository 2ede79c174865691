"""A run of reconcile as it is kept: each step is another value, and what cannot be read is a beginning."""

from datetime import timedelta
from uuid import UUID

import pytest

from connector.compare_leads import Compared
from connector.drift import Difference
from connector.reconcile import SUSPECTS_MAX
from connector.reconcile_run import Run, read_run
from tests.unit.connector.fakes import NOW

LEADS = tuple(UUID(int=number) for number in range(1, 4))
CURSOR_CHARACTERS_MAX = 100_000


def test_the_sweeps_follow_one_another_and_then_it_is_done() -> None:
    run = Run(begun_on=NOW).swept("link", Compared(250, {}), (), NOW)
    assert (run.sweep, run.link, run.leads, run.is_done) == ("open-leads", "link", 250, False)
    run = run.swept(None, Compared(3, {}, LEADS[:1]), (), NOW)
    assert (run.sweep, run.link, run.leads, run.unscorable) == ("ended-rows", None, 253, 1)
    run = run.swept(None, Compared(0, {}), (), NOW)
    assert (run.sweep, run.link, run.is_done) == (None, None, True)


def test_a_run_with_suspects_is_not_done_until_they_were_looked_at_again() -> None:
    later = NOW + timedelta(minutes=1)
    run = Run(begun_on=NOW).swept(None, Compared(3, {}), LEADS[:2], NOW).swept(None, Compared(0, {}), LEADS[2:], later)
    assert (run.sweep, run.suspects, run.suspected_on, run.is_done) == (None, LEADS, later, False)
    assert run.without_suspects(2).suspects == LEADS[2:]
    assert run.without_suspects(3).is_done


def test_what_is_confirmed_is_counted_by_kind() -> None:
    fit, rule = Difference("missing-row", "Fit"), Difference("rule", "MQL")
    run = Run(begun_on=NOW).confirmed({LEADS[0]: (fit, rule)}, 1).confirmed({LEADS[1]: (fit,)}, 1)
    assert run.counts() == {
        "leads": 0,
        "drifted": 2,
        "enqueued": 2,
        "unscorable": 0,
        "drift_missing_row": 2,
        "drift_rule": 1,
    }


def test_a_run_is_read_as_it_was_kept() -> None:
    run = Run(begun_on=NOW).swept("link", Compared(2, {}), LEADS, NOW).confirmed({LEADS[0]: ()}, 1)
    assert read_run(run.model_dump_json()) == run


@pytest.mark.parametrize("text", [None, "", "{}", "null", '{"begun_on":"2026-03-02T09:00:00Z","stage":"old"}'])
def test_what_is_not_a_run_means_that_a_new_one_begins(text: str | None) -> None:
    assert read_run(text) is None


def test_a_run_with_all_the_suspects_there_can_be_fits_into_its_column() -> None:
    suspects = tuple(UUID(int=2**127 + number) for number in range(SUSPECTS_MAX))
    run = Run(begun_on=NOW).swept("x" * 4_000, Compared(10**6, {}), suspects, NOW)
    assert len(run.model_dump_json()) < CURSOR_CHARACTERS_MAX
