"""The multipart/mixed format of `$batch`, read strictly (CRLF, headers) and written as Dataverse writes it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4

from emulator.web_api.errors import BadRequestError
from emulator.web_api.http import Headers, Request, Response

_BOUNDARY = re.compile(r'multipart/mixed\s*;.*?boundary="?([^";,\s]{1,70})"?', re.IGNORECASE)
# Spaces in the target are taken as they are: Microsoft's own client does not encode them inside a batch.
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S(?:.*\S)?) HTTP/1\.1")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch, with its Content-ID if it has one."""

    request: Request
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Changeset:
    """Requests that happen together or not at all."""

    parts: tuple[Part, ...]


def read_batch(content_type: str, body: bytes) -> list[Part | Changeset]:
    """The parts of a batch body, in order; BadRequestError for anything malformed."""
    return [_batch_part(headers, content) for headers, content in _parts(content_type, body)]


def write_batch(parts: Sequence[bytes]) -> tuple[str, bytes]:
    """The content type and body of a batch's answer."""
    return _write("batchresponse", parts)


def write_changeset(answers: Sequence[tuple[str | None, Response]]) -> bytes:
    """A changeset's answers as one part of the batch's."""
    content_type, body = _write(
        "changesetresponse", [write_part(response, content_id) for content_id, response in answers]
    )
    return f"Content-Type: {content_type}\r\n\r\n".encode() + body


def write_part(response: Response, content_id: str | None = None) -> bytes:
    """One answer as a part."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {content_id}"] if content_id is not None else []
    status = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"
    headers = [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join([*head, "", status, *headers, "", ""]).encode() + response.body


def _write(kind: str, parts: Sequence[bytes]) -> tuple[str, bytes]:
    boundary = f"{kind}_{uuid4()}"
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return f"multipart/mixed; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _parts(content_type: str, body: bytes) -> Iterator[tuple[Mapping[str, str], bytes]]:
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise BadRequestError("A batch is multipart/mixed with a boundary.", "0x80060888")
    delimiter = b"\r\n--" + found[1].encode()
    preamble, *pieces = (b"\r\n" + body).split(delimiter)
    if preamble.strip() or not pieces or not pieces[-1].startswith(b"--"):
        raise BadRequestError(
            "The batch does not begin and end with its boundary on lines that end with CRLF.", "0x80060888"
        )
    for piece in pieces[:-1]:
        if not piece.startswith(b"\r\n"):
            raise BadRequestError("A boundary of the batch is not followed by CRLF.", "0x80060888")
        yield _split_head(piece[2:])


def _split_head(content: bytes) -> tuple[Mapping[str, str], bytes]:
    if content.startswith(b"\r\n"):
        return Headers(), content[2:]
    head, separator, body = content.partition(b"\r\n\r\n")
    if not separator:
        raise BadRequestError("A part of the batch has no empty line after its headers.", "0x80060888")
    return _headers(head), body


def _headers(head: bytes) -> Headers:
    pairs = [line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n")]
    if any(not colon for _, colon, _ in pairs):
        raise BadRequestError("A header of a part of the batch has no colon.", "0x80060888")
    return Headers({name.strip(): value.strip() for name, _, value in pairs})


def _batch_part(headers: Mapping[str, str], content: bytes) -> Part | Changeset:
    content_type = headers.get("Content-Type", "")
    if not content_type.lower().startswith("multipart/mixed"):
        return _request_part(headers, content)
    parts = tuple(_request_part(inner, inner_content) for inner, inner_content in _parts(content_type, content))
    for part in parts:
        if part.request.method == "GET":
            message = (
                "An invalid HTTP method 'GET' was detected for a request in a change set. Requests in change sets only "
                "support the HTTP methods 'POST', 'PUT', 'DELETE', and 'PATCH'."
            )
            raise BadRequestError(message, "0x80060888")
    return Changeset(parts)


def _request_part(headers: Mapping[str, str], content: bytes) -> Part:
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/http":
        raise BadRequestError(
            "A part of a batch has the Content-Type application/http or multipart/mixed.", "0x80060888"
        )
    if headers.get("Content-Transfer-Encoding", "").lower() != "binary":
        raise BadRequestError("A part of a batch has Content-Transfer-Encoding: binary.", "0x80060888")
    line, _, rest = content.partition(b"\r\n")
    found = _REQUEST_LINE.fullmatch(line.decode("utf-8", "replace"))
    if found is None:
        raise BadRequestError("A part of the batch does not begin with a request line.", "0x80060888")
    # The empty line after the headers of a request without a body may be the one before the boundary.
    inner, body = _split_head(rest if b"\r\n\r\n" in rest else rest + b"\r\n") if rest.strip() else (Headers(), b"")
    return Part(Request(found[1], found[2], inner, body), headers.get("Content-ID"))
