"""Request bodies: JSON into a mapping, strictly."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from emulator.web_api.errors import PayloadError, WebApiError
from emulator.web_api.http import Request


def read_json(request: Request, entity: str) -> dict[str, Any]:
    """The body as a JSON object; 415 for another content type, 0x80048d19 for anything else that is wrong."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise WebApiError(
            415, "0x80060888", f"The content type '{content_type}' is not supported; send application/json."
        )
    try:
        body = json.loads(request.body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as failure:
        raise PayloadError(entity, f"The body is not valid JSON: {str(failure)[:200]}") from None
    if not isinstance(body, dict):
        raise PayloadError(entity, "A JSON object was expected")
    if b"\\ud" in request.body.lower() and not _is_unicode(body):
        raise PayloadError(entity, "The body has half of a surrogate pair")
    return body


def without_annotations(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without control information such as `@odata.type` and `name@odata.type`; `@odata.bind` stays."""
    return {name: value for name, value in body.items() if "@" not in name or name.endswith("@odata.bind")}


def _is_unicode(body: Mapping[str, Any]) -> bool:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"Multiple properties with the name '{twice}' were detected"
        raise ValueError(message)
    return body


def _refuse_constant(constant: str) -> NoReturn:
    message = f"{constant} is not a JSON value"
    raise ValueError(message)
