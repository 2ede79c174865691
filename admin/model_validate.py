"""`leadgate model validate`: everything wrong with files of models and rules, and what they can hardly mean."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from admin.definition_files import Document, FileError, FileProblem, read_documents
from admin.definitions import read_definitions
from connector.rules import QualificationRule, parse_rule
from connector.tables import PREFIX
from scoring import DefinitionError, ScoringModel, parse_model, place_text
from scoring.lint import AFTER_QUALIFICATION, Finding, Kind, lint, reach, threshold_finding

_Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON, each with models and rules.")]
_Ignore = Annotated[
    list[Kind] | None, typer.Option("--ignore", metavar="KIND", help="Leave out findings of this kind.")
]
_Late = Annotated[
    list[str] | None,
    typer.Option("--late-column", metavar="NAME", help="A column of the lead that is only filled after qualification."),
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON array, an object per error or finding.")]

Placed = tuple[FileProblem, Finding | None]
"""Something to say of a file: an error, or a finding with what belongs to it."""


def model_validate(
    files: _Files,
    ignore: _Ignore = None,
    late_column: _Late = None,
    as_json: _Json = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Check models and rules of files, without Dataverse: errors, and what their author can hardly mean."""
    late = AFTER_QUALIFICATION | {f"{PREFIX}_*"} | set(late_column or ())
    errors: list[Placed] = [(problem, None) for problem in _errors(files)]
    placed = errors + [one for one in _findings(files, late) if one[1] is None or one[1].kind not in (ignore or ())]
    placed.sort(key=lambda one: (files.index(one[0].file), one[0].line, one[0].column))
    if as_json:
        typer.echo(json.dumps([_as_json(*one) for one in placed], indent=2, ensure_ascii=False))
    else:
        for problem, _ in placed:
            typer.echo(str(problem))
    if placed:
        raise typer.Exit(1)


def _errors(files: list[Path]) -> tuple[FileProblem, ...]:
    try:
        read_definitions(files)
    except FileError as error:
        return error.problems
    return ()


def _findings(files: list[Path], late: frozenset[str]) -> Iterator[Placed]:
    """What lint says of the models and rules that are valid, whatever is wrong with the others."""
    models, rules = _valid(files)
    for document, model in models:
        yield from (_placed(document, finding) for finding in lint(model, late))
    reaches = {model.name.casefold(): reach(model) for _, model in models}
    for document, rule in rules:
        for at, criterion in enumerate(rule.criteria):
            span = reaches.get(criterion.model.casefold()) if criterion.model else None
            finding = None if span is None else threshold_finding(criterion.at_least, span)
            if finding is not None:
                yield _placed(document, replace(finding, place=("criteria", at, "at_least")))


def _valid(
    files: list[Path],
) -> tuple[list[tuple[Document, ScoringModel]], list[tuple[Document, QualificationRule]]]:
    models, rules = [], []
    for document in _documents(files):
        try:
            if document.kind == "model":
                models.append((document, parse_model(document.content)))
            else:
                rules.append((document, parse_rule(document.content)))
        except DefinitionError:
            continue  # said among the errors
    return models, rules


def _documents(files: list[Path]) -> Iterator[Document]:
    for file in dict.fromkeys(files):
        try:
            yield from read_documents(file)
        except FileError:
            continue  # said among the errors


def _placed(document: Document, finding: Finding) -> Placed:
    return document.problem(finding.place, str(finding)), finding


def _as_json(problem: FileProblem, finding: Finding | None) -> dict[str, object]:
    where = {"file": str(problem.file), "line": problem.line, "column": problem.column}
    if finding is None:
        return {**where, "kind": "error", "place": None, "message": problem.message, "cure": None}
    said = {"place": place_text(finding.place), "message": finding.message, "cure": finding.cure}
    return {**where, "kind": finding.kind, **said}
