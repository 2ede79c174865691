"""A batch: what is sent can be read by the email package, what is read is matched to its part, and nothing is lost."""

import json
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from dataverse import (
    BadRequestError,
    BatchResult,
    Changeset,
    ConflictError,
    DataverseClient,
    InvalidRequestError,
    Limits,
    NotAttemptedError,
    NotFoundError,
    Request,
    StaticToken,
    ThrottledError,
    UnavailableError,
    action,
    create,
    query,
    retrieve,
    tagged,
    update,
    upsert,
)
from dataverse.batch import decode_batch, encode_batch
from dataverse.transport import Answer
from tests.unit.dataverse.conftest import ORIGIN, ROOT

ID = "60c4e274-0d87-e711-80e5-00155db19e6d"
BATCH_URL = f"{ROOT}$batch"
READ = retrieve("leads", ID, select=["jobtitle"])
CHANGE = tagged(update("leads", ID, {"jobtitle": "Chef é\r\n--batch"}, etag='W/"1"'), "run")
SCORE = upsert("lgate_leadscores", ID, {"lgate_score": 110}, only_create=True)
LOG = create("lgate_qualificationlogs", {"lgate_qualificationlogid": ID}, id_column="lgate_qualificationlogid")
QUALIFY = action("QualifyLead", {}, ("leads", ID))

CRLF = "\r\n"


def http(status: int, body: object = None, content_id: str | None = None) -> str:
    """One answer as the service writes it inside a batch."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"HTTP/1.1 {status} Reason", "OData-Version: 4.0", "REQ_ID: part-id"]
    if body is None:
        return CRLF.join([*lines, "", ""])
    return CRLF.join([*lines, "Content-Type: application/json; odata.metadata=minimal", "", json.dumps(body)])


def error(status: int, code: str, content_id: str | None = None) -> str:
    return http(status, {"error": {"code": code, "message": "canary"}}, content_id)


def changeset(*answers: str) -> str:
    inner = "".join(f"--changesetresponse_2{CRLF}{answer}{CRLF}" for answer in answers)
    return (
        f"Content-Type: multipart/mixed; boundary=changesetresponse_2{CRLF}{CRLF}{inner}--changesetresponse_2--{CRLF}"
    )


def multipart(*parts: str) -> bytes:
    return ("".join(f"--batchresponse_1{CRLF}{part}{CRLF}" for part in parts) + f"--batchresponse_1--{CRLF}").encode()


def answers(service: responses.RequestsMock, *parts: str, status: int = 200) -> None:
    service.post(
        BATCH_URL, status=status, body=multipart(*parts), content_type="multipart/mixed; boundary=batchresponse_1"
    )


def parsed(content: bytes, content_type: str) -> list[Message]:
    """The batch as the standard library's MIME parser sees it."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + content, policy=HTTP)
    assert not message.defects
    payload = message.get_payload()
    assert isinstance(payload, list)
    return payload


def inner_request(part: Message) -> tuple[str, dict[str, str], bytes]:
    assert part.get_content_type() == "application/http"
    assert part["Content-Transfer-Encoding"] == "binary"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    head, _, body = content.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, dict(header.split(": ", 1) for header in headers), body.strip(b"\r\n")


def test_a_mime_parser_reads_what_was_written(service: responses.RequestsMock, client: DataverseClient) -> None:
    answers(service, http(200, {"a": 1}), changeset(*(http(204, None, str(n)) for n in (1, 2, 3))), http(204))
    client.batch([READ, Changeset([CHANGE, SCORE, LOG]), QUALIFY])
    sent = service.calls[0].request
    assert sent.headers["Prefer"] == "odata.continue-on-error"
    assert isinstance(sent.body, bytes)
    assert b"\n" not in sent.body.replace(b"\r\n", b""), "every line ends with CRLF"
    read, writes, qualify = parsed(sent.body, sent.headers["Content-Type"])
    line, headers, body = inner_request(read)
    assert (line, headers, body) == (
        f"GET /api/data/v9.2/{READ.path} HTTP/1.1",
        {"Accept": "application/json"},
        b"",
    )
    members = writes.get_payload()
    assert isinstance(members, list)
    assert [member["Content-ID"] for member in members] == ["1", "2", "3"]
    line, headers, body = inner_request(members[0])
    assert line == f"PATCH /api/data/v9.2/leads({ID})?tag=run HTTP/1.1"
    assert headers["If-Match"] == 'W/"1"'
    assert json.loads(body) == CHANGE.body
    assert inner_request(members[1])[1]["If-None-Match"] == "*"
    assert qualify["Content-ID"] is None


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_no_text_in_a_row_can_end_its_part(texts: list[str]) -> None:
    parts = [create("leads", {"subject": text}) for text in [*texts, "--b\r\n--b--"]]
    content = encode_batch(parts, "/api/data/v9.2/", "b")
    bodies = [inner_request(part)[2] for part in parsed(content, "multipart/mixed; boundary=b")]
    assert [json.loads(body) for body in bodies] == [part.body for part in parts]


@given(st.lists(st.dictionaries(st.text(), st.text(), max_size=3), min_size=1, max_size=5))
def test_every_answer_comes_back_in_its_place(bodies: list[dict[str, str]]) -> None:
    content = multipart(*(http(200, body) for body in bodies))
    answer = Answer(200, CaseInsensitiveDict({"content-type": 'multipart/mixed; boundary="batchresponse_1"'}), content)
    assert [json.loads(part.answers[0].content) for part in decode_batch(answer)] == bodies


def test_each_part_has_its_own_result(service: responses.RequestsMock, client: DataverseClient) -> None:
    answers(service, http(200, {"a": 1}), error(404, "0x80040217"), error(429, "0x80072322"), http(204))
    read, gone, slow, written = client.batch([READ, READ, CHANGE, CHANGE])
    assert read.response.row == {"a": 1}
    assert read.response.request_id == "part-id"
    assert isinstance(gone.error, NotFoundError)
    assert isinstance(slow.error, ThrottledError)
    assert written.response.status == 204
    with pytest.raises(NotFoundError, match="part-id"):
        _ = gone.response
    assert "canary" not in repr(gone)


def test_a_changeset_answers_in_the_order_of_its_requests(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, changeset(http(204, None, "2"), http(201, {"n": 1}, "1")))
    (result,) = client.batch([Changeset([LOG, CHANGE])])
    assert [response.status for response in result.responses] == [201, 204]
    assert result.error is None


@pytest.mark.parametrize(
    ("answer", "failed_at", "kind"),
    [
        (changeset(error(412, "0x80060882", "2")), 1, ConflictError),
        (changeset(error(400, "0x80048d19")), None, BadRequestError),
        (error(412, "0x80060882", "2"), 1, ConflictError),
        (error(400, "0x80048d19"), None, BadRequestError),
    ],
)
def test_a_failed_changeset_has_one_error_and_says_who_met_it_when_it_is_known(
    service: responses.RequestsMock, client: DataverseClient, answer: str, failed_at: int | None, kind: type
) -> None:
    answers(service, answer, http(200, {}))
    failed, read = client.batch([Changeset([SCORE, CHANGE]), READ])
    assert (type(failed.error), failed.failed_at, failed.responses) == (kind, failed_at, ())
    assert read.error is None


def test_a_412_in_a_changeset_is_read_by_what_its_own_request_asked(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, changeset(error(412, "", "1")), changeset(error(412, "", "2")))
    first, second = client.batch([Changeset([SCORE, CHANGE]), Changeset([SCORE, CHANGE])])
    assert type(first.error).__name__ == "AlreadyExistsError"
    assert type(second.error).__name__ == "ConflictError"


def test_a_batch_that_stops_says_what_was_not_attempted(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, http(204), error(400, "0x80048d19"), status=400)
    results = client.batch([CHANGE, CHANGE, READ, Changeset([CHANGE])], continue_on_error=False)
    assert [type(result.error) for result in results] == [type(None), BadRequestError, *[NotAttemptedError] * 2]
    assert "Prefer" not in service.calls[0].request.headers


def test_a_stopped_batch_that_is_cut_short_does_not_pass_for_a_whole_one(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    cut = multipart(error(400, "0x80048d19"), http(204))[:-30]
    service.post(BATCH_URL, status=400, body=cut, content_type="multipart/mixed; boundary=batchresponse_1")
    with pytest.raises(UnavailableError, match="does not match"):
        client.batch([QUALIFY, QUALIFY, QUALIFY], continue_on_error=False)


def test_an_error_of_the_whole_batch_is_raised(service: responses.RequestsMock, client: DataverseClient) -> None:
    service.post(BATCH_URL, status=400, json={"error": {"code": "0x80060888", "message": "canary"}})
    with pytest.raises(BadRequestError) as raised:
        client.batch([READ])
    assert "canary" not in str(raised.value)


WHOLE = multipart(http(200, {"a": 1}), http(200, {"a": 2}))


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/mixed; boundary=batchresponse_1"),
        (WHOLE[:-4], "multipart/mixed; boundary=batchresponse_1"),
        (WHOLE[:-20], "multipart/mixed; boundary=batchresponse_1"),
        (WHOLE[: len(WHOLE) // 2], "multipart/mixed; boundary=batchresponse_1"),
        (WHOLE, "multipart/mixed; boundary=other"),
        (WHOLE, "multipart/mixed"),
        (WHOLE, "application/json"),
        (b"<html>", "text/html"),
        (multipart(http(200, {})), "multipart/mixed; boundary=batchresponse_1"),
        (multipart(*[http(200, {})] * 3), "multipart/mixed; boundary=batchresponse_1"),
        (multipart(http(200, {}), "nonsense"), "multipart/mixed; boundary=batchresponse_1"),
        (multipart(http(200, {}), changeset(http(204))), "multipart/mixed; boundary=batchresponse_1"),
        (WHOLE.replace(b"HTTP/1.1 200", b"SMTP 200"), "multipart/mixed; boundary=batchresponse_1"),
    ],
)
def test_an_answer_that_does_not_fit_the_batch_is_a_fault_of_the_moment(
    service: responses.RequestsMock, client: DataverseClient, content: bytes, content_type: str
) -> None:
    service.post(BATCH_URL, body=content, content_type=content_type)
    answers(service, http(200, {"a": 1}), http(200, {"a": 2}))
    assert [result.response.row for result in client.batch([READ, READ])] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("answer", [changeset(http(204)), changeset(http(204, None, "1"), http(204, None, "7"))])
def test_a_changeset_with_other_answers_than_requests_is_a_fault(
    service: responses.RequestsMock, client: DataverseClient, answer: str
) -> None:
    answers(service, answer)
    with pytest.raises(UnavailableError, match="does not match"):
        client.batch([Changeset([SCORE, QUALIFY])])


def test_a_truncated_part_is_the_fault_of_that_part_alone(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    answers(service, http(200, {"a": 1}).removesuffix("}"), http(200, {"a": 2}))
    broken, whole = client.batch([READ, READ])
    assert isinstance(broken.error, UnavailableError)
    assert whole.response.row == {"a": 2}


@pytest.mark.parametrize(
    ("parts", "requests_sent"),
    [
        ([READ, CHANGE, Changeset([SCORE, LOG])], 2),
        ([READ, QUALIFY], 1),
        ([Changeset([CHANGE, QUALIFY])], 1),
        ([create("leads", {})], 1),
    ],
)
def test_a_batch_is_repeated_only_when_all_of_it_is_repeatable(
    service: responses.RequestsMock, parts: list[Request | Changeset], requests_sent: int
) -> None:
    for _ in range(requests_sent):
        service.post(BATCH_URL, body=requests.ConnectionError())
    limits = Limits(attempts=2)
    with (
        DataverseClient(ORIGIN, StaticToken("t"), sleep=lambda _: None, limits=limits) as other,
        pytest.raises(UnavailableError),
    ):
        other.batch(parts)
    assert len(service.calls) == requests_sent


@pytest.mark.parametrize(
    "build",
    [
        lambda client: client.batch([READ] * 1_001),
        lambda client: client.batch([Changeset([CHANGE] * 600), Changeset([CHANGE] * 401)]),
        lambda client: client.batch([Request("GET", "leads?" + "a" * 65_536)]),
        lambda _: Changeset([]),
        lambda _: Changeset([CHANGE, READ]),
    ],
)
def test_what_no_batch_may_hold_is_refused_before_it_is_sent(
    client: DataverseClient, build: Callable[[DataverseClient], object]
) -> None:
    with pytest.raises(InvalidRequestError):
        build(client)


def test_a_batch_takes_longer_urls_than_a_plain_request(
    service: responses.RequestsMock, client: DataverseClient
) -> None:
    long = query("leads", select=["a" + str(n) for n in range(6_000)])
    assert 32_768 < len(long.path) < 65_000
    answers(service, http(200, {"value": []}))
    assert client.batch([long])[0].response.rows == []


def test_a_batch_of_nothing_sends_nothing(client: DataverseClient) -> None:
    assert client.batch([]) == []


def test_a_result_is_a_value() -> None:
    assert BatchResult() == BatchResult(responses=(), error=None, failed_at=None)
