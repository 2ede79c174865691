"""Request targets: the resource path in segments, and the query options, decoded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit

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
_OPTIONS = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken", "$apply", "$id"}
)
_REFUSED_OPTIONS = frozenset({"$skip", "$search", "$format"})
_UNSUPPORTED_OPTIONS = frozenset({"$compute", "savedquery", "userquery", "partitionid"})
_CUSTOM_OPTIONS = frozenset({"tag", "solutionuniquename", "fetchxml", "sql"})
_QUERIES = frozenset({"fetchxml", "sql"})
_ALIAS = re.compile(r"'(?:''|[^'])*'|\"(?:\\.|[^\"\\])*\"|@\w+")


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of the path: a name and, in parentheses, a key's text (None without parentheses)."""

    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: path segments below the service root, and query options.

    Names of options without `$` are in lower case. Parameter aliases (`@p1`) are replaced by their values, in the
    options and in the keys of segments.
    """

    segments: tuple[Segment, ...]
    options: Mapping[str, str]

    def option(self, name: str) -> str | None:
        """A query option's value, if it was given."""
        return self.options.get(name)

    def refuse_options_but(self, *allowed: str) -> None:
        """Raise UnsupportedError for the first system option that this operation has no use for."""
        for name in self.options:
            if (name.startswith("$") or name in _QUERIES) and name not in allowed:
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
    options, aliases = _parse_options(parts.query)
    segments = tuple(_segment(_decoded(text), aliases) for text in path.split("/")) if path else ()
    return Address(segments, {name: _without_aliases(value, aliases) for name, value in options.items()})


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


def bound_row(reference: str) -> Segment | None:
    """The entity set and key of `/accounts(id)`, `accounts(key='x')` or its absolute URL; None if it is neither."""
    path = urlsplit(reference).path
    below_root = _ROOT.fullmatch(path)
    found = re.fullmatch(r"/?(\w+)\((.+)\)", _decoded(below_root[1] if below_root else path), re.DOTALL)
    return Segment(found[1], found[2]) if found else None


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


def _segment(text: str, aliases: Mapping[str, str]) -> Segment:
    found = re.fullmatch(r"([^()]+)(?:\((.*)\))?", text, re.DOTALL)
    if found is None:
        raise SegmentNotFoundError(text)
    return Segment(found[1], None if found[2] is None else _without_aliases(found[2], aliases))


def _without_aliases(text: str, aliases: Mapping[str, str]) -> str:
    return _ALIAS.sub(lambda found: aliases.get(found[0], found[0]), text) if aliases else text


def _parse_options(query: str) -> tuple[dict[str, str], dict[str, str]]:
    options: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        raw_name, _, value = pair.partition("=")
        name = unquote_plus(raw_name)
        kept = aliases if name.startswith("@") else options
        name = name if kept is aliases else _checked_name(name)
        if name in kept:
            message = f"Query option '{name}' was specified more than once."
            raise QuerySyntaxError(message)
        try:
            kept[name] = unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise QuerySyntaxError("The URL is not UTF-8.") from None
    return options, aliases


def _checked_name(name: str) -> str:
    if name in _OPTIONS:
        return name
    lowered = name.lower()
    if lowered in _CUSTOM_OPTIONS:
        return lowered
    if name in _REFUSED_OPTIONS:
        message = f"The query parameter {name} is not supported"
        raise BadRequestError(message, "0x80060888")
    if lowered in _UNSUPPORTED_OPTIONS:
        raise UnsupportedError(name)
    if name.startswith("$"):
        message = f"The query parameter {name} is not supported"
        raise BadRequestError(message, "0x80060888")
    message = f"the query option {name}"
    raise UnsupportedError(message)
