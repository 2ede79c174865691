"""A queue as Azure's is: at least once, with leases and delays, on a clock that stands until it is moved."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from connector.errors import QueueError
from connector.messages import POISON
from connector.ports import Clock, TakenMessage
from tests.faults.machine.interruptions import IoPoints

LEASE_S = 600
RETRY_S = 30
"""The `visibilityTimeout` of host.json: a message whose function raised is tried again so much later."""

FAILURES_MAX = 5


@dataclass(slots=True)
class Waiting:
    """A message in the queue; hidden until `visible_on`, and `receipt` names who holds it."""

    queue: str
    text: str
    message_id: str
    inserted_on: datetime
    visible_on: datetime
    receipt: str = ""
    failures: int = 0


class LeasedQueue:
    """All queues of the app, and what the Functions host does with them."""

    def __init__(self, clock: Clock, on_sent: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._on_sent = on_sent
        self.messages: deque[Waiting] = deque()
        self.sent: list[str] = []
        self.refusals = 0

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        """Keep a message, unless a refusal is due."""
        if self.refusals:
            self.refusals -= 1
            raise QueueError(queue, "refused")
        now = self._clock()
        self.messages.append(Waiting(queue, text, str(uuid4()), now, now + timedelta(seconds=delay_s)))
        self.sent.append(text)
        self._on_sent(queue, text)

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        """Messages that are visible, hidden from now on."""
        now = self._clock()
        ready = [each for each in self.messages if each.queue == queue and each.visible_on <= now][:at_most]
        for each in ready:
            each.visible_on, each.receipt = now + timedelta(seconds=lease_s), str(uuid4())
        return [TakenMessage(queue, each.text, each.message_id, each.receipt, each.inserted_on) for each in ready]

    def delete(self, message: TakenMessage) -> None:
        """Forget a message, unless somebody else has it by now."""
        held = self._held(message)
        if held is not None:
            self.messages.remove(held)

    def release(self, message: TakenMessage) -> None:
        """Make a message visible at once, unless somebody else has it by now."""
        held = self._held(message)
        if held is not None:
            held.visible_on = self._clock()

    def oldest(self, queue: str) -> datetime | None:
        """When the first visible message was sent."""
        now = self._clock()
        visible = (each for each in self.messages if each.queue == queue and each.visible_on <= now)
        return next((each.inserted_on for each in visible), None)

    def waiting(self, queue: str) -> int:
        """How many messages the queue holds."""
        return len(self.of(queue))

    def of(self, queue: str) -> list[str]:
        """The texts in a queue."""
        return [each.text for each in self.messages if each.queue == queue]

    @property
    def poison(self) -> list[str]:
        """The texts that were set aside."""
        return [each.text for each in self.messages if each.queue.endswith(POISON)]

    def failed(self, message: TakenMessage) -> None:
        """What the host does when a function raised: again after a while, and set aside after the fifth time."""
        held = self._held(message)
        if held is None:
            return
        held.failures += 1
        held.visible_on = self._clock() + timedelta(seconds=RETRY_S)
        if held.failures == FAILURES_MAX:
            held.queue += POISON

    def next_visible_on(self) -> datetime | None:
        """When the next message can be taken; None when there is none."""
        return min((each.visible_on for each in self.messages if not each.queue.endswith(POISON)), default=None)

    def _held(self, message: TakenMessage) -> Waiting | None:
        same = (message.message_id, message.pop_receipt)
        return next((each for each in self.messages if (each.message_id, each.receipt) == same), None)


class CountedQueue:
    """The queue as one process uses it: each call is an I/O point."""

    def __init__(self, queue: LeasedQueue, io: IoPoints) -> None:
        self._queue = queue
        self._io = io

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self._io.meet("send", "before")
        self._queue.send(queue, text, delay_s=delay_s)
        self._io.meet("send", "after")

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        self._io.meet("take", "before")
        taken = self._queue.take(queue, at_most=at_most, lease_s=lease_s)
        self._io.meet("take", "after")
        return taken

    def delete(self, message: TakenMessage) -> None:
        self._io.meet("delete", "before")
        self._queue.delete(message)
        self._io.meet("delete", "after")

    def release(self, message: TakenMessage) -> None:
        self._io.meet("delete", "before")
        self._queue.release(message)
        self._io.meet("delete", "after")

    def waiting(self, queue: str) -> int:
        return self._queue.waiting(queue)

    def oldest(self, queue: str) -> datetime | None:
        return self._queue.oldest(queue)
