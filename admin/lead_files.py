"""Files of facts for `model test`: leads and interactions as rows of the Web API, in JSON."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from admin.definition_files import FileError, FileProblem, read_text
from scoring import Row

_NOT_JSON = "is not JSON"


@dataclass(frozen=True, slots=True)
class PlacedLead:
    """A lead's row and where it stands in its file."""

    row: dict[str, object]
    file: Path
    line: int
    column: int

    @property
    def leadid(self) -> str:
        """The lead's id as the file spells it."""
        return str(self.row["leadid"])

    def problem(self, message: str) -> FileProblem:
        """A problem with this lead."""
        return FileProblem(self.file, self.line, self.column, message)


def read_leads(path: Path) -> list[PlacedLead]:
    """One row or a list of rows, each with a leadid of its own; FileError names every row that is not so."""
    text = read_text(path)
    found = _parsed(path, text)
    rows = found if isinstance(found, list) else [found]
    leads, problems = [], []
    first: dict[str, int] = {}
    for number, (row, offset) in enumerate(zip(rows, _offsets(text), strict=True), 1):
        line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
        wrong = _lead_flaw(row, first, number)
        if wrong is None and isinstance(row, dict):
            leads.append(PlacedLead(row, path, line, column))
        else:
            problems.append(FileProblem(path, line, column, str(wrong)))
    if problems:
        raise FileError(problems)
    return leads


def read_interactions(path: Path) -> dict[str, list[Row]]:
    """`{table: [rows]}`; FileError names every table that is not a list of rows."""
    tables = _parsed(path, read_text(path))
    if not isinstance(tables, dict):
        raise FileError([FileProblem(path, 1, 1, "must be an object with a list of rows for each table")])
    wrong = [table for table, rows in tables.items() if not _are_rows(rows)]
    if wrong:
        raise FileError(FileProblem(path, 1, 1, f"{table}: must be a list of rows") for table in wrong)
    return tables


def _lead_flaw(row: object, first: dict[str, int], number: int) -> str | None:
    if not isinstance(row, dict):
        return "a lead must be an object: a row of the Web API"
    leadid = row.get("leadid")
    if not isinstance(leadid, str) or not leadid:
        return "the lead has no leadid"
    if (known := first.setdefault(leadid.casefold(), number)) != number:
        return f"the leadid is that of lead {known} of this file already"
    return None


def _are_rows(rows: object) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def _parsed(path: Path, text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise FileError([FileProblem(path, error.lineno, error.colno, f"{_NOT_JSON}: {error.msg}")]) from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else "NaN, Infinity or an endless number"
        raise FileError([FileProblem(path, 1, 1, f"{_NOT_JSON}: {reason}")]) from error


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _offsets(text: str) -> Iterator[int]:
    """Where each row of a valid text begins."""
    decoder, at = json.JSONDecoder(), _next_token(text, 0, "")
    if text[at] != "[":
        yield at
        return
    at = _next_token(text, at + 1, "")
    while text[at] != "]":
        yield at
        _, at = decoder.raw_decode(text, at)
        at = _next_token(text, at, ",")


def _next_token(text: str, at: int, skipped: Iterable[str]) -> int:
    while text[at].isspace() or text[at] in skipped:
        at += 1
    return at
