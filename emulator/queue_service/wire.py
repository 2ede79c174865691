"""The XML that Queue Storage speaks: message lists and errors out, a message's text in."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from emulator.queue_service.errors import InvalidRequestError, MessageTooLargeError, QueueServiceError
from emulator.queue_service.store import Message

MAX_TEXT_BYTES = 64 * 1024

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def message_text(body: bytes) -> str:
    """The text of `<QueueMessage><MessageText>…</MessageText></QueueMessage>`; at most 64 KiB of it."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - only signed requests from this machine get here
    except ET.ParseError:
        raise _invalid_xml() from None
    if root.tag != "QueueMessage" or root.find("MessageText") is None:
        raise _invalid_xml()
    text = root.findtext("MessageText") or ""
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise MessageTooLargeError
    return text


def sent(message: Message) -> bytes:
    """The answer to Put Message: everything but the text."""
    return _message_list([_identity(message) + _receipt(message)])


def received(messages: Iterable[Message]) -> bytes:
    """The answer to Get Messages."""
    return _message_list(_identity(one) + _receipt(one) + _content(one) for one in messages)


def peeked(messages: Iterable[Message]) -> bytes:
    """The answer to Peek Messages: no pop receipt."""
    return _message_list(_identity(one) + _content(one) for one in messages)


def error(raised: QueueServiceError, request_id: str) -> bytes:
    message = f"{raised.message}\nRequestId:{request_id}"
    return f"{_DECLARATION}<Error>{_element('Code', raised.code)}{_element('Message', message)}</Error>".encode()


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _invalid_xml() -> InvalidRequestError:
    return InvalidRequestError("InvalidXmlDocument", "XML specified is not syntactically valid.")


def _message_list(messages: Iterable[str]) -> bytes:
    items = "".join(f"<QueueMessage>{message}</QueueMessage>" for message in messages)
    return f"{_DECLARATION}<QueueMessagesList>{items}</QueueMessagesList>".encode()


def _identity(message: Message) -> str:
    return (
        _element("MessageId", message.message_id)
        + _element("InsertionTime", http_date(message.inserted_at))
        + _element("ExpirationTime", http_date(message.expires_at))
    )


def _receipt(message: Message) -> str:
    return _element("PopReceipt", message.pop_receipt) + _element("TimeNextVisible", http_date(message.visible_at))


def _content(message: Message) -> str:
    return _element("DequeueCount", str(message.dequeue_count)) + _element("MessageText", message.text)


def _element(name: str, text: str) -> str:
    # A bare carriage return would reach the reader as a line feed.
    return f"<{name}>{escape(text, {chr(13): '&#13;'})}</{name}>"
