"""A function's queue and its poison queue, over azure-storage-queue: the emulator's, Azurite's or Azure's."""

import logging
import threading
import time
from collections.abc import Mapping

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.storage.queue import QueueClient, QueueMessage

from emulator.host.declared import QueueFunction
from emulator.host.errors import LoadError, RefusedError

POISON_SUFFIX = "-poison"

_log = logging.getLogger(__name__)


def queue_client(queue: str, function: QueueFunction, settings: Mapping[str, str]) -> QueueClient:
    """A client of the connection the binding names. It tries each call once: the listener comes back by itself."""
    where = f"function {function.name}, binding queueTrigger"
    if function.connection not in settings:
        if any(name.startswith(f"{function.connection}__") for name in settings):
            raise RefusedError(where, f"identity-based connections ({function.connection}__...)")
        raise LoadError(where, f"the connection {function.connection} is not a setting")
    try:
        return QueueClient.from_connection_string(
            settings[function.connection], queue, retry_total=0, use_env_settings=False
        )
    except ValueError as error:
        raise LoadError(where, f"the connection {function.connection} is not a connection string") from error


def create_if_missing(queue: QueueClient, function: QueueFunction) -> None:
    try:
        queue.create_queue()
    except ResourceExistsError:
        _log.debug("the queue %s was there already", queue.queue_name)
    except AzureError as error:
        where = f"function {function.name}, binding queueTrigger"
        raise LoadError(where, f"the queue {queue.queue_name} cannot be reached ({_short(error)})") from error


class Lease:
    """Our hold on one message: its pop receipt, which changes with each renewal, until the message is let go."""

    def __init__(self, queue: QueueClient, message: QueueMessage, lease_s: float) -> None:
        self._queue = queue
        self._message_id = message.id
        self._pop_receipt = message.pop_receipt
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._held = True
        self.renew_at = time.monotonic() + lease_s / 2

    def renew(self) -> None:
        """Hides the message for another whole lease; when that fails the message may come to somebody else too."""
        with self._lock:
            self.renew_at = time.monotonic() + self._lease_s / 2
            if self._held:
                self._update(self._lease_s)

    def delete(self) -> None:
        """The message is done. One that was handed out again meanwhile stays, as it does with the real host."""
        with self._lock:
            self._held = False
            try:
                self._queue.delete_message(self._message_id, self._pop_receipt)
            except AzureError as error:
                _log.warning("message %s could not be deleted: %s", self._message_id, _short(error))

    def release(self, visible_in_s: float) -> None:
        """The message is to be tried again, in that many seconds."""
        with self._lock:
            self._held = False
            self._update(visible_in_s)

    def _update(self, hidden_s: float) -> None:
        try:
            updated = self._queue.update_message(self._message_id, self._pop_receipt, visibility_timeout=int(hidden_s))
            self._pop_receipt = updated.pop_receipt
        except AzureError as error:
            _log.warning("message %s could not be kept: %s", self._message_id, _short(error))


def _short(error: AzureError) -> str:
    code = error.error_code if isinstance(error, HttpResponseError) and hasattr(error, "error_code") else None
    return str(code or type(error).__name__)
