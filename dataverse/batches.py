"""More parts than one batch takes: split by requests and bytes, with one result per part, in order."""

from collections.abc import Iterator, Sequence

from dataverse.batch import BatchResult, Part, encode_batch, requests_of
from dataverse.client import DataverseClient
from dataverse.errors import DataverseError, InvalidRequestError, NotAttemptedError
from dataverse.urls import API_PATH

_BOUNDARY = "batch_00000000-0000-0000-0000-000000000000"  # as long as those that the client makes


def send_in_batches(
    client: DataverseClient,
    parts: Sequence[Part],
    *,
    requests_max: int | None = None,
    continue_on_error: bool = True,
    read_timeout_s: float | None = None,
) -> list[BatchResult]:
    """One result per part, in order; at most `requests_max` requests, and the client's bytes, in each batch.

    Batches follow one another. One that fails as a whole gives its error to each of its parts, and what comes after
    it is not sent (NotAttemptedError), so that nothing that was done before is lost with it.
    """
    limits = client.limits
    requests_max = min(requests_max or limits.batch_requests_max, limits.batch_requests_max)
    results: list[BatchResult] = []
    for batch in list(split(parts, requests_max=requests_max, bytes_max=limits.batch_bytes_max)):
        try:
            results += client.batch(batch, continue_on_error=continue_on_error, read_timeout_s=read_timeout_s)
        except DataverseError as error:
            results += [BatchResult(error=error)] * len(batch)
            break
        if not continue_on_error and results[-1].error is not None:
            break
    return results + [_not_attempted(part) for part in parts[len(results) :]]


def split(parts: Sequence[Part], *, requests_max: int, bytes_max: int) -> Iterator[list[Part]]:
    """The parts in order, in as few batches as go one after another; InvalidRequestError for one that fits in none."""
    batch: list[Part] = []
    requests, size = 0, _ends_bytes()
    for part in parts:
        part_requests, part_bytes = len(requests_of([part])), _part_bytes(part)
        if part_requests > requests_max or part_bytes + _ends_bytes() > bytes_max:
            raise InvalidRequestError("a part is bigger than a batch may be")
        if batch and (requests + part_requests > requests_max or size + part_bytes > bytes_max):
            yield batch
            batch, requests, size = [], 0, _ends_bytes()
        batch.append(part)
        requests += part_requests
        size += part_bytes
    if batch:
        yield batch


def _part_bytes(part: Part) -> int:
    # A changeset's boundary holds its position, of which the first has one digit: three more are the most.
    return len(encode_batch([part], API_PATH, _BOUNDARY)) - _ends_bytes() + 3 * (len(requests_of([part])) + 2)


def _ends_bytes() -> int:
    return len(encode_batch([], API_PATH, _BOUNDARY))


def _not_attempted(part: Part) -> BatchResult:
    about = "changeset" if len(requests_of([part])) > 1 else requests_of([part])[0].about
    return BatchResult(error=NotAttemptedError(about=about))
