"""Webhooks in one process: what Dataverse would send of each change, handed to the receiver at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from admin.webhooks import Webhook, webhook_steps
from connector.receive import receive
from emulator.web_api import RowEvent
from emulator.webhooks import Organization, body, serialized
from tests.world import SECRET, World


@contextmanager
def webhooks(world: World) -> Iterator[list[int]]:
    """Registers the steps for what is live, and delivers from then on; yields the statuses that were answered."""
    client, emulator = world.app.client, world.emulator
    for step in webhook_steps(
        client, Webhook("http://127.0.0.1:7071/api/row-changed", SECRET), world.app.versions.fresh().reach
    ):
        step.make(client)
    organization = Organization(emulator.organization_id, emulator.business_unit_id, "127.0.0.1")
    statuses: list[int] = []

    def deliver(event: RowEvent) -> None:
        for step in emulator.steps_for(event):
            content, _ = serialized(body(event, step, emulator.metadata, organization))
            statuses.append(receive(content, {"x-leadgate-secret": SECRET}, lambda: world.app))

    emulator.listeners.append(deliver)
    yield statuses
    emulator.listeners.remove(deliver)
