"""Request targets: the resource path in segments, and the query options, decoded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit
from uuid import UUID

from emulator.web_api.errors import (
    BadRequestError,
    QuerySyntaxError,
    SegmentNotFoundError,
    UnsupportedError,
    WebApiError,
)
from emulator.web_api.values import GUID

TARGET_MAX = 32_768
TARGET_MAX_IN_BATCH = 65_536

_ROOT = re.compile(r"/api/data/v9\.[0-2]/(.*)", re.DOTALL)
_KEY = re.compile(r"(\w+)='((?:''|[^'])*)'")
_OPTIONS = frozenset({"$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken"})
_REFUSED_OPTIONS = frozenset({"$skip", "$search", "$format"})
_UNSUPPORTED_OPTIONS = frozenset(
    {"$apply", "$compute", "$deltatoken", "fetchxml", "savedquery", "userquery", "partitionid"}
)
_CUSTOM_OPTIONS = frozenset({"tag", "solutionuniquename"})


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of the path: a name and, in parentheses, a key's text (None without parentheses)."""

    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: path segments below the service root, and query options (`tag` in lower case)."""

    segments: tuple[Segment, ...]
    options: Mapping[str, str]

    def option(self, name: str) -> str | None:
        """A query option's value, if it was given."""
        return self.options.get(name)

    def refuse_options_but(self, *allowed: str) -> None:
        """Raise UnsupportedError for the first system option that this operation has no use for."""
        for name in self.options:
            if name.startswith("$") and name not in allowed:
                message = f"{name} on this request"
                raise UnsupportedError(message)


def parse_target(target: str, *, longest: int = TARGET_MAX) -> Address:
    """The address of a raw, percent-encoded request target: a path on this host or an absolute URL."""
    if len(target) > longest:
        raise WebApiError(414, "InvalidUrl", f"The URL is longer than {longest} characters.")
    parts = urlsplit(target)
    below_root = _ROOT.fullmatch(parts.path)
    if below_root is None:
        raise SegmentNotFoundError(_decoded(parts.path))
    path = below_root[1].rstrip("/")
    segments = tuple(_segment(_decoded(text)) for text in path.split("/")) if path else ()
    return Address(segments, _parse_options(parts.query))


def row_id(segment: Segment, primary_id: str) -> UUID:
    """The id in `set(id)` or `set(primaryid=id)`; keys of other columns are refused by name."""
    text = segment.key or ""
    name, equals, value = text.partition("=")
    if equals and name.strip() == primary_id:
        text = value.strip()
    elif equals:
        message = f"alternate keys ({text})"
        raise UnsupportedError(message)
    if not GUID.fullmatch(text):
        message = f"'{text}' is not an id."
        raise QuerySyntaxError(message)
    return UUID(text)


def named_key(segment: Segment) -> tuple[str, str]:
    """The key `Name='value'` of a metadata segment, or ("MetadataId", id)."""
    text = segment.key or ""
    if GUID.fullmatch(text):
        return "MetadataId", text.lower()
    found = _KEY.fullmatch(text)
    if found is None:
        message = f"'{text}' is not a key."
        raise QuerySyntaxError(message)
    return found[1], found[2].replace("''", "'")


def bound_row(reference: str) -> tuple[str, UUID] | None:
    """The entity set and id that `/accounts(id)` or its absolute URL names; None if it is no such reference."""
    path = urlsplit(reference).path
    below_root = _ROOT.fullmatch(path)
    found = re.fullmatch(r"/?(\w+)\((.+)\)", below_root[1] if below_root else path)
    if found is None or not GUID.fullmatch(found[2]):
        return None
    return found[1], UUID(found[2])


def referenced_row(created: Mapping[str, str], reference: str) -> str:
    """The path of the row that `$1` stands for: one made by an earlier request of the changeset, by its Content-ID."""
    path = created.get(reference.removeprefix("$"))
    if path is None:
        message = f"Content-ID Reference: '{reference}' does not exist in the batch context."
        raise BadRequestError(message)
    if not path:
        message = f"the reference {reference} to a request that answered no OData-EntityId"
        raise UnsupportedError(message)
    return path


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise QuerySyntaxError("The URL is not UTF-8.") from None


def _segment(text: str) -> Segment:
    found = re.fullmatch(r"([^()]+)(?:\((.*)\))?", text, re.DOTALL)
    if found is None:
        raise SegmentNotFoundError(text)
    return Segment(found[1], found[2])


def _parse_options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name = _checked_name(unquote_plus(name))
        if name in options:
            message = f"Query option '{name}' was specified more than once."
            raise QuerySyntaxError(message)
        try:
            options[name] = unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise QuerySyntaxError("The URL is not UTF-8.") from None
    return options


def _checked_name(name: str) -> str:
    if name in _OPTIONS:
        return name
    lowered = name.lower()
    if lowered in _CUSTOM_OPTIONS:
        return lowered
    if name in _REFUSED_OPTIONS:
        message = f"The query parameter {name} is not supported"
        raise BadRequestError(message, "0x80060888")
    if lowered in _UNSUPPORTED_OPTIONS or name.startswith("@"):
        raise UnsupportedError("parameter aliases" if name.startswith("@") else name)
    if name.startswith("$"):
        message = f"The query parameter {name} is not supported"
        raise BadRequestError(message, "0x80060888")
    message = f"the query option {name}"
    raise UnsupportedError(message)
