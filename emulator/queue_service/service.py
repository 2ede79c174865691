"""Azure Queue Storage for one account, as far as azure-storage-queue is used here."""

import uuid
from collections.abc import Callable
from datetime import datetime

from emulator.queue_service import wire
from emulator.queue_service.call import Call, understand
from emulator.queue_service.errors import AuthenticationFailedError, QueueServiceError, RefusedCallError
from emulator.queue_service.signature import is_signed
from emulator.queue_service.store import QueueStore
from emulator.web_api import Request, Response

API_VERSION = "2026-02-06"
SEVEN_DAYS_S = 7 * 24 * 3600
FOREVER_S = 2**31 - 1

_Answer = tuple[int, dict[str, str], bytes]


class QueueService:
    """Answers Create Queue, Get Queue Metadata, Put, Get, Peek, Update and Delete Message; all else is 501 by name.

    Queues and messages are in memory and end with the process. Requests carry the SharedKey signature of the account
    `devstoreaccount1`, path-style: `/devstoreaccount1/<queue>`; or a bearer token that `is_good_token` knows, if given.
    """

    def __init__(
        self, clock: Callable[[], datetime], *, is_good_token: Callable[[str], bool] = lambda _token: False
    ) -> None:
        self._is_good_token = is_good_token
        self._store = QueueStore(clock)
        self._calls: dict[str, Callable[[Call, Request], _Answer]] = {
            "Create Queue": self._create_queue,
            "Get Queue Metadata": self._get_queue_metadata,
            "Put Message": self._put_message,
            "Get Messages": self._get_messages,
            "Peek Messages": self._peek_messages,
            "Update Message": self._update_message,
            "Delete Message": self._delete_message,
        }

    def handle(self, request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            if not self._may_call(request):
                raise AuthenticationFailedError
            call = understand(request)
            if call.name not in self._calls:
                raise RefusedCallError(call.name)
            status, headers, body = self._calls[call.name](call, request)
        except QueueServiceError as refused:
            status, headers, body = refused.status, {"x-ms-error-code": refused.code}, wire.error(refused, request_id)
        return Response(status=status, headers=_every_answer(request, request_id, body) | headers, body=body)

    def _may_call(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._is_good_token(token)
        return is_signed(request.method, request.target, request.headers)

    def _create_queue(self, call: Call, request: Request) -> _Answer:
        metadata = {
            name.lower().removeprefix("x-ms-meta-"): value
            for name, value in request.headers.items()
            if name.lower().startswith("x-ms-meta-")
        }
        return (201 if self._store.create(call.queue, metadata) else 204), {}, b""

    def _get_queue_metadata(self, call: Call, _: Request) -> _Answer:
        metadata = {f"x-ms-meta-{name}": value for name, value in self._store.metadata(call.queue).items()}
        return 200, {"x-ms-approximate-messages-count": str(self._store.count(call.queue))} | metadata, b""

    def _put_message(self, call: Call, request: Request) -> _Answer:
        hidden_s = call.seconds("visibilitytimeout", low=0, high=SEVEN_DAYS_S, default=0)
        keep_s = call.seconds("messagettl", low=-1, high=FOREVER_S, default=SEVEN_DAYS_S)
        if keep_s != -1:
            call.seconds("messagettl", low=hidden_s + 1, high=FOREVER_S, default=SEVEN_DAYS_S + 1)
        message = self._store.send(call.queue, wire.message_text(request.body), hidden_s=hidden_s, keep_s=keep_s)
        return 201, {}, wire.sent(message)

    def _get_messages(self, call: Call, _: Request) -> _Answer:
        at_most = call.seconds("numofmessages", low=1, high=32, default=1)
        hidden_s = call.seconds("visibilitytimeout", low=1, high=SEVEN_DAYS_S, default=30)
        return 200, {}, wire.received(self._store.receive(call.queue, at_most=at_most, hidden_s=hidden_s))

    def _peek_messages(self, call: Call, _: Request) -> _Answer:
        at_most = call.seconds("numofmessages", low=1, high=32, default=1)
        return 200, {}, wire.peeked(self._store.peek(call.queue, at_most=at_most))

    def _update_message(self, call: Call, request: Request) -> _Answer:
        hidden_s = call.seconds("visibilitytimeout", low=0, high=SEVEN_DAYS_S)
        text = wire.message_text(request.body) if request.body else None
        updated = self._store.update(call.queue, call.message_id, call.pop_receipt(), hidden_s=hidden_s, text=text)
        next_visible = wire.http_date(updated.visible_at)
        return 204, {"x-ms-popreceipt": updated.pop_receipt, "x-ms-time-next-visible": next_visible}, b""

    def _delete_message(self, call: Call, _: Request) -> _Answer:
        self._store.delete(call.queue, call.message_id, call.pop_receipt())
        return 204, {}, b""


def _every_answer(request: Request, request_id: str, body: bytes) -> dict[str, str]:
    headers = {"x-ms-request-id": request_id, "x-ms-version": request.headers.get("x-ms-version", API_VERSION)}
    if "x-ms-client-request-id" in request.headers:
        headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    return headers | ({"Content-Type": "application/xml"} if body else {})
