"""Bulk messages: all or nothing for the service, one result per row for the caller."""

import json
from typing import Any

import pytest
import responses

from dataverse import (
    AuthenticationError,
    BadRequestError,
    DataverseClient,
    InvalidRequestError,
    Limits,
    NotAttemptedError,
    NotFoundError,
    PlugInError,
    StaticToken,
    Table,
    UnavailableError,
    write_rows,
)
from dataverse.bulk import Message, bulk_request
from tests.unit.dataverse.conftest import ORIGIN, ROOT
from tests.unit.dataverse.test_batch import BATCH_URL, answers, error, http, inner_request, parsed

SCORES = Table("lgate_leadscores", "lgate_leadscore", "lgate_leadscoreid")
BULK_URL = f"{ROOT}lgate_leadscores/Microsoft.Dynamics.CRM."


def row_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def row(number: int) -> dict[str, Any]:
    return {"lgate_leadscoreid": row_id(number), "lgate_score": number}


def refuses(service: responses.RequestsMock, message: Message, code: str = "0x80048d19") -> None:
    service.post(f"{BULK_URL}{message}", status=400, json={"error": {"code": code, "message": "canary"}})


def targets(service: responses.RequestsMock, call: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(service.calls[call].request.body or b"")["Targets"]
    return found


@pytest.mark.parametrize("message", ["UpdateMultiple", "UpsertMultiple"])
def test_rows_go_out_by_id_in_messages_of_their_type(
    service: responses.RequestsMock, client: DataverseClient, message: Message
) -> None:
    for _ in range(3):
        service.post(f"{BULK_URL}{message}", status=204)
    results = write_rows(client, message, SCORES, [row(number) for number in range(5)], rows_max=2)
    assert [result.row_id for result in results] == [row_id(number) for number in range(5)]
    assert all(result.error is None for result in results)
    assert [len(targets(service, call)) for call in range(3)] == [2, 2, 1]
    assert targets(service, 0)[1] == {"@odata.type": "Microsoft.Dynamics.CRM.lgate_leadscore"} | row(1)


def test_a_create_answers_with_the_ids_that_it_gave(service: responses.RequestsMock, client: DataverseClient) -> None:
    ids = [row_id(7).upper(), row_id(8)]
    service.post(f"{BULK_URL}CreateMultiple", json={"Ids": ids})
    results = write_rows(client, "CreateMultiple", SCORES, [{"lgate_score": 1}, {"lgate_score": 2}])
    assert [result.row_id for result in results] == [one.lower() for one in ids]


def test_one_bad_row_is_found_and_the_others_are_written(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    refuses(service, "UpdateMultiple")
    answers(service, http(204), error(404, "0x80040217"), error(400, "0x80040265"), http(204))
    results = write_rows(client, "UpdateMultiple", SCORES, [row(number) for number in range(4)])
    assert [type(result.error) for result in results] == [type(None), NotFoundError, PlugInError, type(None)]
    assert [result.row_id for result in results] == [row_id(0), None, None, row_id(3)]
    sent = service.calls[1].request
    line, headers, body = inner_request(parsed(sent.body, sent.headers["Content-Type"])[0])  # type: ignore[arg-type]
    assert line == f"PATCH /api/data/v9.2/lgate_leadscores({row_id(0)}) HTTP/1.1"
    assert headers["If-Match"] == "*", "an update of a row that is gone must not make it"
    assert json.loads(body) == {"lgate_score": 0}


@pytest.mark.parametrize(
    ("message", "rows", "method", "guard"),
    [
        ("UpsertMultiple", [row(1), row(2)], "PATCH", None),
        ("CreateMultiple", [row(1), row(2)], "POST", None),
        ("CreateMultiple", [{"lgate_score": 1}, {"lgate_score": 2}], "POST", None),
    ],
)
def test_each_message_falls_back_to_its_own_kind_of_write(
    service: responses.RequestsMock,
    client: DataverseClient,
    message: Message,
    rows: list[dict[str, Any]],
    method: str,
    guard: str | None,
) -> None:
    refuses(service, message)
    made = http(204).replace("OData-Version: 4.0", f"OData-EntityId: {ROOT}lgate_leadscores({row_id(1)})")
    answers(service, made, error(412, "0x80060892"))
    first, second = write_rows(client, message, SCORES, rows)
    assert first.row_id == row_id(1)
    assert second.error is not None
    sent = service.calls[1].request
    line, headers, body = inner_request(parsed(sent.body, sent.headers["Content-Type"])[0])  # type: ignore[arg-type]
    assert line.startswith(method)
    assert headers.get("If-Match") == guard
    assert ("lgate_leadscoreid" in json.loads(body)) == (message == "CreateMultiple" and "lgate_leadscoreid" in rows[0])


def test_what_one_message_cannot_the_next_may_still(service: responses.RequestsMock, client: DataverseClient) -> None:
    refuses(service, "UpsertMultiple")
    answers(service, error(400, "0x80048d19"), error(400, "0x80048d19"))
    service.post(f"{BULK_URL}UpsertMultiple", status=204)
    results = write_rows(client, "UpsertMultiple", SCORES, [row(number) for number in range(4)], rows_max=2)
    kinds = [BadRequestError, BadRequestError, type(None), type(None)]
    assert [type(result.error) for result in results] == kinds


@pytest.mark.parametrize(("status", "kind"), [(503, UnavailableError), (401, AuthenticationError)])
def test_a_fault_of_the_whole_is_not_tried_row_by_row_and_ends_the_writing(
    service: responses.RequestsMock, client: DataverseClient, status: int, kind: type
) -> None:
    service.post(f"{BULK_URL}UpsertMultiple", status=204)
    for _ in range(4 if status == 503 else 2):
        service.post(f"{BULK_URL}UpsertMultiple", status=status)
    results = write_rows(client, "UpsertMultiple", SCORES, [row(number) for number in range(6)], rows_max=2)
    assert [type(result.error) for result in results] == [type(None)] * 2 + [kind] * 2 + [NotAttemptedError] * 2


def test_a_batch_that_fails_while_looking_for_the_bad_row_ends_the_writing(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    refuses(service, "UpdateMultiple")
    for _ in range(4):
        service.post(BATCH_URL, status=503)
    results = write_rows(client, "UpdateMultiple", SCORES, [row(number) for number in range(3)], rows_max=2)
    assert [type(result.error) for result in results] == [UnavailableError, UnavailableError, NotAttemptedError]


def test_a_create_without_ids_is_not_repeated_after_an_unknown_outcome(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    service.post(f"{BULK_URL}CreateMultiple", status=503)
    (result,) = write_rows(client, "CreateMultiple", SCORES, [{"lgate_score": 1}])
    assert isinstance(result.error, UnavailableError)
    assert result.error.may_have_happened
    assert len(service.calls) == 1


@pytest.mark.parametrize("answer", [{}, {"Ids": []}, {"Ids": ["a", "b"]}, {"Ids": [1]}, {"Ids": None}])
def test_an_answer_without_one_id_for_each_row_is_a_fault(
    service: responses.RequestsMock, client: DataverseClient, answer: dict[str, Any]
) -> None:
    service.post(f"{BULK_URL}CreateMultiple", json=answer)
    (result,) = write_rows(client, "CreateMultiple", SCORES, [{"lgate_score": 1}])
    assert isinstance(result.error, UnavailableError)


def test_messages_are_split_by_bytes_too(service: responses.RequestsMock) -> None:
    for _ in range(3):
        service.post(f"{BULK_URL}UpsertMultiple", status=204)
    long = [row(number) | {"lgate_explanation": "é" * 200} for number in range(3)]
    with DataverseClient(ORIGIN, StaticToken("t"), limits=Limits(batch_bytes_max=700)) as client:
        assert len(write_rows(client, "UpsertMultiple", SCORES, long)) == 3
    assert all(len(call.request.body or b"") < 700 for call in service.calls)


@pytest.mark.parametrize(
    ("message", "rows"),
    [
        ("UpdateMultiple", [row(1), {"lgate_score": 1}]),
        ("UpsertMultiple", [{"lgate_leadscoreid": "x) or (1", "lgate_score": 1}]),
        ("CreateMultiple", [row(1), {"lgate_score": 1}]),
        ("CreateMultiple", []),
    ],
)
def test_rows_that_cannot_be_named_are_refused(message: Message, rows: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidRequestError):
        bulk_request(message, SCORES, rows)


def test_a_row_that_cannot_be_sent_is_refused_before_the_first_is(client: DataverseClient) -> None:
    for bad in ({"lgate_score": 1}, row(1) | {"lgate_name": "\ud800"}):
        with pytest.raises(InvalidRequestError):
            write_rows(client, "UpsertMultiple", SCORES, [row(0), bad], rows_max=1)


def test_no_rows_are_no_request(client: DataverseClient) -> None:
    assert write_rows(client, "UpsertMultiple", SCORES, []) == []
