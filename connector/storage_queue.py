"""The queue port over Azure Queue Storage: base64 as the queue trigger expects it, messages that never expire."""

import base64
import math
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, QueueServiceClient, TextBase64EncodePolicy

from connector.errors import QueueError, SettingsError
from connector.ports import TakenMessage

_Answer = TypeVar("_Answer")


class StorageQueue:
    """Queues of one storage account; a queue is created when it turns out to be missing."""

    def __init__(self, connection_string: str, *, connect_timeout_s: float = 2, read_timeout_s: float = 4) -> None:
        try:
            self._service = QueueServiceClient.from_connection_string(
                connection_string,
                connection_timeout=connect_timeout_s,
                read_timeout=read_timeout_s,
                # The SDK's own waits come to 40 s, and a webhook, of up to two messages, must be answered before
                # Dataverse gives up at 60: three attempts of 2 + 4 s and two waits of up to 2 s are 22 s a message.
                retry_policy=LinearRetry(backoff=1, retry_total=2, random_jitter_range=1),
            )
        except ValueError:
            raise SettingsError(["AzureWebJobsStorage is not a connection string of a storage account"]) from None
        self._queues: dict[str, QueueClient] = {}

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle would hold the account's key."""
        message = "a queue holds a secret and is not pickled"
        raise TypeError(message)

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        """Return when the service has acknowledged the message; raise QueueError otherwise."""
        client = self._client(queue)
        self._calling(queue, lambda: client.send_message(text, visibility_timeout=math.ceil(delay_s), time_to_live=-1))

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        """Up to `at_most` (32 is the service's limit) visible messages, hidden for `lease_s`."""
        client = self._client(queue)
        messages = self._calling(
            queue,
            lambda: list(
                client.receive_messages(
                    messages_per_page=at_most, max_messages=at_most, visibility_timeout=round(lease_s)
                )
            ),
        )
        return [TakenMessage(queue, _decoded(m.content), m.id, m.pop_receipt or "") for m in messages]

    def delete(self, message: TakenMessage) -> None:
        """Forget a message; one that came back meanwhile belongs to whoever has it now."""
        client = self._client(message.queue)
        try:
            client.delete_message(message.message_id, message.pop_receipt)
        except ResourceNotFoundError:
            return
        except AzureError as error:
            if isinstance(error, HttpResponseError) and getattr(error, "error_code", "") == "PopReceiptMismatch":
                return
            raise QueueError(message.queue, type(error).__name__) from None

    def waiting(self, queue: str) -> int:
        """About how many messages the queue holds, hidden ones too."""
        client = self._client(queue)
        properties = self._calling(queue, client.get_queue_properties)
        return int(properties.approximate_message_count or 0)

    def _client(self, queue: str) -> QueueClient:
        if queue not in self._queues:
            self._queues[queue] = self._service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())
        return self._queues[queue]

    def _calling(self, queue: str, call: Callable[[], _Answer]) -> _Answer:
        try:
            try:
                return call()
            except ResourceNotFoundError:
                self._create(queue)
                return call()
        except AzureError as error:
            raise QueueError(queue, type(error).__name__) from None

    def _create(self, queue: str) -> None:
        try:
            self._client(queue).create_queue()
        except ResourceExistsError:
            return


def _decoded(content: str) -> str:
    """The text of a message; what is not base64 is handed on as it is, for the reader to refuse."""
    try:
        return base64.b64decode(content, validate=True).decode()
    except ValueError:
        return content
