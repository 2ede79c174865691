"""The forms of models and rules, as people and webhooks use them, over the small world."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from admin.definition_commands import apply_definitions
from admin.definitions import Definitions
from connector.drafts import Draft, read_model, read_rule
from connector.lifecycle import Lifecycle
from connector.lifecycle_message import LifecycleMessage
from connector.rules import parse_rule
from connector.tables import (
    PublishedVersion,
    QualificationRule,
    ScoringGroup,
    ScoringModel,
)
from dataverse import query, update
from scoring import parse_model
from tests.world import World

NAME = "Marketing qualified"


def apply(world: World, *definitions: dict[str, Any]) -> None:
    models = tuple(parse_model(each) for each in definitions if "model" in each)
    rules = tuple(parse_rule(each) for each in definitions if "rule" in each)
    apply_definitions(world.app.client, Definitions(models, rules))


def changed(model: dict[str, Any], points: int) -> dict[str, Any]:
    first, *others = model["groups"]
    return {**model, "groups": [{**first, "points": points}, *others]}


def draft(world: World, name: str) -> Draft:
    found = read_rule(world.app.client, name) if name == NAME else read_model(world.app.client, name)
    assert found is not None
    return found


def write(world: World, name: str, **columns: object) -> None:
    """An edit of the row by a person."""
    entity_set = QualificationRule.SET if name == NAME else ScoringModel.SET
    world.app.client.send(update(entity_set, str(draft(world, name).row_id), columns, etag="*"))


def row(world: World, name: str) -> dict[str, Any]:
    of = QualificationRule if name == NAME else ScoringModel
    columns = ["statecode", "statuscode", of.ERROR_DETAILS, of.UNPUBLISHED_CHANGES, f"_{of.CURRENT_VERSION}_value"]
    rows = world.app.client.rows(query(of.SET, select=[of.NAME, *columns]))
    return next(dict(found) for found in rows if found[of.NAME] == name)


def standing(world: World, name: str) -> tuple[int, int, str | None]:
    found = row(world, name)
    return found["statecode"], found["statuscode"], found[ScoringModel.ERROR_DETAILS]


def message(world: World, name: str) -> LifecycleMessage:
    table = QualificationRule.TABLE if name == NAME else ScoringModel.TABLE
    return LifecycleMessage(table=table, id=draft(world, name).row_id)


def look(world: World, name: str) -> None:
    world.app.lifecycle.work(message(world, name).text())


def ask(world: World, name: str, status: int) -> None:
    """What the form and the webhook do: the Status Reason is set, and a message is queued."""
    write(world, name, statuscode=status)
    look(world, name)


def versions(world: World) -> list[tuple[str, int]]:
    columns = [PublishedVersion.NAME, PublishedVersion.NUMBER, "statecode"]
    rows = world.app.client.rows(query(PublishedVersion.SET, select=columns, orderby=[PublishedVersion.NAME]))
    return [(str(found[PublishedVersion.NAME]), int(str(found["statecode"]))) for found in rows]


def score(world: World, lead: UUID) -> int:
    world.app.versions.fresh()
    world.work(lead)
    found: int = world.scores(lead)["Fit"]["lgate_score"]
    return found


def edit_points(world: World, points: int) -> UUID:
    """A person edits a group of Fit on its form; the group's id."""
    rows = world.app.client.rows(query(ScoringGroup.SET, select=[ScoringGroup.ID, ScoringGroup.NAME]))
    group = next(UUID(str(found[ScoringGroup.ID])) for found in rows if found[ScoringGroup.NAME] == "Job title given")
    world.app.client.send(update(ScoringGroup.SET, str(group), {ScoringGroup.POINTS: points}, etag="*"))
    return group


class Ticking:
    """A clock that moves by two minutes at each look at it: the time of a function is soon up."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self) -> Any:
        self.world.clock.forward(minutes=2)
        return self.world.clock()


def scanning(world: World, page_size: int) -> Lifecycle:
    """The production life cycle with a page size and a clock that leave no time for a second page."""
    publisher = replace(world.app.publisher, page_size=page_size, clock=Ticking(world))
    return replace(world.app.lifecycle, publisher=publisher)
