"""Everything in one process: an emulated Dataverse, its queues, and the Functions host with the real app in it."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from admin.provisioning import schema_steps
from admin.webhooks import Webhook, webhook_steps
from connector.bootstrap import App, build
from connector.lifecycle_message import LIFECYCLE
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.settings import Settings, emulator_environment
from emulator.host import FunctionsHost
from emulator.running import EmulatorAddresses, RunningEmulator, running_emulator

ROOT: Final = Path(__file__).resolve().parent.parent
SETTLE_TIMEOUT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Playground:
    """A running emulator and host, the settings that lead to them, and the app over these settings."""

    emulated: RunningEmulator
    host: FunctionsHost
    settings: Mapping[str, str]
    app: App

    def provision(self) -> int:
        """Add all that Leadgate needs, its webhook included; how many steps that took."""
        done = 0
        webhook = Webhook(f"{self.host.url}/api/row-changed", self.app.settings.webhook_secrets[0])
        for steps in (schema_steps(self.app.client), webhook_steps(self.app.client, webhook)):
            for step in steps:
                step.make(self.app.client)
                done += 1
        return done

    def settle(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Wait until every webhook is delivered, every message worked, and nothing new came of it."""
        while True:
            before = self.emulated.webhooks.counts
            self.emulated.webhooks.drain(timeout_s)
            self.host.wait_idle(timeout_s)
            if self.emulated.webhooks.counts == before:
                return

    def poison_count(self) -> int:
        """How many messages were set aside, up to 32 of each queue."""
        queues = (LEAD_CHANGES + POISON, LEAD_CHANGES_BULK + POISON, LIFECYCLE + POISON)
        return sum(len(self.app.queue.take(queue, at_most=32, lease_s=1)) for queue in queues)


@contextmanager
def playground(
    *, dataverse_port: int = 0, queue_port: int = 0, host_port: int = 0, db: Path | None = None
) -> Iterator[Playground]:
    """A playground on free ports, or on the ports named; rows in memory, or in the file `db`."""
    with running_emulator(path=db, web_api_port=dataverse_port, queue_port=queue_port) as emulated:
        settings = settings_for(emulated.addresses)
        with FunctionsHost("function_app:app", ROOT / "host.json", settings, port=host_port) as host:
            app = build(Settings.from_environment(settings))
            try:
                yield Playground(emulated, host, settings, app)
            finally:
                app.client.close()


def settings_for(addresses: EmulatorAddresses) -> dict[str, str]:
    """The settings of an app that works against these addresses, with a webhook secret of its own."""
    return emulator_environment(
        dataverse_url=addresses.dataverse_url,
        token=addresses.token,
        organization_id=addresses.organization_id,
        storage=addresses.queue_connection_string,
        webhook_secret=secrets.token_urlsafe(32),
    )
