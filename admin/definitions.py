"""The models and rules of files, parsed: every problem of every file is named before anything is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from admin.definition_files import Document, FileError, FileProblem, read_documents, read_models
from connector.errors import PublicationError
from connector.option_labels import OptionLabels
from connector.rules import QualificationRule, parse_rule
from dataverse import DataverseClient
from scoring import DefinitionError, ScoringModel


@dataclass(frozen=True, slots=True)
class Definitions:
    """What files define: models before the rules that name them; `documents` is where a model stands, by its name."""

    models: tuple[ScoringModel, ...]
    rules: tuple[QualificationRule, ...]
    documents: Mapping[str, Document] = field(default_factory=dict)


def read_definitions(paths: Iterable[Path]) -> Definitions:
    """All models and rules of the files; FileError holds every problem with its file, line and column."""
    files = list(paths)
    problems: list[FileProblem] = []
    models: list[tuple[Document, ScoringModel]] = []
    rules: list[QualificationRule] = []
    try:
        models = read_models(files)
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
    return Definitions(
        tuple(model for _, model in models), tuple(rules), {model.name: document for document, model in models}
    )


def resolved(client: DataverseClient, definitions: Definitions) -> Definitions:
    """The same with values for the labels of options; every label that is none is named, where it stands."""
    labels = OptionLabels(client)
    models: list[ScoringModel] = []
    refused: dict[str, DefinitionError] = {}
    for model in definitions.models:
        try:
            models.append(labels.resolved(model))
        except DefinitionError as error:
            refused[model.name] = error
    if refused:
        raise _refusal(refused, definitions.documents)
    return replace(definitions, models=tuple(models))


def _refusal(refused: Mapping[str, DefinitionError], documents: Mapping[str, Document]) -> FileError | PublicationError:
    placed = [
        documents[name].problem(problem.place, str(problem))
        for name, error in refused.items()
        for problem in error.problems
        if name in documents
    ]
    if placed:
        return FileError(placed)
    name, error = next(iter(refused.items()))
    return PublicationError(name, [str(problem) for problem in error.problems])


def _rule_documents(files: Iterable[Path]) -> Iterable[Document]:
    for file in files:
        try:
            yield from (document for document in read_documents(file) if document.kind == "rule")
        except FileError:
            continue  # said already, by read_models
