"""`leadgate reconcile`: drift is found and, when asked, mended (reliability R18, 2.7)."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import requests
from typer.testing import CliRunner

from admin import reconcile_command
from admin.__main__ import app as command
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.tables import Lead, LeadScore, QualificationLog, SyncState
from dataverse import delete, query
from scoring import FactError
from tests.evidence import keep_evidence
from tests.faults.checker import check, drain, drifted, fact
from tests.world import FIT, RULE, VISITS, World

BOTH = {"jobtitle": "CEO", "telephone1": "1"}
QUALIFIED = {"statuscode": 482100000, "lgate_salesready": True}


@pytest.fixture
def live(world: World) -> World:
    world.publish(FIT, VISITS, RULE)
    world.queue.sent.clear()
    return world


@pytest.fixture
def run(live: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`leadgate reconcile --json`, run against the world: exit code and what it printed."""
    monkeypatch.setattr(reconcile_command, "connect", lambda: live.app)

    def invoke(*options: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(command, ["reconcile", "--json", *options], catch_exceptions=False)
        return result.exit_code, json.loads(result.stdout)

    return invoke


def queued(world: World) -> set[UUID]:
    return {UUID(row_id) for text in world.queue.of(LEAD_CHANGES_BULK) for row_id in json.loads(text)["ids"]}


def kinds(report: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(each["kind"], each["of"]): each["leads"] for each in report["drift"]}


def lose_the_log(world: World, lead: UUID) -> None:
    for row in world.log(lead):
        world.app.client.send(delete(QualificationLog.SET, row[QualificationLog.ID], etag="*"))


def lose_the_row(world: World, lead: UUID) -> None:
    world.app.client.send(delete(LeadScore.SET, str(world.scores(lead)["Fit"][LeadScore.ID]), etag="*"))


SEEDED: dict[str, Callable[[World, UUID], None]] = {
    "score written": lambda world, lead: world.overwrite_score(lead, "Fit", lgate_score=7),
    "row deleted": lose_the_row,
    "row ended": lambda world, lead: world.overwrite_score(lead, "Fit", statecode=1, statuscode=2),
    "explanation written": lambda world, lead: world.overwrite_score(lead, "Fit", lgate_explanation="{}"),
    "instant emptied": lambda world, lead: world.overwrite_score(lead, "Visits", lgate_rescoreon=None),
    "message lost": lambda world, lead: world.edit(lead, **BOTH),
    "log entry deleted": lose_the_log,
}


def seeded(world: World) -> dict[str, UUID]:
    """Ten leads: seven drifted by hand, one un-qualified by a sales person, one closed, one as it should be."""
    drifting = {drift: world.new_lead(**({} if drift == "message lost" else BOTH)) for drift in SEEDED}
    others = {name: world.new_lead(**BOTH) for name in ("un-qualified", "closed", "right")}
    leads = drifting | others
    for lead in leads.values():
        world.visit(lead, days_ago=1)
    world.work(*leads.values())
    world.edit(leads["un-qualified"], statuscode=1, lgate_salesready=False)
    world.edit(leads["closed"], statecode=2, statuscode=4)
    world.work(leads["closed"])
    for name, drift in SEEDED.items():
        drift(world, drifting[name])
    return leads


EXPECTED_KINDS = {
    ("score", "Fit"): 2,  # written by another software, and the lead whose message was lost
    ("missing-row", "Fit"): 1,
    ("ended-row", "Fit"): 1,
    ("explanation", "Fit"): 1,
    ("due-instant", "Visits"): 1,
    ("rule", "Marketing qualified"): 2,  # the message that was lost, and the log entry that was
    ("primary-score", "Fit"): 1,  # the row that was deleted took the lead's pointer with it
}


def test_seven_rows_that_drifted_are_found_and_repaired_by_one_command_and_the_worker(
    live: World, run: Callable[..., Any]
) -> None:
    leads = seeded(live)
    before = live.writes()
    exit_code, report = run()
    assert (exit_code, report["leads"], report["drifted"], report["enqueued"]) == (1, 9, 7, 0)
    assert kinds(report) == EXPECTED_KINDS
    assert {lead for each in report["drift"] for lead in each["examples"]} == {str(leads[drift]) for drift in SEEDED}
    assert (live.writes(), live.queue.sent) == (before, [])

    exit_code, report = run("--repair")
    assert (exit_code, report["drifted"], report["enqueued"]) == (0, 7, 7)
    assert queued(live) == {leads[drift] for drift in SEEDED}
    drain(live)
    second = run()
    assert second == (0, {"leads": 9, "drifted": 0, "enqueued": 0, "unscorable": 0, "waiting": 0, "drift": []})
    scores = {"Fit": 110, "Visits": 5}
    expected = {lead: fact(scores, **QUALIFIED) for name, lead in leads.items() if name != "closed"}
    expected[leads["un-qualified"]] = fact(scores, statuscode=1, lgate_salesready=False)
    verdict = check(live, expected)
    found = {"seeded": len(SEEDED), "found": report["drifted"], "found_by_a_second_run": second[1]["drifted"]}
    keep_evidence("seeded-drift", **found, after_repair=verdict.counts())
    assert verdict.faults == 0, verdict


@pytest.mark.parametrize("drift", ["closed", "closed and due", "opted out", "stopped model", "grade", "primary score"])
def test_what_else_can_drift_is_found_and_repaired(live: World, run: Callable[..., Any], drift: str) -> None:
    lead, other = live.new_lead(jobtitle="CEO"), live.new_lead(jobtitle="CTO")
    live.work(lead, other)
    match drift:
        case "closed":
            live.edit(lead, statecode=2, statuscode=4)
        case "closed and due":
            live.edit(lead, statecode=2, statuscode=4)
            live.work(lead)
            live.overwrite_score(lead, "Visits", lgate_rescoreon="2026-04-01T00:00:00Z")
        case "opted out":
            live.edit(lead, msdyn_gdproptout=True)
        case "stopped model":
            live.publisher().stop_model("Visits")
            live.queue.sent.clear()
            live.app.versions.fresh()
        case "grade":
            live.overwrite_score(lead, "Fit", lgate_grade="Cold")
        case "primary score":
            row = live.scores(other)["Fit"][LeadScore.ID]
            live.edit(lead, **{f"{Lead.PRIMARY_SCORE}@odata.bind": f"/lgate_leadscores({row})"})
    exit_code, report = run("--repair")
    assert exit_code == 0
    assert (
        kinds(report)
        == {
            "closed": {("active-row", "Fit"): 1, ("active-row", "Visits"): 1},
            "closed and due": {("due-instant", "Visits"): 1},
            "opted out": {("active-row", "Fit"): 1, ("active-row", "Visits"): 1},
            "stopped model": {("active-row", "(no live model)"): 2},
            "grade": {("grade", "Fit"): 1},
            "primary score": {("primary-score", "Fit"): 1},
        }[drift]
    )
    drain(live)
    assert run()[1]["drifted"] == 0
    assert list(drifted(live)) == []


def test_a_lead_that_changed_while_it_was_compared_is_not_drift(live: World, run: Callable[..., Any]) -> None:
    lead = live.new_lead(jobtitle="CEO")
    live.work(lead)
    live.edit(lead, telephone1="1")
    batches = 0

    def its_message_is_worked_meanwhile(request: requests.PreparedRequest) -> None:
        nonlocal batches
        batches += str(request.url).endswith("$batch")
        if batches == 2:  # the second look
            live.adapter.before = lambda _request: None
            live.work(lead)

    live.adapter.before = its_message_is_worked_meanwhile
    exit_code, report = run()
    assert (exit_code, report["drifted"], batches) == (0, 0, 2)


def test_the_command_says_when_messages_were_waiting(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_command, "connect", lambda: live.app)
    lead = live.new_lead(jobtitle="a canary of the lead")
    live.queue.send(LEAD_CHANGES, "{}")
    result = CliRunner().invoke(command, ["reconcile"], env={"COLUMNS": "120"}, catch_exceptions=False)
    assert result.exit_code == 1
    assert "1 leads compared, 1 differ, 0 queued" in result.stdout
    assert "1 messages were waiting" in result.stdout
    assert str(lead) in result.stdout
    assert "canary" not in result.output


def test_a_lead_that_cannot_be_scored_is_told_and_not_queued(
    live: World, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    live.new_lead(jobtitle="CEO")
    model = live.app.versions.now().live.models[0]

    def wrong_type(*_args: object) -> None:
        raise FactError("jobtitle", "text", "number")

    monkeypatch.setattr(type(model.scorer), "score", wrong_type)
    exit_code, report = run("--repair")
    assert (exit_code, report["unscorable"], report["enqueued"]) == (1, 1, 0)


def test_with_queue_and_sync_state_lost_one_command_brings_everything_to_what_it_should_be(
    live: World, run: Callable[..., Any]
) -> None:
    settled, changed, new = live.new_lead(**BOTH), live.new_lead(), live.new_lead(jobtitle="CTO")
    live.work(settled, changed)
    live.app.poll_changes.tick()
    live.edit(changed, **BOTH)
    live.app.poll_changes.tick()
    live.queue.sent.clear()
    for row in list(live.app.client.rows(query(SyncState.SET, select=[SyncState.ID]))):
        live.app.client.send(delete(SyncState.SET, str(row[SyncState.ID]), etag="*"))
    exit_code, report = run("--repair")
    assert (exit_code, report["drifted"]) == (0, 2)
    drain(live)
    expected = {
        settled: fact({"Fit": 110, "Visits": 0}, **QUALIFIED),
        changed: fact({"Fit": 110, "Visits": 0}, **QUALIFIED),
        new: fact({"Fit": 100, "Visits": 0}, statuscode=1),
    }
    verdict = check(live, expected)
    assert verdict.faults == 0, verdict
