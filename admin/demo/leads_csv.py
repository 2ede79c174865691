"""Leads from a CSV: which columns are kept, of which type, and each row as a body of the Web API. Pure."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from uuid import UUID

from admin.definition_files import FileError, FileProblem
from admin.schema.forms import Say
from dataverse.column_definitions import (
    ColumnDefinition,
    boolean_column,
    decimal_column,
    integer_column,
    string_column,
)
from dataverse.metadata import TableMetadata

CUSTOM_PREFIX = "new_"
TEXT_MAX = 4000
_NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")  # 01000 is a postcode
_KINDS = {
    "String": "text",
    "Memo": "text",
    "Integer": "integer",
    "Decimal": "decimal",
    "Double": "decimal",
    "Money": "decimal",
    "Boolean": "boolean",
}


@dataclass(frozen=True, slots=True)
class CsvLeads:
    """What a CSV holds: the columns of lead to be made first, the rows to be posted, and what was left out."""

    new_columns: Mapping[str, str]
    rows: tuple[Mapping[str, object], ...]
    left_out: tuple[str, ...]


def read_leads_csv(path: Path, lead: TableMetadata) -> CsvLeads:
    """The leads of a CSV; FileError names every line that does not fit, by its number."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = list(reader.fieldnames or ())
            numbered = [(reader.line_num, record) for record in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError([FileProblem(path, 1, 1, f"cannot be read: {type(error).__name__}")]) from error
    records = [record for _, record in numbered]
    kinds = _kinds(header, records, lead)
    problems = list(_problems(path, header, numbered, kinds))
    if problems:
        raise FileError(problems)
    return CsvLeads(
        new_columns={name: kind for name, kind in kinds.items() if name not in lead.columns},
        rows=tuple({name: _CONVERT[kinds[name]](record[name]) for name in kinds} for record in records),
        left_out=tuple(name for name in header if name not in kinds),
    )


def column_definition(name: str, kind: str, say: Say) -> ColumnDefinition:
    """The definition of a custom column of an inferred type."""
    labels = say(name, name)
    match kind:
        case "integer":
            return integer_column(name, labels)
        case "decimal":
            return decimal_column(name, labels, precision=6)
        case "boolean":
            return boolean_column(name, labels, yes=say("Yes", "Oui"), no=say("No", "Non"))
    return string_column(name, labels, max_length=TEXT_MAX)


def _kinds(header: Sequence[str], records: Sequence[Mapping[str, str]], lead: TableMetadata) -> dict[str, str]:
    """The kind of each column that is kept: a lead's by its metadata, a custom one by what all its values are."""
    kinds = {}
    for name in header:
        if name == lead.primary_id:
            kinds[name] = "id"
        elif name in lead.columns and lead.columns[name].type in _KINDS:
            kinds[name] = _KINDS[lead.columns[name].type]
        elif name.startswith(CUSTOM_PREFIX) and name not in lead.columns:
            values = [record[name] for record in records if record.get(name)]
            kinds[name] = next((kind for kind in ("boolean", "integer", "decimal") if _all_are(kind, values)), "text")
    return kinds


def _all_are(kind: str, values: Iterable[str]) -> bool:
    found = list(values)
    plain = kind == "boolean" or all(_NUMERAL.fullmatch(value) for value in found)
    return bool(found) and plain and all(_is(kind, value) for value in found)


def _is(kind: str, text: str) -> bool:
    try:
        value = _CONVERT[kind](text)
    except ValueError:
        return False
    return kind != "integer" or (isinstance(value, int) and abs(value) < 2**31)


def _problems(
    path: Path, header: Sequence[str], numbered: Sequence[tuple[int, Mapping[str, str]]], kinds: Mapping[str, str]
) -> Iterable[FileProblem]:
    if not header or len(set(header)) != len(header):
        yield FileProblem(path, 1, 1, "the first line must name the columns, each once")
        return
    if not numbered or not kinds:
        yield FileProblem(path, 1, 1, "holds no lead with a column of the lead table or a new_ column")
    for line, record in numbered:
        if None in record or None in record.values():
            yield FileProblem(path, line, 1, f"has not {len(header)} fields")
            continue
        for name, kind in kinds.items():
            if not _is(kind, record[name]) and (record[name] or kind == "id"):
                yield FileProblem(path, line, header.index(name) + 1, f"{name}: is not of type {kind}")


def _boolean(text: str) -> object:
    if text.lower() not in {"", "true", "false"}:
        raise ValueError
    return None if not text else text.lower() == "true"


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


_CONVERT: Mapping[str, Callable[[str], object]] = {
    "id": lambda text: str(UUID(text)),
    "text": lambda text: text or None,
    "integer": lambda text: int(text) if text else None,
    "decimal": lambda text: _finite(text) if text else None,
    "boolean": _boolean,
}
