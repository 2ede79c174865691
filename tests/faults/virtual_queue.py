"""Azure Queue Storage and the Functions host over it on a clock that is set: delays, leases, dequeue counts, poison.

A day of waiting takes as long as the work in it. One thread: what several instances do at once is done in turn.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import uuid4

from connector.bootstrap import App
from connector.messages import LEAD_CHANGES, LEAD_CHANGES_BULK, POISON
from connector.ports import TakenMessage
from tests.world import SetClock

HOST_LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(seconds=30)
DEQUEUES_MAX = 5
TIMER_EVERY = timedelta(minutes=5)


@dataclass
class Message:
    """One message: who holds its receipt may delete or release it, until it is handed out again."""

    queue: str
    text: str
    inserted_on: datetime
    visible_on: datetime
    message_id: str = field(default_factory=lambda: str(uuid4()))
    receipt: int = 0
    dequeues: int = 0


class VirtualQueue:
    """The queue port, and what a host needs beside it; times are those of `clock`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._messages: dict[str, Message] = {}
        self._by_visibility: dict[str, list[tuple[datetime, int, Message]]] = {}
        self._arrivals = count()
        self.sent: dict[str, int] = {}

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        now = self._clock()
        self.sent[queue] = self.sent.get(queue, 0) + 1
        self._put(Message(queue, text, now, now + timedelta(seconds=delay_s)))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        lease = timedelta(seconds=lease_s)
        return [
            TakenMessage(queue, each.text, each.message_id, str(each.receipt), each.inserted_on)
            for each in self.receive(queue, at_most, lease)
        ]

    def delete(self, message: TakenMessage) -> None:
        if self._is_held(message):
            del self._messages[message.message_id]

    def release(self, message: TakenMessage) -> None:
        if self._is_held(message):
            self.hide(self._messages[message.message_id], timedelta())

    def waiting(self, queue: str) -> int:
        return len(self.of(queue))

    def oldest(self, queue: str) -> datetime | None:
        visible = self._head(queue)
        return visible.inserted_on if visible is not None and visible.visible_on <= self._clock() else None

    def of(self, queue: str) -> list[str]:
        """The texts of all messages, hidden ones too."""
        return [each.text for each in self._messages.values() if each.queue == queue]

    def receive(self, queue: str, at_most: int, lease: timedelta) -> list[Message]:
        """The visible messages that have waited longest, hidden for `lease`."""
        found: list[Message] = []
        while len(found) < at_most and (head := self._head(queue)) is not None and head.visible_on <= self._clock():
            head.dequeues += 1
            found.append(head)
            self.hide(head, lease)
        return found

    def hide(self, message: Message, lease: timedelta) -> None:
        """Nobody sees it for so long, and every receipt but the newest is worth nothing."""
        message.receipt += 1
        message.visible_on = self._clock() + lease
        self._put(message)

    def done(self, message: Message) -> None:
        """The host's own delete."""
        self._messages.pop(message.message_id, None)

    def visible_on(self, queue: str) -> datetime | None:
        """When the next message can be handed out; None when the queue is empty."""
        head = self._head(queue)
        return None if head is None else head.visible_on

    def _put(self, message: Message) -> None:
        self._messages[message.message_id] = message
        heap = self._by_visibility.setdefault(message.queue, [])
        heapq.heappush(heap, (message.visible_on, next(self._arrivals), message))

    def _head(self, queue: str) -> Message | None:
        heap = self._by_visibility.get(queue, [])
        while heap:
            visible_on, _, message = heap[0]
            if message.message_id in self._messages and message.visible_on == visible_on:
                return message
            heapq.heappop(heap)
        return None

    def _is_held(self, message: TakenMessage) -> bool:
        kept = self._messages.get(message.message_id)
        return kept is not None and str(kept.receipt) == message.pop_receipt


@dataclass
class VirtualHost:
    """Calls the queue functions and the timers of some instances until a moment; `failed` is what they raised."""

    clock: SetClock
    queue: VirtualQueue
    apps: Sequence[App]
    timers: bool = True
    failed: list[Exception] = field(default_factory=list)
    calls: int = 0
    _timers_on: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._timers_on = self.clock() + TIMER_EVERY

    def run(self, until: datetime, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until then, or until `stop` after a call."""
        while not stop():
            queue, at = self._next()
            if at > until:
                break
            self.clock.at = max(self.clock.at, at)
            if queue is None:
                self._tick()
            else:
                self._call(queue)
        else:
            return
        self.clock.at = max(self.clock.at, until)

    def is_idle(self) -> bool:
        """Whether no message is left in a queue that a function reads."""
        return not any(self.queue.waiting(name) for name in (LEAD_CHANGES, LEAD_CHANGES_BULK))

    def _next(self) -> tuple[str | None, datetime]:
        timers_on = self._timers_on if self.timers else datetime.max.replace(tzinfo=self.clock().tzinfo)
        moments: list[tuple[datetime, str | None]] = [(timers_on, None)]
        for name in (LEAD_CHANGES, LEAD_CHANGES_BULK):
            visible_on = self.queue.visible_on(name)
            if visible_on is not None:
                moments.append((visible_on, name))
        at, queue = min(moments, key=lambda moment: moment[0])
        return queue, at

    def _tick(self) -> None:
        self._timers_on += TIMER_EVERY
        app = self._instance()
        for tick in (app.ticks.poll, app.ticks.due):
            try:
                tick()
            except Exception as error:  # noqa: BLE001  the host logs what a function raises, and goes on
                self.failed.append(error)

    def _call(self, queue: str) -> None:
        for message in self.queue.receive(queue, 1, HOST_LEASE):
            if message.dequeues > DEQUEUES_MAX:
                self._give_up(message)
                continue
            try:
                self._instance().worker.work(message.text, queue, message.inserted_on)
            except Exception as error:  # noqa: BLE001  the same
                self.failed.append(error)
                if message.dequeues >= DEQUEUES_MAX:
                    self._give_up(message)
                else:
                    self.queue.hide(message, RETRY_AFTER)
            else:
                self.queue.done(message)

    def _give_up(self, message: Message) -> None:
        self.queue.send(message.queue + POISON, message.text)
        self.queue.done(message)

    def _instance(self) -> App:
        """The instances take turns."""
        self.calls += 1
        return self.apps[self.calls % len(self.apps)]
