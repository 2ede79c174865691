"""From an answer to a response: anything but the expected shape is a fault of the moment, never an empty result."""

from dataverse.error_reading import read_error, read_request_id
from dataverse.errors import UnavailableError
from dataverse.json_body import MalformedBodyError, decode_body
from dataverse.request import Request, Response, Row
from dataverse.transport import Answer

# Requests about definitions carry no row, so the service's own words about them may be shown.
_DEFINITIONS = (
    "EntityDefinitions",
    "RelationshipDefinitions",
    "InsertStatusValue",
    "InsertOptionValue",
    "UpdateOptionValue",
    "PublishXml",
)


def read_response(request: Request, answer: Answer, *, request_id: str, now_s: float) -> Response:
    """The response to a request; raises the error that the answer is, or UnavailableError for what it cannot be."""
    if answer.status in (200, 201):
        return Response(answer.status, answer.headers, _body(request, answer, request_id), _id(answer, request_id))
    if answer.status == 204 and not request.is_safe:
        return Response(204, answer.headers, None, _id(answer, request_id))
    raise read_error(
        answer,
        about=request.about,
        request_id=request_id,
        headers=request.headers,
        explain=request.path.startswith(_DEFINITIONS),
        now_s=now_s,
    )


def _body(request: Request, answer: Answer, request_id: str) -> Row:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _malformed(request, answer, request_id, "the answer is not JSON")
    try:
        return decode_body(answer.content)
    except MalformedBodyError:
        raise _malformed(request, answer, request_id, "the answer is not a whole JSON object") from None


def _malformed(request: Request, answer: Answer, request_id: str, explanation: str) -> UnavailableError:
    return UnavailableError(
        request_id=_id(answer, request_id), about=request.about, status=answer.status, explanation=explanation
    )


def _id(answer: Answer, request_id: str) -> str:
    return read_request_id(answer.headers) or request_id
