"""The queue port over Azure Queue Storage: base64 as the queue trigger expects it, messages that never expire."""

import base64
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypedDict, TypeVar, Unpack

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient, QueueServiceClient, TextBase64EncodePolicy

from connector.errors import QueueError, SettingsError
from connector.ports import TakenMessage
from connector.storage_tokens import StorageTokens
from dataverse import TokenProvider

_Answer = TypeVar("_Answer")


class Connection(TypedDict, total=False):
    """How the service is reached; `ca_bundle` is a file of certificates to trust instead of the usual ones."""

    connect_timeout_s: float
    read_timeout_s: float
    ca_bundle: str


def _options(connection: Connection) -> dict[str, Any]:
    return {
        "connection_timeout": connection.get("connect_timeout_s", 2),
        "read_timeout": connection.get("read_timeout_s", 4),
        "connection_verify": connection.get("ca_bundle", True),
        # The SDK's own waits come to 40 s, and a webhook, of up to two messages, must be answered before Dataverse
        # gives up at 60: three attempts of 2 + 4 s and two waits of up to 2 s are 22 s a message.
        "retry_policy": LinearRetry(backoff=1, retry_total=2, random_jitter_range=1),
    }


class StorageQueue:
    """Queues of one storage account; a queue is created when it turns out to be missing."""

    def __init__(self, account: str, tokens: TokenProvider | None = None, **connection: Unpack[Connection]) -> None:
        """Contact nobody yet; `account` is a connection string or, with tokens for Storage, where its queues are."""
        try:
            self._service = (
                QueueServiceClient.from_connection_string(account, **_options(connection))
                if tokens is None
                else QueueServiceClient(account, credential=StorageTokens(tokens), **_options(connection))
            )
        except ValueError:
            problem = "AzureWebJobsStorage is neither a connection string nor, for an identity, an https address"
            raise SettingsError([problem]) from None
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
        return [TakenMessage(queue, _decoded(m.content), m.id, m.pop_receipt or "", m.inserted_on) for m in messages]

    def delete(self, message: TakenMessage) -> None:
        """Forget a message; one that came back meanwhile belongs to whoever has it now."""
        client = self._client(message.queue)
        self._letting_go(message, lambda: client.delete_message(message.message_id, message.pop_receipt))

    def release(self, message: TakenMessage) -> None:
        """Make a message visible at once; one that came back meanwhile belongs to whoever has it now."""
        client = self._client(message.queue)
        self._letting_go(
            message, lambda: client.update_message(message.message_id, message.pop_receipt, visibility_timeout=0)
        )

    def waiting(self, queue: str) -> int:
        """About how many messages the queue holds, hidden ones too."""
        client = self._client(queue)
        properties = self._calling(queue, client.get_queue_properties)
        return int(properties.approximate_message_count or 0)

    def oldest(self, queue: str) -> datetime | None:
        """When the message that is next to be handed out was queued; None when nothing is visible."""
        client = self._client(queue)
        messages = self._calling(queue, lambda: client.peek_messages(max_messages=1))
        return messages[0].inserted_on if messages else None

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

    def _letting_go(self, message: TakenMessage, call: Callable[[], object]) -> None:
        try:
            call()
        except ResourceNotFoundError:
            return
        except AzureError as error:
            if isinstance(error, HttpResponseError) and getattr(error, "error_code", "") == "PopReceiptMismatch":
                return
            raise QueueError(message.queue, type(error).__name__) from None

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
