"""From an answer that is no success to the error that says what can be done about it.

Source: the page of Web API service error codes; conditional operations; service protection limits.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from dataverse.errors import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DataverseError,
    Facts,
    NotFoundError,
    PrivilegeError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from dataverse.json_body import MalformedBodyError, decode_body
from dataverse.request import Row
from dataverse.transport import Answer

RETRY_AFTER_MAX_S = 86_400.0

_TEXT_CHARACTERS_MAX = 500

# Codes win over statuses: a plug-in's refusal comes as 400, 403, 409 or 412, a lock as 400 or 500.
_BY_CODE: Mapping[str, type[DataverseError]] = {
    code: error
    for error, codes in {
        ThrottledError: "0x80072321 0x80072322 0x80072326 0x80072327 0x80060308 0x80048d04",
        UnavailableError: "0x80048d03 0x80048d07 0x80048d0f 0x80048d10 0x80071154 0x80090412 0x80044339",
        ConflictError: "0x80060882",
        AlreadyExistsError: "0x80060892 0x80040237 0x80044310 0x8004f511",
        NotFoundError: "0x80040217 0x80060891",
        BadRequestError: "0x80044352 0x80060883 0x8006088d",
        PrivilegeError: "0x80040220 0x80040231 0x80050304 0x80072560 0x80081018 0x80095ffe",
        RefusedError: (
            "0x80040265 0x80040333 0x80040357 0x80040518 0x80040519 0x8004022e 0x80040230 0x80048408 "
            "0x80048d06 0x80048d08 0x80048d09 0x80048d0b 0x80050401 0x80050402 0x80050403"
        ),
    }.items()
    for code in codes.split()
}
# Another change of definitions is running: this one was turned away.
_LOCKS = frozenset({"0x80071154", "0x80090412", "0x80044339"})
_CODE = re.compile(r"[0-9a-z_.-]{1,64}")
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_REQUEST_ID_HEADERS = ("x-ms-service-request-id", "REQ_ID", "x-ms-request-id")


def read_error(
    answer: Answer, *, about: str, request_id: str, headers: Mapping[str, str], explain: bool, now_s: float
) -> DataverseError:
    """The error in an answer to a request with these headers; `explain` keeps the service's text (definitions only)."""
    body = _error_object(answer.content)
    code, text = _code(body), _text(body) if explain else ""
    error = _by_facts(answer.status, code, headers, has_body=body is not None)
    retry_after_s = read_retry_after(answer.headers.get("Retry-After"), now_s)
    facts: Facts = {
        "request_id": read_request_id(answer.headers) or request_id,
        "about": about,
        "status": answer.status,
        "code": code,
        "explanation": text,
    }
    if issubclass(error, ThrottledError):
        return error(retry_after_s=retry_after_s, **facts)
    if issubclass(error, UnavailableError):
        return error(retry_after_s=retry_after_s, may_have_happened=code not in _LOCKS, **facts)
    return error(**facts)


def read_request_id(headers: Mapping[str, str]) -> str | None:
    """The service's id of the request, when it sent one that is fit to be printed."""
    candidates = (headers.get(name, "") for name in _REQUEST_ID_HEADERS)
    return next((value for value in candidates if _REQUEST_ID.fullmatch(value)), None)


def read_retry_after(value: str | None, now_s: float) -> float | None:
    """Seconds to wait, at most a day, from seconds or an HTTP date; None when absent, senseless or past."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # The length bounds the conversion: Python refuses to convert thousands of digits.
        seconds = float(text[:12]) if len(text) <= 12 else RETRY_AFTER_MAX_S
    else:
        try:
            # A date without a zone is GMT, by RFC 9110.
            moment = parsedate_to_datetime(text)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_s
        except (ValueError, OverflowError):
            return None
    return min(seconds, RETRY_AFTER_MAX_S) if seconds > 0 else None


def _by_facts(status: int, code: str, headers: Mapping[str, str], *, has_body: bool) -> type[DataverseError]:
    known = ThrottledError if status == 429 else _BY_CODE.get(code)
    if known is not None:
        return known
    if status == 412:
        # The code may be empty: what was asked for says which of its meanings this 412 has.
        return ConflictError if any(name.lower() == "if-match" for name in headers) else AlreadyExistsError
    if status in (401, 501):
        return AuthenticationError if status == 401 else BadRequestError
    if not has_body or not 400 <= status < 500 or status == 408:
        # A page of a gateway instead of the service's error: even its 404 says nothing about the row.
        return UnavailableError
    if status == 404 and not code:
        return NotFoundError  # with another code it is the table or message that is unknown
    return PrivilegeError if status == 403 else BadRequestError


def _error_object(content: bytes) -> Row | None:
    try:
        error = decode_body(content).get("error")
    except MalformedBodyError:
        return None
    return error if isinstance(error, dict) else None


def _text(error: Row | None) -> str:
    text = str((error or {}).get("message", ""))[:_TEXT_CHARACTERS_MAX]
    return "".join(one if one.isprintable() else " " for one in text)


def _code(error: Row | None) -> str:
    code = str((error or {}).get("code", "")).lower()
    return code if _CODE.fullmatch(code) else ""
