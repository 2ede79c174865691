"""The queues themselves: messages that hide while somebody works on them, and come back when he dies."""

import base64
import heapq
import itertools
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from emulator.queue_service.errors import (
    MessageNotFoundError,
    PopReceiptMismatchError,
    QueueAlreadyExistsError,
    QueueNotFoundError,
)

NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands; `pop_receipt` is what its last reader, or its sender, may delete it with."""

    message_id: str
    text: str
    inserted_at: datetime
    expires_at: datetime
    visible_at: datetime
    pop_receipt: str
    dequeue_count: int = 0


class QueueStore:
    """Queues in memory, safe to use from several threads. They end with the process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()

    def create(self, name: str, metadata: Mapping[str, str]) -> bool:
        """True when the queue is new; an existing one must have the same metadata."""
        with self._lock:
            existing = self._queues.get(name)
            if existing is None:
                self._queues[name] = _Queue(dict(metadata))
            elif existing.metadata != metadata:
                raise QueueAlreadyExistsError
            return existing is None

    def metadata(self, name: str) -> Mapping[str, str]:
        with self._lock:
            return dict(self._queue(name).metadata)

    def count(self, name: str) -> int:
        """Messages not yet deleted or expired, hidden ones included, as the service counts them."""
        with self._lock:
            queue = self._queue(name)
            queue.drop_expired(self._clock())
            return len(queue.messages)

    def send(self, name: str, text: str, *, hidden_s: int, keep_s: int) -> Message:
        """Adds a message, invisible for `hidden_s`, that expires after `keep_s` (-1: never)."""
        with self._lock:
            queue, now = self._queue(name), self._clock()
            expires_at = NEVER if keep_s == -1 else now + timedelta(seconds=keep_s)
            message = Message(
                message_id=str(uuid.uuid4()),
                text=text,
                inserted_at=now,
                expires_at=expires_at,
                visible_at=now + timedelta(seconds=hidden_s),
                pop_receipt=_new_pop_receipt(),
            )
            queue.add(message)
            return message

    def receive(self, name: str, *, at_most: int, hidden_s: int) -> list[Message]:
        """The oldest visible messages, each hidden for `hidden_s` under a new pop receipt."""
        with self._lock:
            queue, now = self._queue(name), self._clock()
            taken = queue.pop_visible(now, at_most)
            handed_out = [
                replace(
                    message,
                    visible_at=now + timedelta(seconds=hidden_s),
                    pop_receipt=_new_pop_receipt(),
                    dequeue_count=message.dequeue_count + 1,
                )
                for message in taken
            ]
            for message in handed_out:
                queue.put(message)
            return handed_out

    def peek(self, name: str, *, at_most: int) -> list[Message]:
        """The oldest visible messages, left as they are."""
        with self._lock:
            queue = self._queue(name)
            return queue.look_at_visible(self._clock(), at_most)

    def delete(self, name: str, message_id: str, pop_receipt: str) -> None:
        with self._lock:
            queue = self._queue(name)
            queue.drop_expired(self._clock())
            del queue.messages[queue.held(message_id, pop_receipt).message_id]

    def update(self, name: str, message_id: str, pop_receipt: str, *, hidden_s: int, text: str | None) -> Message:
        """Hides the message for `hidden_s` from now, under a new pop receipt; `text` None leaves the text."""
        with self._lock:
            queue, now = self._queue(name), self._clock()
            queue.drop_expired(now)
            message = queue.held(message_id, pop_receipt)
            updated = replace(
                message,
                text=message.text if text is None else text,
                visible_at=now + timedelta(seconds=hidden_s),
                pop_receipt=_new_pop_receipt(),
            )
            queue.put(updated)
            return updated

    def _queue(self, name: str) -> "_Queue":
        try:
            return self._queues[name]
        except KeyError:
            raise QueueNotFoundError from None


class _Queue:
    """One queue: messages by id, and a heap by the moment they become visible; replaced entries stay there, stale."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self.metadata = metadata
        self.messages: dict[str, Message] = {}
        self._by_visibility: list[tuple[datetime, int, Message]] = []
        self._by_expiry: list[tuple[datetime, str]] = []
        self._arrivals = itertools.count()

    def add(self, message: Message) -> None:
        heapq.heappush(self._by_expiry, (message.expires_at, message.message_id))
        self.put(message)

    def put(self, message: Message) -> None:
        self.messages[message.message_id] = message
        heapq.heappush(self._by_visibility, (message.visible_at, next(self._arrivals), message))

    def pop_visible(self, now: datetime, at_most: int) -> list[Message]:
        self.drop_expired(now)
        visible: list[Message] = []
        while len(visible) < at_most and self._by_visibility and self._by_visibility[0][0] <= now:
            _, _, message = heapq.heappop(self._by_visibility)
            if self._is_current(message):
                visible.append(message)
        return visible

    def look_at_visible(self, now: datetime, at_most: int) -> list[Message]:
        self.drop_expired(now)
        in_order = (message for visible_at, _, message in sorted(self._by_visibility) if visible_at <= now)
        return list(itertools.islice(filter(self._is_current, in_order), at_most))

    def held(self, message_id: str, pop_receipt: str) -> Message:
        message = self.messages.get(message_id)
        if message is None:
            raise MessageNotFoundError
        if message.pop_receipt != pop_receipt:
            raise PopReceiptMismatchError
        return message

    def drop_expired(self, now: datetime) -> None:
        while self._by_expiry and self._by_expiry[0][0] <= now:
            _, message_id = heapq.heappop(self._by_expiry)
            self.messages.pop(message_id, None)

    def _is_current(self, message: Message) -> bool:
        return self.messages.get(message.message_id) is message


def _new_pop_receipt() -> str:
    return base64.b64encode(uuid.uuid4().bytes).decode("ascii")
