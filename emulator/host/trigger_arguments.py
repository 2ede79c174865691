"""What queue and timer functions are called with."""

import base64
import binascii

# The public func.QueueMessage cannot be given its dequeue count and times, and func.TimerRequest is abstract: the
# worker makes these two, which the library keeps to itself.
from azure.functions.queue import QueueMessage as TriggerMessage
from azure.functions.timer import TimerRequest
from azure.storage.queue import QueueMessage as StoredMessage


class UndecodableMessageError(ValueError):
    """The text is not the base64 that host.json announces."""


def queue_argument(stored: StoredMessage, *, is_base64: bool) -> TriggerMessage:
    """The message as the function sees it, decoded; raises UndecodableMessageError."""
    text = stored.content or ""
    try:
        body = base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except (binascii.Error, ValueError):
        raise UndecodableMessageError("the message is not base64") from None
    return TriggerMessage(  # type: ignore[no-untyped-call]  # the library does not annotate it
        id=stored.id,
        body=body,
        dequeue_count=stored.dequeue_count,
        expiration_time=stored.expires_on,
        insertion_time=stored.inserted_on,
        time_next_visible=stored.next_visible_on,
        pop_receipt=stored.pop_receipt,
    )


def timer_argument(*, past_due: bool) -> TimerRequest:
    """The occurrence; `past_due` when a later one has come already."""
    return TimerRequest(past_due=past_due)
