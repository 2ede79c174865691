"""Members of posted definitions, whose JSON may be of any shape."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.web_api.errors import PayloadError


def object_in(posted: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that is a member of a posted object; empty when it is absent or null."""
    value = posted.get(name)
    if value is not None and not isinstance(value, dict):
        raise PayloadError(name, f"A JSON object was expected for '{name}'")
    return value or {}


def objects_in(posted: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """The array of objects that is a member of a posted object; empty when it is absent or null."""
    value = posted.get(name)
    if value is not None and not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
        raise PayloadError(name, f"A JSON array of objects was expected for '{name}'")
    return value or ()


def text_in(posted: Mapping[str, Any], name: str) -> str:
    """The text that is a member of a posted object; empty when it is absent or null."""
    value = posted.get(name)
    if value is not None and not isinstance(value, str):
        raise PayloadError(name, f"A text was expected for '{name}'")
    return value or ""
