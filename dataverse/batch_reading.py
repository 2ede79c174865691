"""From the answer of a batch to one result per part, in the order of the parts."""

from collections.abc import Sequence

from dataverse.batch import BatchResult, Changeset, MalformedBatchError, Part, PartAnswer, decode_batch, is_multipart
from dataverse.error_reading import read_error
from dataverse.errors import DataverseError, NotAttemptedError, UnavailableError
from dataverse.reading import read_response
from dataverse.request import Request, Response
from dataverse.transport import Answer


def read_batch(
    batch: Request, parts: Sequence[Part], answer: Answer, *, request_id: str, now_s: float, stops: bool
) -> list[BatchResult]:
    """One result per part; raises the error that met the whole. `stops`: it was asked to end at the first error."""
    if not is_multipart(answer):
        raise _whole_error(batch, answer, request_id, now_s)
    try:
        found = decode_batch(answer)
        results = [
            _read_part(part, one, request_id=request_id, now_s=now_s)
            for part, one in zip(parts, found, strict=not stops)
        ]
    except ValueError:  # MalformedBatchError, or another number of answers than of parts
        raise UnavailableError(
            request_id=request_id,
            about=batch.about,
            status=answer.status,
            explanation="the answer does not match the batch",
        ) from None
    if len(results) < len(parts) and (not results or results[-1].error is None or len(found) > len(parts)):
        raise UnavailableError(request_id=request_id, about=batch.about, explanation="the answer ends early")
    return results + [_not_attempted(part, request_id) for part in parts[len(results) :]]


def _whole_error(batch: Request, answer: Answer, request_id: str, now_s: float) -> DataverseError:
    if answer.status == 200:
        return UnavailableError(
            request_id=request_id, about=batch.about, status=200, explanation="the answer is not that of a batch"
        )
    return read_error(
        answer, about=batch.about, request_id=request_id, headers=batch.headers, explain=False, now_s=now_s
    )


def _read_part(part: Part, found: PartAnswer, *, request_id: str, now_s: float) -> BatchResult:
    if isinstance(part, Request):
        if found.is_changeset:
            raise MalformedBatchError
        return _read_all((part,), found, request_id, now_s)
    failures = [answer for answer in found.answers if answer.status >= 400]
    if failures:
        return _failed_changeset(part, found, request_id, now_s)
    return _read_all(part.requests, found, request_id, now_s)


def _read_all(requests: Sequence[Request], found: PartAnswer, request_id: str, now_s: float) -> BatchResult:
    responses: list[Response] = []
    for position, answer in enumerate(_in_order(found, len(requests))):
        try:
            responses.append(read_response(requests[position], answer, request_id=request_id, now_s=now_s))
        except DataverseError as error:
            return BatchResult(error=error, failed_at=position)
    return BatchResult(tuple(responses))


def _failed_changeset(changeset: Changeset, found: PartAnswer, request_id: str, now_s: float) -> BatchResult:
    # Atomic, so there is one error for all of it; its Content-ID, if there is one, says who met it.
    if len(found.answers) != 1:
        raise MalformedBatchError
    content_id = found.content_ids[0]
    position = int(content_id) - 1 if content_id is not None and content_id.isdecimal() else None
    if position is not None and not 0 <= position < len(changeset.requests):
        raise MalformedBatchError
    if position is None and len(changeset.requests) == 1:
        position = 0
    # Who met it is known or not; what kind of error it is also depends on what was asked for.
    culprit = changeset.requests[position if position is not None else 0]
    try:
        read_response(culprit, found.answers[0], request_id=request_id, now_s=now_s)
    except DataverseError as error:
        return BatchResult(error=error, failed_at=position)
    raise MalformedBatchError


def _in_order(found: PartAnswer, count: int) -> list[Answer]:
    if len(found.answers) != count:
        raise MalformedBatchError
    if not found.is_changeset or None in found.content_ids:
        return list(found.answers)
    by_id = dict(zip(found.content_ids, found.answers, strict=True))
    try:
        return [by_id[str(number)] for number in range(1, count + 1)]
    except KeyError:
        raise MalformedBatchError from None


def _not_attempted(part: Part, request_id: str) -> BatchResult:
    about = part.about if isinstance(part, Request) else "changeset"
    return BatchResult(error=NotAttemptedError(request_id=request_id, about=about))
