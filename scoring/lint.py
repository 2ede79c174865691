"""Beyond validity: what a model may say, and its author can hardly mean. Pure, as all of scoring.

"Never", "always" and "every" are certain: they are proved by the engine's own answers on values that stand for all
others. Silence is no proof: relative dates and multi-select choices, and what would take too long, are passed over.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from scoring.conditions import Comparison
from scoring.definition import Interactions, ScoringModel
from scoring.errors import Place
from scoring.lint_conditions import condition_findings, mixed_kinds
from scoring.lint_finding import Finding, Kind
from scoring.lint_groups import group_findings
from scoring.lint_points import (
    Reach,
    cap_findings,
    grade_findings,
    limit_findings,
    limited,
    threshold_finding,
    unlimited_reach,
)
from scoring.lint_relations import Relations
from scoring.needs import comparisons

__all__ = ["AFTER_QUALIFICATION", "Finding", "Kind", "Reach", "lint", "reach", "threshold_finding"]

AFTER_QUALIFICATION = frozenset({"statuscode", "statecode", "qualifyingopportunityid", "msdyncrm_salesready"})
"""Columns of the lead that hold what qualifying it left there; a name that ends in * stands for all that begin so."""


def lint(
    model: ScoringModel,
    late_columns: Collection[str] = AFTER_QUALIFICATION,
    dates: Mapping[str, Collection[str]] | None = None,
) -> list[Finding]:
    """Everything to say of a model, in the order of its document.

    `late_columns` are those of the lead that are only filled after qualification; `dates` says, by table, which columns
    can be read as the date of a row: tables that are not in it are not judged.
    """
    relations = Relations(model)
    found = [*_within_parts(model, relations), *group_findings(model, relations)]
    found += _late_columns(model, late_columns)
    found += mixed_kinds(list(_by_column(model)))
    found += _dateless(model, dates or {})
    sums = unlimited_reach(model, relations)
    found += [*limit_findings(model, sums), *grade_findings(model.grades, limited(sums, model))]
    order = {name: at for at, name in enumerate(type(model).model_fields)}
    return sorted(found, key=lambda finding: (order[str(finding.place[0])], _document_order(finding.place)))


def reach(model: ScoringModel) -> Reach:
    """Bounds of the scores that the model can give; `threshold_finding` holds a rule's threshold against them."""
    return limited(unlimited_reach(model, Relations(model)), model)


def _within_parts(model: ScoringModel, relations: Relations) -> Iterator[Finding]:
    accents = model.text_accent_sensitive
    if model.entry is not None:
        yield from condition_findings(model.entry, ("entry",), relations.lead, accent_sensitive=accents)
    for at, group in enumerate(model.groups):
        place = ("groups", at)
        yield from cap_findings(group, place)
        if group.when is not None:
            yield from condition_findings(group.when, (*place, "when"), relations.lead, accent_sensitive=accents)
        rows = group.interactions
        if rows is not None and rows.where is not None:
            where = (*place, "interactions", "where")
            yield from condition_findings(rows.where, where, relations.rows(rows), accent_sensitive=accents)


def _late_columns(model: ScoringModel, late: Collection[str]) -> Iterator[Finding]:
    for placed in comparisons(model):
        column = placed.comparison.column.partition(".")[0]
        if placed.table is None and _is_one_of(column, late):
            yield Finding(
                Kind.LATE_COLUMN,
                (*placed.place, "column"),
                f"{column} holds what qualification leaves there: until then it says nothing of the lead",
                "ask a column that is filled before",
            )


def _is_one_of(column: str, names: Iterable[str]) -> bool:
    return any(column == name or (name.endswith("*") and column.startswith(name[:-1])) for name in names)


def _by_column(model: ScoringModel) -> Iterator[tuple[Place, str, Comparison]]:
    for placed in comparisons(model):
        column = placed.comparison.column
        yield placed.place, f"{placed.table}.{column}" if placed.table else column, placed.comparison


def _dateless(model: ScoringModel, dates: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for at, group in enumerate(model.groups):
        rows = group.interactions
        if rows is not None and rows.table in dates and rows.at not in dates[rows.table]:
            yield _no_date(rows, ("groups", at, "interactions", "at"), dates[rows.table])


def _no_date(rows: Interactions, place: Place, usable: Collection[str]) -> Finding:
    message = f"{rows.table}.{rows.at} is not a date that can be read: without it no row counts"
    cure = f"use one of {', '.join(sorted(usable))}" if usable else "use another table: this one has no date"
    return Finding(Kind.NO_DATE, place, message, cure)


def _document_order(place: Place) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in place[1:]]
