"""A model held against the environment's metadata: its columns exist, may be read, and are of a type that fits."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from uuid import UUID

from connector.tables import Contact, Lead
from dataverse import DataverseClient
from dataverse.metadata import ColumnMetadata, TableMetadata, table
from scoring import Comparison, Place, PlacedComparison, Problem, ScoringModel, comparisons
from scoring.definition import Interactions
from scoring.moments import moment

_KINDS: Final = {
    "text": {"String", "Memo"},
    "number": {"Integer", "BigInt", "Decimal", "Double", "Money"},
    "choice": {"Picklist", "State", "Status"},
    "yes/no": {"Boolean"},
    "date": {"DateTime"},
    "id": {"Lookup", "Customer", "Owner", "Uniqueidentifier"},
}
_TEXT_ALONE: Final = {"like", "not-like", "begins-with", "not-begin-with", "ends-with", "not-end-with"}
_ORDERED: Final = {"gt", "ge", "lt", "le", "between", "not-between"}


def model_problems(client: DataverseClient, model: ScoringModel) -> list[str]:
    """Everything that the environment has against a model, each with its place; empty when there is nothing."""
    tables = _Tables(client)
    found = [problem for placed in comparisons(model) for problem in _comparison_problems(tables, placed)]
    for at, group in enumerate(model.groups):
        if group.interactions is not None:
            found += _interactions_problems(tables, group.interactions, ("groups", at, "interactions"))
    return [str(problem) for problem in found]


class _Tables:
    """Table definitions, each read once."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._read: dict[str, TableMetadata | None] = {}

    def named(self, name: str) -> TableMetadata | None:
        if name not in self._read:
            self._read[name] = table(self._client, name)
        return self._read[name]


def _comparison_problems(tables: _Tables, placed: PlacedComparison) -> Iterator[Problem]:
    comparison = placed.comparison
    owner = tables.named(placed.table or Lead.TABLE)
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
    if reason := _misfit(comparison, column):
        yield Problem(placed.place, f"{name} is of type {column.type}: {reason}")


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


def _unusable(column: ColumnMetadata | None) -> str:
    if column is None:
        return "does not exist"
    if column.is_secured:
        return "is secured: field-level security would read as empty"
    if not column.is_valid_for_read:
        return "cannot be read"
    return ""


def _misfit(comparison: Comparison, column: ColumnMetadata) -> str:
    """Why the operator or its value does not go with the column's type; empty when it does."""
    kind = next((kind for kind, types in _KINDS.items() if column.type in types), None)
    if kind is None:
        return "conditions on it are not supported yet"
    if comparison.op in _TEXT_ALONE and kind != "text":
        return f"{comparison.op} is for text"
    if comparison.op in _ORDERED and kind in {"choice", "yes/no", "id"}:
        return f"{comparison.op} needs an order, and this type has none"
    if column.type == "Money" and comparison.value is not None and not column.logical_name.endswith("_base"):
        return f"it is in the row's own currency: use {column.logical_name}_base"
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    if any(value is not None and not _is_of(kind, value) for value in values):
        return f"the value must be {_VALUES[kind]}"
    return ""


_VALUES: Final = {
    "text": "text",
    "number": "a number",
    "choice": "the option's number",
    "yes/no": "true or false",
    "date": "a date or an instant (ISO 8601)",
    "id": "a GUID",
}


def _is_of(kind: str, value: object) -> bool:
    match kind:
        case "yes/no":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case "choice":
            return isinstance(value, int) and not isinstance(value, bool)
        case "text":
            return isinstance(value, str)
    if not isinstance(value, str):
        return False
    # Only as scoring reads them: what it takes for plain text would never be equal.
    return moment(value) is not None if kind == "date" else _is_guid(value)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
