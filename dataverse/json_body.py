"""JSON at the border: bodies out as UTF-8, answers in as objects or a named reason why not."""

import json
from typing import NoReturn

from dataverse.errors import InvalidRequestError
from dataverse.request import Row


class MalformedBodyError(ValueError):
    """An answer's body is not a JSON object; raised and caught inside this package, and says nothing of the content."""


def encode_body(body: Row) -> bytes:
    """The body as one line of JSON; InvalidRequestError when a value has no JSON form or a text is not Unicode."""
    # `from None` throughout: the causes hold the values.
    try:
        return json.dumps(dict(body), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise InvalidRequestError("a text in the body has a lone surrogate, which is not Unicode") from None
    except TypeError:
        raise InvalidRequestError("the body has a value that is not of a JSON type") from None
    except (ValueError, RecursionError):
        raise InvalidRequestError("the body has a number that is not finite, or nests without end") from None


def decode_body(content: bytes) -> Row:
    """The object in an answer; MalformedBodyError for HTML, truncated, too deep, or anything but an object."""
    try:
        # UnicodeDecodeError and the refusal of a number of thousands of digits are ValueErrors as well.
        body = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MalformedBodyError from None
    if not isinstance(body, dict):
        raise MalformedBodyError
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBodyError(name)
