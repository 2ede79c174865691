"""A request to the queue service, understood: which call, on which queue or message, with which numbers."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.queue_service.errors import InvalidRequestError, RefusedCallError
from emulator.queue_service.signature import ACCOUNT_NAME, query_values
from emulator.web_api import Request

_QUEUE_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")

# (method, what is addressed, comp) of every call of the documentation; the six and peek are those of `QueueService`.
_CALLS = {
    ("PUT", "queue", ""): "Create Queue",
    ("DELETE", "queue", ""): "Delete Queue",
    ("GET", "queue", "metadata"): "Get Queue Metadata",
    ("HEAD", "queue", "metadata"): "Get Queue Metadata",
    ("PUT", "queue", "metadata"): "Set Queue Metadata",
    ("GET", "queue", "acl"): "Get Queue ACL",
    ("PUT", "queue", "acl"): "Set Queue ACL",
    ("POST", "messages", ""): "Put Message",
    ("GET", "messages", ""): "Get Messages",
    ("DELETE", "messages", ""): "Clear Messages",
    ("DELETE", "message", ""): "Delete Message",
    ("PUT", "message", ""): "Update Message",
    ("GET", "account", "list"): "List Queues",
    ("GET", "account", "properties"): "Get Queue Service Properties",
    ("PUT", "account", "properties"): "Set Queue Service Properties",
    ("GET", "account", "stats"): "Get Queue Service Stats",
}


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is the call's in Microsoft's documentation; `queue` and `message_id` are empty where none is addressed."""

    name: str
    queue: str
    message_id: str
    query: dict[str, str]

    def seconds(self, parameter: str, *, low: int, high: int, default: int | None = None) -> int:
        """A whole number from the query, within bounds; without a default it must be there."""
        text = self.query.get(parameter)
        if text is None:
            if default is None:
                raise _missing(parameter)
            return default
        if not re.fullmatch(r"-?\d{1,18}", text):
            message = "Value for one of the query parameters specified in the request URI is invalid."
            raise InvalidRequestError("InvalidQueryParameterValue", message)
        if not low <= int(text) <= high:
            message = "One of the query parameters specified in the request URI is outside the permissible range."
            raise InvalidRequestError("OutOfRangeQueryParameterValue", message)
        return int(text)

    def pop_receipt(self) -> str:
        try:
            return self.query["popreceipt"]
        except KeyError:
            raise _missing("popreceipt") from None


def understand(request: Request) -> Call:
    """The call a request makes; what is no call of ours, or of nobody, is refused by name."""
    path, _, query_text = request.target.partition("?")
    query = {name: values[0] for name, values in query_values(query_text).items()}
    account, *rest = [unquote(segment) for segment in path.strip("/").split("/")]
    if account != ACCOUNT_NAME:
        raise InvalidRequestError("InvalidUri", f"The requested URI does not begin with the account /{ACCOUNT_NAME}.")
    addressed = _addressed(rest)
    name = _CALLS.get((request.method, addressed, query.get("comp", "")))
    if name is None:
        raise RefusedCallError(
            f"{request.method} on {addressed}" + (f" with comp={query['comp']}" if "comp" in query else "")
        )
    if name == "Get Messages" and query.get("peekonly", "").lower() == "true":
        name = "Peek Messages"
    if rest and not _QUEUE_NAME.fullmatch(rest[0]):
        raise InvalidRequestError("InvalidResourceName", "The specified resource name contains invalid characters.")
    return Call(name, queue=rest[0] if rest else "", message_id=rest[2] if addressed == "message" else "", query=query)


def _addressed(rest: list[str]) -> str:
    match rest:
        case [] | [""]:
            return "account"
        case [_]:
            return "queue"
        case [_, "messages"]:
            return "messages"
        case [_, "messages", _]:
            return "message"
        case _:
            return "an unknown path"


def _missing(parameter: str) -> InvalidRequestError:
    message = f"A query parameter that's mandatory for this request is not specified: {parameter}."
    return InvalidRequestError("MissingRequiredQueryParameter", message)
