"""A model held against the environment's metadata: its columns exist, may be read, and are of a type that fits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from connector.date_behavior import date_types
from connector.tables import Contact, Lead
from dataverse import DataverseClient
from dataverse.metadata import ColumnMetadata, TableMetadata, table
from scoring import Place, PlacedComparison, Problem, ScoringModel, comparisons
from scoring.column_types import COLUMN_TYPES, ColumnType, misfit, stored_column
from scoring.definition import Interactions


@dataclass(frozen=True, slots=True)
class Validated:
    """Everything that the environment has against a model, with its place; and the types of its columns by table."""

    problems: list[str]
    columns: Mapping[str, Mapping[str, ColumnType]]


def validated(client: DataverseClient, model: ScoringModel) -> Validated:
    """The model held against the environment; it has no problems when there are none."""
    counted = ((("groups", at, "interactions"), group.interactions) for at, group in enumerate(model.groups))
    return held(client, comparisons(model), [(place, rows) for place, rows in counted if rows is not None])


def model_problems(client: DataverseClient, model: ScoringModel) -> list[str]:
    """Everything that the environment has against a model, each with its place; empty when there is nothing."""
    return validated(client, model).problems


def held(
    client: DataverseClient,
    asked: Iterable[PlacedComparison],
    counted: Iterable[tuple[Place, Interactions]],
) -> Validated:
    """The same for conditions and counted rows by themselves, each with its place in the definition."""
    tables = _Tables(client)
    problems: list[Problem] = []
    for placed in asked:
        problems += _comparison_problems(tables, placed)
    for place, rows in counted:
        problems += _interactions_problems(tables, rows, place)
    return Validated([str(problem) for problem in problems], tables.types)


class _Tables:
    """Table definitions, each read once; and the types of the columns that were asked for, by the table that asked."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._read: dict[str, TableMetadata | None] = {}
        self._dates: dict[str, Mapping[str, ColumnType]] = {}
        self.types: dict[str, dict[str, ColumnType]] = {}

    def named(self, name: str) -> TableMetadata | None:
        if name not in self._read:
            self._read[name] = table(self._client, name)
        return self._read[name]

    def type_of(self, owner: TableMetadata, column: ColumnMetadata) -> ColumnType | None:
        """What the column is to a condition; None where no condition can be made on it."""
        if column.type != "DateTime":
            return cast("ColumnType", column.type) if column.type in COLUMN_TYPES else None
        if owner.logical_name not in self._dates:
            self._dates[owner.logical_name] = date_types(self._client, owner.logical_name)
        return self._dates[owner.logical_name].get(column.logical_name, "DateTime")

    def note(self, table_name: str, path: str, column_type: ColumnType) -> None:
        self.types.setdefault(table_name, {})[path] = column_type


def _comparison_problems(tables: _Tables, placed: PlacedComparison) -> Iterator[Problem]:
    comparison = placed.comparison
    table_name = placed.table or Lead.TABLE
    owner = tables.named(table_name)
    if owner is None:
        return  # a missing table is said once, where it is named
    place = (*placed.place, "column")
    lookup, _, related = comparison.column.partition(".")
    if related:
        targets = owner.lookups.get(lookup, ())
        if len(targets) != 1:
            reason = "points at several tables, which is not supported yet" if targets else "is not a lookup"
            yield Problem(place, f"{owner.logical_name}.{lookup} {reason}")
            return
        owner = tables.named(targets[0])
        if owner is None:
            yield Problem(place, f"the app may not see table {targets[0]}")
            return
    column = owner.columns.get(related or lookup)
    name = f"{owner.logical_name}.{related or lookup}"
    unusable = _unusable(column)
    if column is None or unusable:
        yield Problem(place, f"{name} {unusable}")
        return
    column_type = tables.type_of(owner, column)
    if column_type is None:
        yield Problem(placed.place, f"{name} is of type {column.type}: conditions on it are not supported yet")
        return
    tables.note(table_name, comparison.column, column_type)
    if reason := misfit(comparison.op, comparison.value, column_type):
        yield Problem(placed.place, f"{name} is of type {column_type}: {reason}")
    stored = stored_column(related or lookup, column_type)
    if unusable := _unusable(owner.columns.get(stored)):
        yield Problem(place, f"{name} is compared in the base currency, and {owner.logical_name}.{stored} {unusable}")


def _interactions_problems(tables: _Tables, rows: Interactions, place: Place) -> Iterator[Problem]:
    owner = tables.named(rows.table)
    if owner is None:
        yield Problem((*place, "table"), f"there is no table {rows.table}")
        return
    for member, lookup, target in (("lead", rows.lead, Lead.TABLE), ("contact", rows.contact, Contact.TABLE)):
        if lookup is not None and target not in owner.lookups.get(lookup, ()):
            yield Problem((*place, member), f"{rows.table}.{lookup} is not a lookup to {target}")
        elif lookup is not None and (unusable := _unusable(owner.columns.get(lookup))):
            yield Problem((*place, member), f"{rows.table}.{lookup} {unusable}")
    date = owner.columns.get(rows.at)
    if date is None or date.type != "DateTime":
        yield Problem((*place, "at"), f"{rows.table}.{rows.at} is not a date column")
    elif unusable := _unusable(date):
        yield Problem((*place, "at"), f"{rows.table}.{rows.at} {unusable}")
    elif (date_type := tables.type_of(owner, date)) is not None:
        tables.note(rows.table, rows.at, date_type)


def _unusable(column: ColumnMetadata | None) -> str:
    if column is None:
        return "does not exist"
    if column.is_secured:
        return "is secured: field-level security would read as empty"
    if not column.is_valid_for_read:
        return "cannot be read"
    return ""
