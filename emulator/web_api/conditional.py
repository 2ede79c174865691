"""If-Match and If-None-Match, as Dataverse reads them; the text "null", which clients send on GET, means none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.web_api.errors import AlreadyExistsError, BadRequestError, UnsupportedError, VersionMismatchError
from emulator.web_api.row_keys import RowKey
from emulator.web_api.rows import Row

_ETAG = re.compile(r'W/"(\d+)"')


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request asks of the row's version: a version's digits, "*" for any, or None for nothing."""

    match: str | None
    none_match: str | None

    def allow_write(self, key: RowKey, row: Row | None) -> None:
        """Raise unless the row that is there, or its absence, satisfies the conditions."""
        if self.match is not None and row is None:
            raise key.missing()
        if row is None:
            return
        if self.match not in {None, "*"} and not key.table.definition["IsOptimisticConcurrencyEnabled"]:
            message = f"Optimistic concurrency isn't enabled for entity type {key.table.logical_name}."
            raise BadRequestError(message, "0x8006088D")
        if self.match not in {None, "*", str(row["versionnumber"])}:
            raise VersionMismatchError
        if self.none_match == "*":
            raise AlreadyExistsError

    def is_unchanged(self, row: Row) -> bool:
        """Whether a GET may answer 304: If-None-Match names the stored version."""
        return self.none_match == str(row["versionnumber"])


def parse_conditions(headers: Mapping[str, str]) -> Conditions:
    """Read both headers; together, or as lists, they are refused."""
    match, none_match = _version(headers, "If-Match"), _version(headers, "If-None-Match")
    if match is not None and none_match is not None:
        raise BadRequestError("If-Match and If-None-Match cannot be used together.", "0x80060888")
    return Conditions(match, none_match)


def _version(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name, "null").strip()
    if value == "null":
        return None
    if value == "*":
        return value
    if "," in value:
        message = f"a list of versions in {name}"
        raise UnsupportedError(message)
    found = _ETAG.fullmatch(value)
    if found is None:
        message = f"The value of {name} is not a version."
        raise BadRequestError(message, "0x80060883")
    return found[1]
