"""One queue function's loop: take messages, run the function, delete, release or poison."""

import logging
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, QueueMessage

from emulator.host.declared import QueueFunction
from emulator.host.errors import FunctionFailedError
from emulator.host.host_json import QueueSettings
from emulator.host.invoker import Invoker
from emulator.host.storage import Lease, create_if_missing
from emulator.host.trigger_arguments import UndecodableMessageError, queue_argument

FIRST_IDLE_DELAY_S = 0.1
LEASE_S = 600.0

_log = logging.getLogger(__name__)


def idle_delays(longest_s: float) -> Iterator[float]:
    """Seconds between polls of a queue that stays empty: from 0.1, doubling, up to the longest."""
    delay = FIRST_IDLE_DELAY_S
    while True:
        yield min(delay, longest_s)
        delay = min(delay * 2, longest_s)


class QueueListener:
    """Polls from `start` until `stop`; `stop` lets the messages in hand end."""

    def __init__(
        self,
        function: QueueFunction,
        queue: QueueClient,
        poison: QueueClient | None,
        settings: QueueSettings,
        invoker: Invoker,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._settings = settings
        self._invoker = invoker
        self._lease_s = lease_s
        self._leases: set[Lease] = set()
        self._stopping = False
        self._changed = threading.Condition()
        in_hand = settings.batch_size + settings.new_batch_threshold
        self._pool = ThreadPoolExecutor(in_hand, thread_name_prefix=f"queue-{function.queue}")
        self._thread = threading.Thread(target=self._listen, name=f"listen-{function.queue}", daemon=True)

    def start(self) -> None:
        """Creates the queue and its poison queue where they are missing, then polls."""
        for queue in (self._queue, self._poison):
            if queue is not None:
                create_if_missing(queue, self._function)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def is_empty(self) -> bool:
        """Whether no message is left, waiting, delayed or in hand; a queue that cannot be asked is not empty."""
        try:
            return not self._queue.get_queue_properties().approximate_message_count
        except AzureError:
            return False

    def _listen(self) -> None:
        delays = idle_delays(self._settings.max_polling_interval_s)
        next_poll = time.monotonic()
        while not self._stopping:
            self._renew_due_leases()
            if self._has_room() and time.monotonic() >= next_poll:
                if messages := self._receive():
                    delays = idle_delays(self._settings.max_polling_interval_s)
                    for message in messages:
                        self._take(message)
                else:
                    next_poll = time.monotonic() + next(delays) * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
            self._sleep(next_poll)

    def _has_room(self) -> bool:
        with self._changed:
            return len(self._leases) <= self._settings.new_batch_threshold

    def _sleep(self, next_poll: float) -> None:
        """Until the next poll, if there is room for it, else until a message ends; or until a lease is due."""
        with self._changed:
            if self._stopping:
                return
            has_room = len(self._leases) <= self._settings.new_batch_threshold
            wake_at = min([lease.renew_at for lease in self._leases] + [next_poll] * has_room)
            self._changed.wait(max(wake_at - time.monotonic(), 0))

    def _receive(self) -> list[QueueMessage]:
        """One Get Messages."""
        try:
            pages = self._queue.receive_messages(
                messages_per_page=self._settings.batch_size, visibility_timeout=max(int(self._lease_s), 1)
            ).by_page()
            return list(next(pages, ()))
        except AzureError as error:
            _log.warning("the queue %s could not be read: %s", self._function.queue, type(error).__name__)
            return []

    def _take(self, message: QueueMessage) -> None:
        lease = Lease(self._queue, message, self._lease_s)
        with self._changed:
            self._leases.add(lease)
        self._pool.submit(self._process, message, lease)

    def _process(self, message: QueueMessage, lease: Lease) -> None:
        try:
            self._run(message, lease)
        finally:
            with self._changed:
                self._leases.discard(lease)
                self._changed.notify_all()

    def _run(self, message: QueueMessage, lease: Lease) -> None:
        count = message.dequeue_count or 0
        # More than the maximum: the host that took it for the last time did not live to poison it.
        if count > self._settings.max_dequeue_count:
            self._give_up(message, lease)
            return
        try:
            self._invoker.invoke(self._function, queue_argument(message, is_base64=self._settings.base64))
        except UndecodableMessageError:
            _log.warning("message %s of %s is not base64", message.id, self._function.queue)
            self._give_up(message, lease)
        except FunctionFailedError:
            if count >= self._settings.max_dequeue_count:
                self._give_up(message, lease)
            elif self._poison is not None:
                lease.release(self._settings.visibility_timeout_s)
        else:
            lease.delete()

    def _give_up(self, message: QueueMessage, lease: Lease) -> None:
        """First into the poison queue, then deleted: a crash between leaves two, never none.

        A poison queue has no poison queue of its own: its message stays hidden until the lease ends.
        """
        if self._poison is None:
            return
        try:
            self._poison.send_message(message.content or "")
        except AzureError as error:
            _log.warning("message %s could not be poisoned: %s", message.id, type(error).__name__)
            return
        self._invoker.note_poisoned(self._function.name)
        lease.delete()

    def _renew_due_leases(self) -> None:
        with self._changed:
            due = [lease for lease in self._leases if lease.renew_at <= time.monotonic()]
        for lease in due:
            lease.renew()
