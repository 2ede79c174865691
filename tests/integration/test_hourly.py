"""How many leads a rule may still run QualifyLead on: what its log says of the last hour, counted by Dataverse."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from connector import hourly
from connector.hourly import HOUR, left_this_hour
from connector.live import LiveRule
from connector.tables import Lead, QualificationLog, QualificationRule
from dataverse import TooManyRowsError, create
from tests.world import RULE, World

MAX = 5
RULES = {"max_per_hour": MAX, "existing_leads": "include", "actions": {"qualify_lead": {}}}


@pytest.fixture
def rule(world: World) -> LiveRule:
    fit = {"model": "Fit", "groups": [{"name": "t", "points": 1, "when": {"column": "jobtitle", "op": "not-null"}}]}
    world.publish(fit, RULE | RULES, RULE | RULES | {"rule": "Another"})
    return next(each for each in world.app.versions.now().live.rules if each.name == RULE["rule"])


def log(world: World, rule_id: UUID, outcome: int, ago: timedelta = timedelta(minutes=1)) -> None:
    row = {
        QualificationLog.ID: str(uuid4()),
        QualificationLog.NAME: "entry",
        QualificationLog.OUTCOME: outcome,
        QualificationLog.DECIDED_ON: (world.clock() - ago).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{QualificationLog.LEAD}@odata.bind": f"/{Lead.SET}({world.new_lead()})",
        f"{QualificationLog.RULE}@odata.bind": f"/{QualificationRule.SET}({rule_id})",
    }
    world.app.client.send(create(QualificationLog.SET, row, id_column=QualificationLog.ID))


def left(world: World, rule: LiveRule) -> int:
    return left_this_hour(world.app.client, rule, world.clock())


@pytest.mark.parametrize(
    ("outcome", "remaining"),
    [
        (QualificationLog.QUALIFIED, MAX - 1),
        (QualificationLog.QUALIFYING, MAX - 1),
        (QualificationLog.BLOCKED, MAX),
        (QualificationLog.FAILED, MAX),
        (QualificationLog.REOPENED, MAX),
    ],
)
def test_what_ran_or_is_under_way_counts_and_what_did_not_run_does_not(
    world: World, rule: LiveRule, outcome: int, remaining: int
) -> None:
    log(world, rule.rule_id, outcome)
    assert left(world, rule) == remaining


def test_an_hour_later_an_entry_counts_no_more(world: World, rule: LiveRule) -> None:
    log(world, rule.rule_id, QualificationLog.QUALIFIED, HOUR - timedelta(seconds=1))
    log(world, rule.rule_id, QualificationLog.QUALIFIED, HOUR)
    assert left(world, rule) == MAX - 1


def test_each_rule_has_its_own_hour(world: World, rule: LiveRule) -> None:
    another = next(each for each in world.app.versions.now().live.rules if each.name == "Another")
    log(world, another.rule_id, QualificationLog.QUALIFIED)
    assert (left(world, rule), left(world, another)) == (MAX, MAX - 1)


def test_a_rule_that_exceeded_its_hour_has_nothing_left_and_no_less(world: World, rule: LiveRule) -> None:
    for _ in range(MAX + 2):
        log(world, rule.rule_id, QualificationLog.QUALIFIED)
    assert left(world, rule) == 0


def test_more_entries_than_dataverse_counts_leave_nothing(
    world: World, rule: LiveRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_args: object) -> int:
        raise TooManyRowsError(request_id="", about="count")

    monkeypatch.setattr(hourly, "count", too_many)
    assert left(world, rule) == 0
