"""Every status of a lead, at the read and between read and write, below, at and above the threshold, for each action.

Only open leads are acted on, and on them exactly what the rule says is written (reliability R6).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import FIT, RULE, World, once

OPEN, CLOSED_BY_ACTION = 0, (1, 3)
PAIRS = [(0, 1), (0, 2), (0, 482100000), (1, 3), (2, 4), (2, 5), (2, 6), (2, 7)]
POINTS: dict[str, dict[str, object]] = {
    "below": {"telephone1": "1"},
    "equal": {"jobtitle": "CEO"},
    "above": {"jobtitle": "CEO", "telephone1": "1"},
}
ACTIONS: dict[str, dict[str, Any]] = {
    "status_reason": {"status_reason": "Marketing Qualified"},
    "sales_ready": {"sales_ready": True},
    "qualify_lead": {"qualify_lead": {}},
}


@pytest.fixture(scope="module", params=ACTIONS)
def acting(request: pytest.FixtureRequest) -> Iterator[tuple[str, World]]:
    """An environment whose one rule has the one action, from 100 points on."""
    world = World()
    criteria = [{"model": "Fit", "at_least": 100}]
    world.publish(FIT, {**RULE, "criteria": criteria, "actions": ACTIONS[request.param], "existing_leads": "include"})
    yield request.param, world
    world.close()


def expected(action: str, pair: tuple[int, int], points: str) -> dict[str, object]:
    """What a lead is after the rule had its chance."""
    acts = pair[0] == OPEN and points != "below"
    state = dict(zip(("statecode", "statuscode"), pair, strict=True))
    untouched = {**state, "lgate_salesready": False, "qualified": False, "entries": 0, "contacts": 0}
    if not acts:
        return untouched
    done = {**untouched, "qualified": True, "entries": 1}
    match action:
        case "status_reason":
            return {**done, "statuscode": 482100000}
        case "sales_ready":
            return {**done, "lgate_salesready": True}
    return {**done, "statecode": CLOSED_BY_ACTION[0], "statuscode": CLOSED_BY_ACTION[1], "contacts": 1}


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize("moment", ["at the read", "before the write"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_what_is_written_is_what_the_rule_says_and_nothing_on_leads_that_are_not_open(
    acting: tuple[str, World], pair: tuple[int, int], moment: str, points: str
) -> None:
    action, world = acting
    lead = world.new_lead(**POINTS[points])
    change = dict(zip(("statecode", "statuscode"), pair, strict=True))
    if moment == "at the read":
        world.edit(lead, **change)
        world.work(lead)
    else:
        with once(world.adapter, "before", lambda: world.edit(lead, **change)):
            world.work(lead)
    row = world.lead(lead, "statecode", "statuscode", "lgate_salesready", "lgate_qualifiedon", "_parentcontactid_value")
    assert {
        "statecode": row["statecode"],
        "statuscode": row["statuscode"],
        "lgate_salesready": bool(row["lgate_salesready"]),
        "qualified": row["lgate_qualifiedon"] is not None,
        "entries": len(world.log(lead)),
        "contacts": int(row["_parentcontactid_value"] is not None),
    } == expected(action, pair, points)
