"""Which error an answer is: by code where there is one, by status and by what was asked where there is not."""

import json
from email.utils import formatdate

import pytest
from requests.structures import CaseInsensitiveDict

from dataverse import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DataverseError,
    ExpiredDeltaError,
    NotFoundError,
    PlugInError,
    PrivilegeError,
    RefusedError,
    StateError,
    ThrottledError,
    UnavailableError,
)
from dataverse.error_reading import read_error, read_retry_after
from dataverse.errors import TransientError
from dataverse.transport import Answer

NOW_S = 1_800_000_000.0
IF_MATCH = {"If-Match": 'W/"1"'}
IF_NONE_MATCH = {"If-None-Match": "*"}


def error_of(
    status: int,
    code: object = "",
    *,
    sent: dict[str, str] | None = None,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
    explain: bool = False,
) -> DataverseError:
    body = json.dumps({"error": {"code": code, "message": "canary"}}).encode() if content is None else content
    answer = Answer(status, CaseInsensitiveDict(headers or {}), body)
    return read_error(answer, about="PATCH leads", request_id="ours", headers=sent or {}, explain=explain, now_s=NOW_S)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "0x80040217", NotFoundError),
        (404, "0x80060891", NotFoundError),
        (404, "", NotFoundError),
        (404, "0x8006088A", BadRequestError),  # Resource not found for the segment
        (400, "0x80060888", BadRequestError),
        (400, "0x80048D19", BadRequestError),
        (400, "0x80044331", BadRequestError),
        (400, "0x8004431A", BadRequestError),
        (500, "0x80044352", ExpiredDeltaError),
        (410, "0x80044352", ExpiredDeltaError),
        (405, "", BadRequestError),
        (413, "InvalidUrl", BadRequestError),
        (501, "", BadRequestError),
        (400, "0x80040265", PlugInError),
        (500, "0x80040265", PlugInError),
        (400, "0x80040230", StateError),
        (400, "0x8004022E", StateError),
        (400, "0x80048408", StateError),
        (412, "0x80040333", RefusedError),
        (412, "0x80048d09", PlugInError),
        (403, "0x80040220", PrivilegeError),
        (403, "0x80095FFE", PrivilegeError),
        (403, "", PrivilegeError),
        (401, "0x80072560", PrivilegeError),
        (401, "0x80041d52", AuthenticationError),
        (401, "", AuthenticationError),
        (412, "0x80060892", AlreadyExistsError),
        (412, "0x80040237", AlreadyExistsError),
        (400, "0x80044310", AlreadyExistsError),
        (400, "0x8004F511", AlreadyExistsError),
        (429, "0x80072322", ThrottledError),
        (429, "0x80072321", ThrottledError),
        (429, "0x80072326", ThrottledError),
        (429, "0x80040217", ThrottledError),
        (503, "0x80072326", ThrottledError),
        (500, "", UnavailableError),
        (502, "", UnavailableError),
        (503, "0x80048d03", UnavailableError),
        (408, "", UnavailableError),
        (302, "", UnavailableError),
        (400, "0x80071154", UnavailableError),
    ],
)
def test_status_and_code_say_what_can_be_done(status: int, code: str, expected: type[DataverseError]) -> None:
    for sent in ({}, IF_MATCH, IF_NONE_MATCH):
        assert type(error_of(status, code, sent=sent)) is expected


@pytest.mark.parametrize(
    ("code", "sent", "expected"),
    [
        ("", IF_MATCH, ConflictError),
        ("", {"if-match": "*"}, ConflictError),
        ("0x80060882", {}, ConflictError),
        ("0x1", IF_MATCH, ConflictError),
        ("", IF_NONE_MATCH, AlreadyExistsError),
        ("", {}, AlreadyExistsError),
        ("0x80060892", IF_MATCH, AlreadyExistsError),
        ("0x80040333", IF_MATCH, RefusedError),
    ],
)
def test_a_412_is_split_by_its_code_and_then_by_what_was_asked(
    code: str, sent: dict[str, str], expected: type[DataverseError]
) -> None:
    assert type(error_of(412, code, sent=sent)) is expected


@pytest.mark.parametrize("content", [b"", b"<html>Service unavailable</html>", b'{"error":', b"[]", b'{"message":"x"}'])
@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_page_of_a_gateway_says_nothing_about_the_row(status: int, content: bytes) -> None:
    assert type(error_of(status, content=content)) is UnavailableError


def test_a_412_without_a_body_is_still_a_conflict() -> None:
    assert type(error_of(412, content=b"", sent=IF_MATCH)) is ConflictError


def test_a_throttle_without_a_body_is_still_one() -> None:
    assert type(error_of(429, content=b"<html>")) is ThrottledError


def test_only_a_lock_is_known_not_to_have_happened() -> None:
    lock, gateway = error_of(400, "0x80044339"), error_of(502)
    assert isinstance(lock, TransientError)
    assert isinstance(gateway, TransientError)
    assert (lock.may_have_happened, gateway.may_have_happened) == (False, True)


@pytest.mark.parametrize("code", ["0X80060882", "0x80060882"])
def test_codes_are_kept_in_lower_case(code: str) -> None:
    assert error_of(412, code).code == "0x80060882"


@pytest.mark.parametrize("code", ["a\r\nb", "x" * 65, "a b", "canary", "0xcanary", None, 5.5, {"a": 1}, ["canary"]])
def test_a_code_that_is_none_does_not_reach_the_message(code: object) -> None:
    error = error_of(400, code)
    assert "\n" not in str(error)
    assert "canary" not in str(error)


def test_a_code_that_is_not_the_services_is_not_shown_and_still_tells_errors_apart() -> None:
    error = error_of(404, "ResourceNotFound")
    assert (type(error), error.code) == (BadRequestError, "")
    assert type(error_of(404, "")) is NotFoundError


def test_the_services_text_is_kept_only_where_it_cannot_hold_a_row() -> None:
    assert "canary" not in str(error_of(400, "0x1"))
    assert "canary" not in repr(error_of(400, "0x1"))
    assert "canary" not in str(vars(error_of(400, "0x1")))
    assert "canary" in str(error_of(400, "0x1", explain=True))


def test_the_services_text_stays_on_one_line_of_bounded_length() -> None:
    content = json.dumps({"error": {"code": "0x1", "message": "a\r\nb\x1b[31m" + "x" * 10_000}}).encode()
    error = error_of(400, content=content, explain=True)
    assert str(error).isprintable()
    assert len(str(error)) < 700


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ms-service-request-id": "a-1", "REQ_ID": "b"}, "a-1"),
        ({"req_id": "b-2"}, "b-2"),
        ({"x-ms-request-id": "c-3"}, "c-3"),
        ({"REQ_ID": "bad\x1b[31m"}, "ours"),
        ({"REQ_ID": "x" * 65}, "ours"),
        ({}, "ours"),
    ],
)
def test_the_request_id_is_the_services_when_it_is_fit_to_be_printed(headers: dict[str, str], expected: str) -> None:
    assert str(error_of(400, headers=headers)).startswith(f"{expected}: ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (" 30 ", 30.0),
        ("86400", 86_400.0),
        ("999999", 86_400.0),
        ("9" * 5_000, 86_400.0),
        (formatdate(NOW_S + 12, usegmt=True), 12.0),
        (formatdate(NOW_S + 12).replace("-0000", "").strip(), 12.0),
        (formatdate(NOW_S + 10_000_000, usegmt=True), 86_400.0),
        (formatdate(NOW_S - 12, usegmt=True), None),
        (None, None),
        ("", None),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("abc", None),
        ("٣", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400.0),
    ],
)
def test_retry_after_is_read_in_every_form_it_comes_in(value: str | None, expected: float | None) -> None:
    assert read_retry_after(value, NOW_S) == expected
