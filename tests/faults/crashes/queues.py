"""Queues of the tests: one that is a list, and one that cuts the leases of another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from connector.ports import Clock, Queue, TakenMessage


@dataclass
class LeasedQueue:
    """A queue with a list in it, whose messages come back when their lease has run out."""

    clock: Clock
    messages: list["_Waiting"] = field(default_factory=list)

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self.messages.append(_Waiting(queue, text, self.clock() + timedelta(seconds=delay_s)))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        now = self.clock()
        ready = [each for each in self.messages if each.queue == queue and each.visible_on <= now][:at_most]
        for each in ready:
            each.visible_on, each.receipt = now + timedelta(seconds=lease_s), str(uuid4())
        return [TakenMessage(queue, each.text, each.message_id, each.receipt) for each in ready]

    def delete(self, message: TakenMessage) -> None:
        held = (message.message_id, message.pop_receipt)
        self.messages = [each for each in self.messages if (each.message_id, each.receipt) != held]

    def waiting(self, queue: str) -> int:
        return sum(each.queue == queue for each in self.messages)


class ShortLeases:
    """A queue that keeps real time, with leases and delays of `lease_s` seconds at most; `prefix` sets it apart."""

    def __init__(self, queue: Queue, lease_s: float, prefix: str = "") -> None:
        self._queue = queue
        self._lease_s = lease_s
        self._prefix = prefix

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self._queue.send(self._prefix + queue, text, delay_s=min(delay_s, self._lease_s))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        return self._queue.take(self._prefix + queue, at_most=at_most, lease_s=min(lease_s, self._lease_s))

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._queue, method)
        return call if method == "delete" else lambda queue, *rest, **named: call(self._prefix + queue, *rest, **named)


@dataclass
class _Waiting:
    queue: str
    text: str
    visible_on: datetime
    message_id: str = field(default_factory=lambda: str(uuid4()))
    receipt: str = ""
