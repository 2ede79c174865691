"""What the connector asks of the world: each port is an argument, so that a test can hold, break or fake it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""The instant it is now, aware."""

Random = Callable[[], float]
"""A number in [0, 1): the source of jitter."""


@dataclass(frozen=True, slots=True)
class TakenMessage:
    """A message that a worker took off the queue itself; it comes back after its lease unless it is deleted."""

    queue: str
    text: str
    message_id: str
    pop_receipt: str
    inserted_on: datetime | None = None


class Queue(Protocol):
    """The messages of the app: at least once, in any order."""

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        """Return only when the message is durable; raise QueueError otherwise."""

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        """Up to `at_most` waiting messages, hidden from others for `lease_s` seconds."""

    def delete(self, message: TakenMessage) -> None:
        """Forget a message that was taken; one whose lease ran out stays."""

    def release(self, message: TakenMessage) -> None:
        """Make a message that was taken visible at once; one whose lease ran out is left to whoever has it now."""

    def waiting(self, queue: str) -> int:
        """About how many messages the queue holds, hidden ones too."""

    def oldest(self, queue: str) -> datetime | None:
        """When the message that is next to be handed out was queued; None when nothing is visible."""
