"""Files of models and rules: YAML or JSON, one or several documents, each error with its file, line and column."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from admin.positioned_yaml import Node, Position, read_nodes
from scoring import DefinitionError, Place, ScoringModel, parse_model

MAX_BYTES = 1_000_000
_START: Position = (1, 1)

Kind = Literal["model", "rule"]
_KINDS: dict[object, Kind] = {"model": "model", "rule": "rule"}


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that is wrong with a file; line and column count from 1."""

    file: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FileError(Exception):
    """Files cannot be used; `problems` holds everything that is wrong with them, in one go."""

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        found = list(problems)
        files = list(dict.fromkeys(problem.file for problem in found))
        self.problems = tuple(sorted(found, key=lambda one: (files.index(one.file), one.line, one.column)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Document:
    """One model or rule of a file, not yet looked into; `name` is empty when it is not text."""

    kind: Kind
    name: str
    content: dict[str, object]
    file: Path
    line: int
    node: Node

    def position(self, place: Place) -> Position:
        """Line and column of a place in the content, or of the nearest part of it that is there."""
        return self.node.position_of(place)

    def problem(self, place: Place, message: str) -> FileProblem:
        """A problem at that place."""
        return FileProblem(self.file, *self.position(place), message)


def read_documents(path: Path) -> list[Document]:
    """The models and rules of a file in their order; FileError names everything that keeps it from being read."""
    documents, problems = _scan(path)
    if problems:
        raise FileError(problems)
    return documents


def read_models(paths: Iterable[Path]) -> list[tuple[Document, ScoringModel]]:
    """The models of all files (rules in them are left alone); FileError names every problem of every file."""
    models, problems = [], []
    first: dict[str, Document] = {}
    for path in paths:
        documents, unreadable = _scan(path)
        problems += unreadable
        for document in documents:
            if document.kind != "model":
                continue
            known = first.setdefault(document.name.casefold(), document)
            if known is not document:
                problems.append(document.problem(("model",), f"model: is defined already at {known.file}:{known.line}"))
            try:
                models.append((document, parse_model(document.content)))
            except DefinitionError as error:
                problems += (document.problem(problem.place, str(problem)) for problem in error.problems)
    if problems:
        raise FileError(problems)
    return models


def read_text(path: Path, max_bytes: int | None = None) -> str:
    """The text of a UTF-8 file; FileError when it cannot be read, is larger than that or is no text."""
    try:
        with path.open("rb") as file:
            content = file.read(-1 if max_bytes is None else max_bytes + 1)
    except OSError as error:
        raise FileError([FileProblem(path, *_START, f"cannot be read: {error.strerror}")]) from error
    if max_bytes is not None and len(content) > max_bytes:
        raise FileError([FileProblem(path, *_START, f"is larger than {max_bytes:,} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig").split("\n")
        raise FileError([FileProblem(path, len(before), len(before[-1]) + 1, "is not UTF-8 text")]) from error


def _scan(path: Path) -> tuple[list[Document], list[FileProblem]]:
    try:
        text = read_text(path, MAX_BYTES)
    except FileError as error:
        return [], list(error.problems)
    if path.suffix == ".json":
        text = text.replace("\t", " ")  # JSON is YAML but for tabs, which indent the one and break the other
    nodes, flaws = read_nodes(text)
    problems = [FileProblem(path, *flaw.position, flaw.message) for flaw in flaws]
    documents = []
    for node in nodes:
        if isinstance(document := _document(path, node), FileProblem):
            problems.append(document)
        elif document is not None:
            documents.append(document)
    if not documents and not problems:
        problems.append(FileProblem(path, *_START, "holds no model and no rule"))
    return documents, problems


def _document(path: Path, node: Node) -> Document | FileProblem | None:
    content = node.plain()
    if content is None:  # a --- with nothing after it
        return None
    kind = _KINDS.get(next(iter(content), None)) if isinstance(content, dict) else None
    if not isinstance(content, dict) or kind is None:
        return FileProblem(path, *node.position, "a document must be a mapping whose first key is model or rule")
    name = content[kind]
    return Document(kind, name if isinstance(name, str) else "", content, path, node.position[0], node)
