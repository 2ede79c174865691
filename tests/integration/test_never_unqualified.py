"""Whatever happens to a lead, no write of ours takes a mark away, or touches a column that is not ours to set (R5)."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataverse import DataverseError
from emulator.web_api import Request
from tests.world import FIT, RULE, World

ALLOWED = {
    "statuscode",
    "lgate_salesready",
    "lgate_qualifiedon",
    "lgate_primaryscoreid@odata.bind",
    "parentcontactid@odata.bind",
}
MARKED = {"statuscode": 482100000, "lgate_salesready": True}
MODELS = [FIT, {**FIT, "model": "Other", "show_on_lead": False}]
RULES = [
    {**RULE, "existing_leads": "include"},
    {
        **RULE,
        "rule": "Other",
        "order": 2,
        "existing_leads": "include",
        "criteria": [{"model": "Other", "at_least": 10}],
        "actions": {"sales_ready": True},
    },
]

edits = st.sampled_from(
    [
        {"jobtitle": "CEO"},
        {"jobtitle": None},
        {"telephone1": "1"},
        {"telephone1": None},
        {"statuscode": 1},
        {"statuscode": 2},
        {"lgate_salesready": False},
        {"lgate_salesready": True},
        {"statecode": 2, "statuscode": 4},
        {"statecode": 0, "statuscode": 1},
        {"firstname": "Inès"},
    ]
)
steps = st.one_of(edits, st.sampled_from(["work", "work", "publish", "stop", "tick"]))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    made.publish(*MODELS, *RULES)
    yield made
    made.close()


def writes_on_leads(world: World) -> list[tuple[UUID, dict[str, Any], bool]]:
    """Every write on a lead: the lead, the columns, and whether it is ours (it carries our tag)."""
    seen: list[tuple[UUID, dict[str, Any], bool]] = []

    def note(request: Request, in_changeset: bool) -> None:
        path = unquote(request.target)
        if request.method in {"PATCH", "POST"} and "/leads(" in path:
            lead = UUID(path.partition("/leads(")[2][:36])
            seen.append((lead, json.loads(request.body or b"{}"), "tag=leadgate" in path))

    world.emulator.plug_ins[:] = [note]
    return seen


def history(world: World, moves: list[dict[str, object] | str]) -> None:
    """One lead through these moves; every write of ours is held against what the lead was before it."""
    seen = writes_on_leads(world)
    lead = world.new_lead()
    for move in moves:
        before = world.lead(lead, "statecode", "statuscode", "lgate_salesready")
        seen.clear()
        if isinstance(move, dict):
            try:
                world.edit(lead, **move)
            except DataverseError:
                continue
        elif move == "tick":
            world.clock.forward(minutes=1)
        elif move == "stop":
            world.publisher().stop_rule("Other")
            world.app.versions.fresh()
        elif move == "publish":
            world.publisher().publish_rule("Other", confirmed_flips=1_000)
            world.app.versions.fresh()
        else:
            world.work(lead)
        for written, columns, is_ours in seen:
            if not is_ours:
                continue
            assert written == lead
            assert columns.keys() <= ALLOWED
            assert before["statecode"] == 0
            if before["statuscode"] == MARKED["statuscode"]:
                assert columns.get("statuscode", MARKED["statuscode"]) == MARKED["statuscode"]
            assert columns.get("lgate_salesready", True) is True
    world.delete_lead(lead)
    world.queue.sent.clear()


GENERATED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@settings(max_examples=150, **GENERATED)  # type: ignore[arg-type]  a dict of settings
@given(st.lists(steps, min_size=3, max_size=14))
def test_no_write_of_ours_unqualifies_a_lead_or_touches_another_column(
    world: World, moves: list[dict[str, object] | str]
) -> None:
    history(world, moves)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, **GENERATED)  # type: ignore[arg-type]  a dict of settings
@given(st.lists(steps, min_size=3, max_size=14))
def test_no_write_of_ours_unqualifies_a_lead_in_ten_thousand_histories(
    world: World, moves: list[dict[str, object] | str]
) -> None:
    history(world, moves)
