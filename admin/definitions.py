"""The models and rules of files, parsed: every problem of every file is named before anything is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from admin.definition_files import Document, FileError, FileProblem, read_documents, read_models
from connector.rules import QualificationRule, parse_rule
from scoring import DefinitionError, ScoringModel


@dataclass(frozen=True, slots=True)
class Definitions:
    """What files define: models before the rules that name them."""

    models: tuple[ScoringModel, ...]
    rules: tuple[QualificationRule, ...]


def read_definitions(paths: Iterable[Path]) -> Definitions:
    """All models and rules of the files; FileError holds every problem with its file, line and column."""
    files = list(paths)
    problems: list[FileProblem] = []
    models: list[ScoringModel] = []
    rules: list[QualificationRule] = []
    try:
        models = [model for _, model in read_models(files)]
    except FileError as error:
        problems += error.problems
    first: dict[str, Document] = {}
    for document in _rule_documents(files):
        known = first.setdefault(document.name.casefold(), document)
        if known is not document:
            problems.append(document.problem(("rule",), f"rule: is defined already at {known.file}:{known.line}"))
        try:
            rules.append(parse_rule(document.content))
        except DefinitionError as error:
            problems += (document.problem(problem.place, str(problem)) for problem in error.problems)
    if problems:
        raise FileError(problems)
    return Definitions(tuple(models), tuple(rules))


def _rule_documents(files: Iterable[Path]) -> Iterable[Document]:
    for file in files:
        try:
            yield from (document for document in read_documents(file) if document.kind == "rule")
        except FileError:
            continue  # said already, by read_models
