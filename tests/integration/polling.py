"""What the tests of polling have in common: models that reach other tables, ticks of a new process, a drained queue."""

import json
from typing import Any
from uuid import UUID, uuid4

from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK
from connector.poll_changes import PollChanges
from connector.tables import LeadScore
from dataverse import Request, create, query, update
from dataverse.odata import eq
from tests.world import World

LARGE_ACCOUNT: dict[str, Any] = {
    "model": "Account",
    "groups": [
        {
            "name": "Large",
            "points": 20,
            "when": {"column": "parentaccountid.numberofemployees", "op": "ge", "value": 250},
        }
    ],
}
KNOWN_CONTACT: dict[str, Any] = {
    "model": "Contact",
    "groups": [{"name": "Title", "points": 3, "when": {"column": "parentcontactid.jobtitle", "op": "not-null"}}],
}
DEALS: dict[str, Any] = {
    "model": "Deals",
    "groups": [
        {
            "name": "Deals",
            "points": 7,
            "interactions": {
                "table": "opportunity",
                "lead": "originatingleadid",
                "contact": "parentcontactid",
                "at": "createdon",
            },
        }
    ],
}


def tick(world: World, **limits: Any) -> dict[str, set[UUID]]:
    """One tick of a process that is new: the rows it queued, by table, whichever queue they are in."""
    world.queue.sent.clear()
    poller(world, **limits).tick()
    return queued(world)


def poller(world: World, **limits: Any) -> PollChanges:
    poll = world.app.poll_changes
    return PollChanges(poll.client, poll.versions, world.queue, world.clock, "live", **limits)


def queued(world: World, *queues: str) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    for queue in queues or (LEAD_CHANGES, LEAD_CHANGES_BULK):
        for message in map(json.loads, world.queue.of(queue)):
            found.setdefault(message["table"], set()).update(UUID(row_id) for row_id in message["ids"])
    return found


def drain(world: World) -> int:
    """Work every message, and what comes of it; how many there were."""
    worked = 0
    while world.queue.sent:
        queue, text, _ = world.queue.sent.pop(0)
        world.app.worker.work(text, queue)
        worked += 1
        assert worked < 1_000, "it does not end"
    return worked


def new_row(world: World, entity_set: str, **columns: object) -> UUID:
    row_id = uuid4()
    id_column = {"accounts": "accountid", "contacts": "contactid", "opportunities": "opportunityid"}[entity_set]
    world.app.client.send(create(entity_set, {id_column: str(row_id), **columns}, id_column=id_column))
    return row_id


def change(world: World, entity_set: str, row_id: UUID, **columns: object) -> None:
    world.app.client.send(update(entity_set, str(row_id), columns, etag="*"))


def bound(column: str, entity_set: str, row_id: UUID) -> dict[str, object]:
    return {f"{column}@odata.bind": f"/{entity_set}({row_id})"}


def merge(world: World, stays: UUID, goes: UUID, table: str = "lead", **content: object) -> None:
    """What a person does in Dynamics: `goes` is folded into `stays`."""
    kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{table}"}
    body: dict[str, object] = {
        "Target": {**kind, f"{table}id": str(stays)},
        "Subordinate": {**kind, f"{table}id": str(goes)},
        "PerformParentingChecks": False,
    }
    if content:
        body["UpdateContent"] = {**kind, **content}
    world.app.client.send(Request("POST", "Merge", body=body))


def score(world: World, lead: UUID, model: str) -> int | None:
    """The lead's active score under a model."""
    rows = [row for row in score_rows(world, lead) if row[LeadScore.NAME] == model and row["statecode"] == 0]
    assert len(rows) < 2, "a lead has one active score for a model"
    return rows[0][LeadScore.SCORE] if rows else None


def score_rows(world: World, lead: UUID) -> list[dict[str, Any]]:
    """All score rows of the lead: of one model there are several after a merge."""
    columns = (LeadScore.ID, LeadScore.NAME, LeadScore.SCORE, LeadScore.RESCORE_ON, "statecode", "statuscode")
    of_lead = query(LeadScore.SET, select=columns, filter=eq(f"_{LeadScore.LEAD}_value", lead))
    return [dict(row) for row in world.app.client.rows(of_lead)]
