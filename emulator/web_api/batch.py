"""`$batch`: parts in order, changesets all or nothing.

The whole body is read before the first part runs, so a malformed batch changes nothing; the service, which reads as it
goes, may have run the parts before the mistake.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from emulator.web_api.address import bound_row, referenced_row
from emulator.web_api.errors import BadRequestError, WebApiError
from emulator.web_api.http import Request, Response
from emulator.web_api.multipart import Changeset, Part, read_batch, write_batch, write_changeset, write_part
from emulator.web_api.preferences import parse_preferences
from emulator.web_api.representation import request_ids

REQUESTS_MAX = 1_000

# Answers one request, given the rows that earlier requests of its changeset made; never raises for a refusal.
Answer = Callable[[Request, Mapping[str, str]], Response]
# Runs a function in one transaction; an exception rolls it back and comes through.
Atomically = Callable[[Callable[[], None]], None]

_ROOT = "/api/data/v9.2/"


class _ChangesetFailedError(Exception):
    """The first refusal of a changeset, which undoes the requests before it."""

    def __init__(self, content_id: str | None, response: Response) -> None:
        super().__init__(content_id)
        self.content_id = content_id
        self.response = response


def run_batch(request: Request, answer: Answer, atomically: Atomically) -> Response:
    """Run a batch; without continue-on-error it stops at the first failure and has that failure's status."""
    items = read_batch(request.headers.get("Content-Type", ""), request.body)
    _check(items)
    continue_on_error = parse_preferences(request.headers).continue_on_error
    written: list[bytes] = []
    status = 200
    for item in items:
        failure, part = _changeset(item, answer, atomically) if isinstance(item, Changeset) else _single(item, answer)
        written.append(part)
        if failure is not None and not continue_on_error:
            status = failure
            break
    content_type, body = write_batch(written)
    return Response(status, {**request_ids(), "Content-Type": content_type}, body)


def _check(items: list[Part | Changeset]) -> None:
    parts = [part for item in items for part in (item.parts if isinstance(item, Changeset) else (item,))]
    if len(parts) > REQUESTS_MAX:
        message = (
            "The current batch message contains too many parts. "
            f"A maximum number of '{REQUESTS_MAX}' query operations and changesets are allowed in a batch message."
        )
        raise BadRequestError(message, "0x80060888")
    if any(urlsplit(part.request.target).path.rstrip("/").endswith("$batch") for part in parts):
        raise BadRequestError("A batch cannot be a part of a batch.", "0x80060888")


def _single(part: Part, answer: Answer) -> tuple[int | None, bytes]:
    response = answer(_absolute(part.request, {}), {})
    return _failure(response), write_part(response, part.content_id)


def _changeset(changeset: Changeset, answer: Answer, atomically: Atomically) -> tuple[int | None, bytes]:
    answers: list[tuple[str | None, Response]] = []

    def run() -> None:
        created: dict[str, str] = {}
        for part in changeset.parts:
            response = _answer_part(part, answer, created)
            if _failure(response) is not None:
                raise _ChangesetFailedError(part.content_id, response)
            answers.append((part.content_id, response))
            _remember(part, response, created)

    try:
        atomically(run)
    except _ChangesetFailedError as failure:
        return failure.response.status, write_changeset([(failure.content_id, failure.response)])
    return None, write_changeset(answers)


def _answer_part(part: Part, answer: Answer, created: Mapping[str, str]) -> Response:
    try:
        return answer(_absolute(part.request, created), created)
    except WebApiError as refusal:
        return Response(refusal.status, {**request_ids(), "Content-Type": "application/json"}, refusal.body())


def _remember(part: Part, response: Response, created: dict[str, str]) -> None:
    if part.content_id is None:
        return
    found = bound_row(response.headers.get("OData-EntityId", ""))
    created[part.content_id] = f"/{found.name}({found.key})" if found else ""


def _absolute(request: Request, created: Mapping[str, str]) -> Request:
    target = request.target
    if target.startswith("$") and not target.startswith("$batch"):
        reference, slash, rest = target.partition("/")
        target = _ROOT + referenced_row(created, reference).lstrip("/") + slash + rest
    elif not target.startswith(("/", "http://", "https://")):
        target = _ROOT + target
    return Request(request.method, target, request.headers, request.body)


def _failure(response: Response) -> int | None:
    return response.status if response.status >= 400 else None
