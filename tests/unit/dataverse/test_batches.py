"""More parts than one batch takes: each gets its own result, in its place, whatever becomes of the batches."""

from itertools import pairwise

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from dataverse import (
    BadRequestError,
    Changeset,
    DataverseClient,
    InvalidRequestError,
    Limits,
    NotAttemptedError,
    StaticToken,
    UnavailableError,
    action,
    create,
    send_in_batches,
)
from dataverse.batch import Part, encode_batch, requests_of
from dataverse.batches import split
from tests.unit.dataverse.conftest import ORIGIN
from tests.unit.dataverse.test_batch import BATCH_URL, CHANGE, READ, answers, changeset, error, http

SIZES = st.lists(st.integers(1, 4), max_size=30)


def part_of(requests: int, text: str = "") -> Part:
    one = create("leads", {"subject": text})
    return one if requests == 1 else Changeset([one] * requests)


@given(SIZES, st.integers(4, 10), st.integers(2_000, 5_000))
def test_batches_keep_the_order_and_both_bounds(sizes: list[int], requests_max: int, bytes_max: int) -> None:
    parts = [part_of(requests, "é" * requests) for requests in sizes]
    batches = list(split(parts, requests_max=requests_max, bytes_max=bytes_max))
    assert [part for batch in batches for part in batch] == parts
    for batch in batches:
        assert batch
        assert len(requests_of(batch)) <= requests_max
        assert len(encode_batch(batch, "/api/data/v9.2/", f"batch_{'0' * 36}")) <= bytes_max


@given(SIZES)
def test_no_batch_is_begun_while_the_last_has_room(sizes: list[int]) -> None:
    parts = [part_of(requests) for requests in sizes]
    batches = list(split(parts, requests_max=6, bytes_max=10**9))
    for batch, following in pairwise(batches):
        assert len(requests_of(batch)) + len(requests_of(following[:1])) > 6


@pytest.mark.parametrize("bounds", [{"requests_max": 2, "bytes_max": 10**9}, {"requests_max": 9, "bytes_max": 500}])
def test_a_part_that_fits_in_no_batch_is_refused_before_anything_is_sent(bounds: dict[str, int]) -> None:
    with pytest.raises(InvalidRequestError, match="bigger"):
        list(split([part_of(1), part_of(3, "x" * 500)], **bounds))


def test_results_of_several_batches_come_in_the_order_of_the_parts(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, http(200, {"n": 1}), error(400, "0x80048d19"))
    answers(service, changeset(http(204, None, "1"), http(204, None, "2")))
    answers(service, http(200, {"n": 4}))
    results = send_in_batches(client, [READ, READ, Changeset([CHANGE, CHANGE]), READ], requests_max=2)
    assert [type(result.error) for result in results] == [type(None), BadRequestError, type(None), type(None)]
    assert [len(result.responses) for result in results] == [1, 0, 2, 1]
    assert results[3].response.row == {"n": 4}
    assert len(service.calls) == 3


def test_a_batch_that_fails_whole_costs_nothing_of_what_was_done_and_ends_it(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    qualify = action("QualifyLead", {})
    answers(service, http(200, {"n": 1}), http(200, {"n": 2}))
    service.post(BATCH_URL, status=503)
    results = send_in_batches(client, [READ, READ, qualify, qualify, READ, Changeset([CHANGE, CHANGE])], requests_max=2)
    kinds = [type(None)] * 2 + [UnavailableError] * 2 + [NotAttemptedError] * 2
    assert [type(result.error) for result in results] == kinds
    assert len(service.calls) == 2


def test_without_going_on_nothing_is_sent_after_the_first_error(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, error(400, "0x80048d19"), status=400)
    results = send_in_batches(client, [CHANGE] * 4, requests_max=2, continue_on_error=False)
    assert [type(result.error) for result in results] == [BadRequestError] + [NotAttemptedError] * 3
    assert len(service.calls) == 1


def test_a_batch_beyond_the_clients_bytes_is_refused_before_it_is_sent() -> None:
    limits = Limits(batch_bytes_max=1_000)
    with DataverseClient(ORIGIN, StaticToken("t"), limits=limits) as client:
        with pytest.raises(InvalidRequestError, match="bytes"):
            client.batch([part_of(1, "x" * 400)] * 2)
        assert send_in_batches(client, []) == []
