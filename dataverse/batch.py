"""`$batch` as pure text: requests to multipart and back, split by hand (the email package takes ten times as long).

Source: the Web API page "Execute batch operations".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from requests.structures import CaseInsensitiveDict

from dataverse.errors import DataverseError, InvalidRequestError
from dataverse.json_body import encode_body
from dataverse.request import Request, Response
from dataverse.transport import Answer

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: .*)?")
_BOUNDARY = re.compile(r"""multipart/mixed\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Changeset:
    """Writes that happen together or not at all."""

    requests: tuple[Request, ...]

    def __init__(self, requests: Sequence[Request]) -> None:
        """Take the writes in their order; InvalidRequestError when there are none, or one of them reads."""
        if not requests or any(request.is_safe for request in requests):
            raise InvalidRequestError("a changeset has at least one request, and none that reads")
        object.__setattr__(self, "requests", tuple(requests))


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one part: every response in order, or the one error and, when known, which request met it."""

    responses: tuple[Response, ...] = ()
    error: DataverseError | None = None
    failed_at: int | None = None

    @property
    def response(self) -> Response:
        """The answer to a part that is one request; raises the part's error if it has one."""
        if self.error is not None:
            raise self.error
        return self.responses[0]


Part: TypeAlias = Request | Changeset


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """One answer inside a batch, or all those of a changeset; `content_ids` are those that the service gave back."""

    answers: tuple[Answer, ...]
    content_ids: tuple[str | None, ...] = field(default=(None,))
    is_changeset: bool = False


class MalformedBatchError(ValueError):
    """An answer is not the multipart text that was promised; raised and caught inside this package."""


def requests_of(parts: Sequence[Part]) -> list[Request]:
    """Every request of the parts, changesets opened, in order."""
    return [request for part in parts for request in (part.requests if isinstance(part, Changeset) else (part,))]


def encode_batch(parts: Sequence[Part], api_path: str, boundary: str) -> bytes:
    """The body of a batch; each changeset's requests are numbered from 1 on by Content-ID.

    A boundary cannot occur in a part: bodies are JSON on one line, paths and headers have no line breaks.
    """
    pieces: list[bytes] = []
    for position, part in enumerate(parts):
        pieces.append(f"--{boundary}\r\n".encode())
        if isinstance(part, Request):
            pieces.append(_encode_request(part, api_path, None))
            continue
        inner = f"changeset_{position}_{boundary}"
        pieces.append(f'Content-Type: multipart/mixed; boundary="{inner}"\r\n\r\n'.encode())
        for number, request in enumerate(part.requests, start=1):
            pieces += [f"--{inner}\r\n".encode(), _encode_request(request, api_path, number)]
        pieces.append(f"--{inner}--\r\n".encode())
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def decode_batch(answer: Answer) -> list[PartAnswer]:
    """The answers of a batch in order; MalformedBatchError when it is truncated or not multipart."""
    found: list[PartAnswer] = []
    for headers, payload in _split(answer.content, answer.headers.get("Content-Type", "")):
        kind = headers.get("Content-Type", "")
        if not kind.lower().startswith("multipart/mixed"):
            found.append(PartAnswer((_decode_answer(payload),), (headers.get("Content-ID"),)))
            continue
        inner = [(_decode_answer(text), names.get("Content-ID")) for names, text in _split(payload, kind)]
        if not inner:
            raise MalformedBatchError
        found.append(PartAnswer(tuple(one for one, _ in inner), tuple(name for _, name in inner), is_changeset=True))
    return found


def is_multipart(answer: Answer) -> bool:
    """Whether the answer is that of a batch, rather than one error for the whole of it."""
    return answer.headers.get("Content-Type", "").lower().startswith("multipart/mixed")


def _encode_request(request: Request, api_path: str, content_id: int | None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{request.method} {api_path}{request.path} HTTP/1.1", "Accept: application/json"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body is None:
        return ("\r\n".join([*lines, "", ""]) + "\r\n").encode()
    head = "\r\n".join([*lines, "Content-Type: application/json; charset=utf-8", "", ""]).encode()
    return head + encode_body(request.body) + b"\r\n"


def _split(content: bytes, content_type: str) -> Iterator[tuple[Mapping[str, str], bytes]]:
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise MalformedBatchError
    delimiter = b"\r\n--" + (found.group(1) or found.group(2)).encode("latin-1")
    _, *pieces = (b"\r\n" + content).split(delimiter)
    if not pieces or not pieces.pop().startswith(b"--"):
        raise MalformedBatchError
    for piece in pieces:
        padding, line_end, text = piece.partition(b"\r\n")
        if padding.strip(b" \t") or not line_end:
            raise MalformedBatchError
        head, _, payload = text.partition(b"\r\n\r\n")
        yield _decode_headers(head), payload


def _decode_answer(text: bytes) -> Answer:
    head, _, content = text.partition(b"\r\n\r\n")
    status_line, _, headers = head.partition(b"\r\n")
    status = _STATUS.fullmatch(status_line)
    if status is None:
        raise MalformedBatchError
    return Answer(int(status.group(1)), _decode_headers(headers), content.strip())


def _decode_headers(head: bytes) -> Mapping[str, str]:
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n") if line)
    return CaseInsensitiveDict({name.strip(): value.strip() for name, _, value in lines})
