"""Whatever people set and whatever fails meanwhile: in the end each model is Draft, Live or Stopped, and truly so."""

import json
import random
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import requests

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.drafts import Draft, model_with_id, read_model
from connector.errors import QueueError
from connector.left_over import queue_left_over
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.tables import ACTIVE, INACTIVE, Lifecycle, PublishedVersion, ScoringModel
from connector.unpublished import has_unpublished_changes
from connector.versions import MODEL
from dataverse import query, update
from dataverse.odata import eq
from scoring import parse_model
from tests.world import FIT, World

ROUNDS_MAX = 12
BY_HAND = (
    {"statecode": ACTIVE, "statuscode": Lifecycle.DRAFT},
    {"statecode": ACTIVE, "statuscode": Lifecycle.PUBLISHING},
    {"statecode": ACTIVE, "statuscode": Lifecycle.PUBLISHING},
    {"statecode": ACTIVE, "statuscode": Lifecycle.LIVE},
    {"statecode": ACTIVE, "statuscode": Lifecycle.STOPPING},
    {"statecode": INACTIVE, "statuscode": Lifecycle.STOPPED},
    {ScoringModel.MIN_SCORE: 0},
    {ScoringModel.MIN_SCORE: 1},
    {ScoringModel.ENTRY: "{"},
    {ScoringModel.ENTRY: json.dumps({"column": "jobtitel", "op": "null"})},
    {ScoringModel.ENTRY: None},
)


class Faults:
    """Requests that do not arrive, answers that are lost, and a queue that takes nothing, one time in five."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.send = world.queue.send

    def begin(self) -> None:
        self.world.adapter.before = self.world.adapter.after = self._cut
        self.world.queue.send = self._refuse  # type: ignore[method-assign]

    def end(self) -> None:
        self.world.adapter.before = self.world.adapter.after = lambda _request: None
        self.world.queue.send = self.send  # type: ignore[method-assign]

    def _cut(self, _request: requests.PreparedRequest) -> None:
        if self.chance.random() < 0.2:
            raise requests.ConnectionError

    def _refuse(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        if self.chance.random() < 0.2:
            raise QueueError(queue, "down")
        self.send(queue, text, delay_s=delay_s)


def live_through(world: World, name: str, chance: random.Random) -> UUID:
    """One history of one model: its id."""
    model = {**FIT, "model": name, "show_on_lead": False}
    apply_definitions(world.app.client, Definitions((parse_model(model),), ()))
    found = read_model(world.app.client, name)
    assert found is not None
    text = LifecycleMessage(table=ScoringModel.TABLE, id=found.row_id).text()
    faults = Faults(world, chance)
    for _ in range(chance.randint(2, 7)):
        row_id = str(found.row_id)
        world.app.client.send(update(ScoringModel.SET, row_id, chance.choice(BY_HAND), etag="*"))
        faults.begin()
        for _ in range(chance.randint(0, 2)):
            with suppress(QueueError):  # the host keeps the message, and hands it over again
                world.app.lifecycle.work(text)
        faults.end()
    return found.row_id


def settle(world: World) -> None:
    """What the poll and the queue do in the end, when nothing fails any more."""
    for _ in range(ROUNDS_MAX):
        messages = world.queue.of(LIFECYCLE)
        world.queue.sent.clear()
        if not messages and not queue_left_over(world.app.client, world.queue):
            return
        for text in messages:
            world.app.lifecycle.work(text)
    pytest.fail(f"not settled: {world.queue.of(LIFECYCLE)}")


def active_versions(world: World, model_id: UUID) -> dict[UUID, str]:
    columns = [PublishedVersion.ID, PublishedVersion.DEFINITION, "statecode"]
    of_model = eq(f"_{PublishedVersion.MODEL}_value", model_id)
    rows: Any = world.app.client.rows(query(PublishedVersion.SET, select=columns, filter=of_model))
    return {
        UUID(row[PublishedVersion.ID]): row[PublishedVersion.DEFINITION] for row in rows if row["statecode"] == ACTIVE
    }


def is_true(world: World, draft: Draft) -> bool:
    """Whether what the row says is what is: one active version if it is Live, none otherwise, and the mark right."""
    active = active_versions(world, draft.row_id)
    if draft.status != Lifecycle.LIVE:
        return not active and draft.status in (Lifecycle.DRAFT, Lifecycle.STOPPED)
    ((version, text),) = active.items()
    marked = bool(draft.row[ScoringModel.UNPUBLISHED_CHANGES])
    return version == draft.version_id and marked == has_unpublished_changes(draft, MODEL, text)


@pytest.mark.parametrize(
    ("seed", "histories"), [(1, 40), *(pytest.param(seed, 250, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_every_history_ends_in_a_state_that_is_true(world: World, seed: int, histories: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    models = [live_through(world, f"Model {number}", chance) for number in range(histories)]
    settle(world)
    drafts = [draft for row_id in models if (draft := model_with_id(world.app.client, row_id)) is not None]
    assert [draft.name for draft in drafts if not is_true(world, draft)] == []
    assert {draft.status for draft in drafts} == {Lifecycle.DRAFT, Lifecycle.LIVE, Lifecycle.STOPPED}
    in_force = {model.model_id for model in world.app.versions.fresh().live.models}
    assert in_force == {draft.row_id for draft in drafts if draft.status == Lifecycle.LIVE}
