"""A request and its answer as values: built in one place, sent alone or in a batch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from dataverse.errors import InvalidRequestError, UnavailableError

Row: TypeAlias = Mapping[str, object]

METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})

_PATH = re.compile(r"[A-Za-z_$][!-\[\]-~]*")  # ASCII that can be seen, but a backslash
_HEADER_NAME = re.compile(r"[A-Za-z0-9.-]+")  # MSCRM.SolutionUniqueName has a point
_HEADER_VALUE = re.compile(r"[ -~]*")
_ID_AT_END = re.compile(r"\(([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)$")


def _no_headers() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """One operation; `path` follows the service root, percent-encoded already. Its repr shows no query and no body.

    `repeatable` says that a second execution does no harm although the method alone does not promise it: a POST whose
    row carries its id, so that the duplicate is detected.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=_no_headers, repr=False)
    body: Row | None = field(default=None, repr=False)
    repeatable: bool = False

    def __post_init__(self) -> None:
        """Refuse what could be read as another request: a full URL, a line break, a header in a header."""
        if self.method not in METHODS:
            raise InvalidRequestError("the method is not one of the Web API")
        if not _PATH.fullmatch(self.path) or "#" in self.path or "://" in self.path.partition("?")[0]:
            raise InvalidRequestError("the path is not a percent-encoded path below the service root")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                raise InvalidRequestError("a header is not plain ASCII on one line")

    def __repr__(self) -> str:
        """Method and path without the query, which can hold what a row holds."""
        return f"Request({self.method!r}, {self.path.partition('?')[0]!r})"

    @property
    def is_safe(self) -> bool:
        """Whether it only reads."""
        return self.method == "GET"

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again after an unknown outcome.

        GET, PUT, PATCH and DELETE may: they name the row and the values it shall have. When the first one did go
        through, the repeat of a guarded one ends in ConflictError, AlreadyExistsError or NotFoundError, and the caller
        reads again, as it must anyway. A POST may not, unless its builder said so.
        """
        return self.method != "POST" or self.repeatable

    @property
    def about(self) -> str:
        """Method and table, for messages: "PATCH leads"."""
        return f"{self.method} {re.split('[(/?]', self.path, maxsplit=1)[0]}"

    def header(self, name: str) -> str | None:
        """The value of a header, whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Response:
    """A success; `headers` are found in any case, `body` is None when there was none. Its repr shows no body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Row | None = field(repr=False)
    request_id: str | None

    @property
    def rows(self) -> list[Row]:
        """The rows of a collection, in order; UnavailableError when the answer is not one."""
        rows = self.body.get("value") if self.body is not None else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UnavailableError(request_id=self.request_id or "", explanation="a collection has no list of rows")
        return rows

    @property
    def row(self) -> Row:
        """The row of a single-row answer; UnavailableError when there is none."""
        if self.body is None:
            raise UnavailableError(request_id=self.request_id or "", explanation="an answer has no row")
        return self.body

    @property
    def created_id(self) -> str | None:
        """The id in `OData-EntityId`, which a create without representation answers with."""
        found = _ID_AT_END.search(self.headers.get("OData-EntityId", ""))
        return found.group(1).lower() if found else None
