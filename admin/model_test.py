"""`leadgate model test`: scores a file of models against leads in a JSON file, without Dataverse."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from admin.definition_files import Document, FileError, FileProblem, read_models
from admin.lead_files import PlacedLead, read_interactions, read_leads
from admin.score_views import score_members, score_parts, score_text
from scoring import (
    DefinitionError,
    FactError,
    Facts,
    Row,
    Score,
    ScoringModel,
    assign_interactions,
    compile_model,
    nearest_misses,
)
from scoring.labels import NEEDS_AN_ENVIRONMENT

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Scored:
    lead: PlacedLead
    model: ScoringModel
    score: Score


def _instant(text: str) -> datetime:
    named = datetime.fromisoformat(text)
    return named.replace(tzinfo=UTC) if named.tzinfo is None else named


_File = Annotated[Path, typer.Argument(metavar="FILE", help="Models, in YAML or JSON; rules in it are left alone.")]
_Lead = Annotated[Path, typer.Option("--lead", metavar="FILE", help="JSON: a row of the Web API, or a list of rows.")]
_Interactions = Annotated[
    Path | None, typer.Option("--interactions", metavar="FILE", help="JSON: an object with a list of rows per table.")
]
_At = Annotated[
    datetime | None,
    typer.Option("--at", metavar="T", parser=_instant, help="ISO 8601; UTC without an offset; now if not given."),
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON array, an object per lead and model.")]


def model_test(
    file: _File,
    lead: _Lead,
    interactions: _Interactions = None,
    at: _At = None,
    as_json: _Json = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Score leads of a file by the models of a file, without Dataverse. A model without a time zone is read in UTC."""
    try:
        scored = _score(file, lead, interactions, at or datetime.now(UTC))
    except FileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        several = len({one.model.name for one in scored}) > 1
        typer.echo(json.dumps([_as_json(one, several=several) for one in scored], indent=2))
        return
    console = Console()
    for one in scored:
        title = f"{one.lead.leadid}  {score_text(one.model, one.score)}"
        for part in score_parts(title, one.model, one.score, nearest_misses(one.model, one.score, {})):
            console.print(part)


def _score(file: Path, lead: Path, interactions: Path | None, at: datetime) -> list[_Scored]:
    problems: list[FileProblem] = []
    models = _read(problems, lambda: read_models([file]))
    leads = _read(problems, lambda: read_leads(lead))
    rows = _read(problems, lambda: read_interactions(interactions)) if interactions is not None else {}
    if models is not None and not models:
        problems.append(FileProblem(file, 1, 1, "holds no model"))
    if models is None or leads is None or rows is None or problems:
        raise FileError(problems)
    by_model = [_scores(document, model, leads, rows, at) for document, model in models]
    scored = [one for of_lead in zip_longest(*by_model) for one in of_lead]
    faults = [one for one in scored if isinstance(one, FileProblem)]
    if faults:
        raise FileError(faults)
    return [one for one in scored if isinstance(one, _Scored)]


def _read(problems: list[FileProblem], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except FileError as error:
        problems += error.problems
        return None


def _scores(
    document: Document, model: ScoringModel, leads: list[PlacedLead], rows: dict[str, list[Row]], at: datetime
) -> Iterator[_Scored | FileProblem]:
    try:
        scorer = compile_model(model)
    except DefinitionError as error:
        # Once: with each lead it would be said again.
        yield from (document.problem(problem.place, str(problem)) for problem in error.problems)
        return
    own = assign_interactions((lead.row for lead in leads), rows, scorer.needs.interactions)
    for lead in leads:
        try:
            yield _Scored(lead, model, scorer.score(Facts(lead.row, own[lead.leadid]), at))
        except FactError as error:
            yield lead.problem(f"model {model.name}: {error}{_cure(error)}")


def _cure(error: FactError) -> str:
    """What is mostly behind a number where text is expected: a model that was never applied, with labels in it."""
    maybe_a_label = error.wanted == "text" and error.found in {"a number", "a boolean"}
    return f" (a label? {NEEDS_AN_ENVIRONMENT})" if maybe_a_label else ""


def _as_json(one: _Scored, *, several: bool) -> dict[str, object]:
    named = {"model": one.model.name} if several else {}
    return {"leadid": one.lead.leadid, **named, **score_members(one.score)}
