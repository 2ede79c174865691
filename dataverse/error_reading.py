"""From an answer that is no success to the error that says what can be done about it.

Source: the page of Web API service error codes; conditional operations; service protection limits.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from dataverse.error_codes import ERRORS_BY_CODE, LOCKS
from dataverse.errors import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DataverseError,
    Facts,
    NotFoundError,
    PrivilegeError,
    ThrottledError,
    UnavailableError,
)
from dataverse.json_body import MalformedBodyError, decode_body
from dataverse.request import Row
from dataverse.transport import Answer

RETRY_AFTER_MAX_S = 86_400.0

_TEXT_CHARACTERS_MAX = 500

_CODE = re.compile(r"[0-9a-z_.-]{1,64}")
_CODE_OF_THE_SERVICE = re.compile(r"0x[0-9a-f]{1,8}")
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
        "code": code if _CODE_OF_THE_SERVICE.fullmatch(code) else "",  # any other word may be one of a row
        "explanation": text,
    }
    if issubclass(error, ThrottledError):
        return error(retry_after_s=retry_after_s, **facts)
    if issubclass(error, UnavailableError):
        return error(retry_after_s=retry_after_s, may_have_happened=code not in LOCKS, **facts)
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
    known = ThrottledError if status == 429 else ERRORS_BY_CODE.get(code)
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
