"""What a model wants to know of a lead, for whoever reads the rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scoring.belonging import OWNING_UNIT, PARENT_CONTACT
from scoring.column_types import FAMILIES, misfit
from scoring.conditions import Comparison, walk
from scoring.definition import LEAD, Interactions, ScoringModel
from scoring.errors import Place, Problem


@dataclass(frozen=True, slots=True)
class InteractionNeed:
    """Rows of `table` by a lookup to the lead, to its parent contact, or both; `columns` are those of conditions."""

    table: str
    lead: str | None
    contact: str | None
    at: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Needs:
    """Columns by logical name (a lookup is queried as `_name_value`), N:1 columns by lookup, interactions.

    The lead's primary key is needed too and not listed: every row of the Web API carries it.
    """

    columns: frozenset[str]
    expands: Mapping[str, frozenset[str]]
    interactions: tuple[InteractionNeed, ...]


@dataclass(frozen=True, slots=True)
class PlacedComparison:
    """A comparison, where it stands in the definition, and whose column it reads (`table` None: the lead's)."""

    place: Place
    table: str | None
    comparison: Comparison


def comparisons(model: ScoringModel) -> Iterator[PlacedComparison]:
    """Every comparison of the model."""
    if model.entry is not None:
        yield from (PlacedComparison(place, None, found) for place, found in walk(model.entry, ("entry",)))
    for at, group in enumerate(model.groups):
        if group.when is not None:
            tree = walk(group.when, ("groups", at, "when"))
            yield from (PlacedComparison(place, None, found) for place, found in tree)
        elif group.interactions is not None and group.interactions.where is not None:
            tree = walk(group.interactions.where, ("groups", at, "interactions", "where"))
            yield from (PlacedComparison(place, group.interactions.table, found) for place, found in tree)


def type_problems(model: ScoringModel) -> Iterator[Problem]:
    """Operators and values that make no sense for the types of columns that the model states."""
    for placed in comparisons(model):
        asked = placed.comparison
        column_type = model.column_type(placed.table, asked.column)
        if column_type is not None and (reason := misfit(asked.op, asked.value, column_type)):
            yield Problem(placed.place, f"{placed.table or LEAD}.{asked.column} is of type {column_type}: {reason}")
    for at, group in enumerate(model.groups):
        if group.interactions is not None:
            column_type = model.column_type(group.interactions.table, group.interactions.at)
            if column_type is not None and FAMILIES[column_type] != "date":
                name = f"{group.interactions.table}.{group.interactions.at}"
                yield Problem(("groups", at, "interactions", "at"), f"{name} is not a date column")


def needs_of(model: ScoringModel) -> Needs:
    """Everything that scoring by this model reads."""
    columns: set[str] = set()
    expands: dict[str, set[str]] = {}
    for found in comparisons(model):
        if found.table is not None:
            continue
        own, _, related = model.stored_column(None, found.comparison.column).partition(".")
        if related:
            expands.setdefault(own, set()).add(related)
        else:
            columns.add(own)
    interactions = _interaction_needs(model)
    if any(need.contact for need in interactions):
        columns.add(PARENT_CONTACT)
    if model.business_unit is not None or model.business_units:
        columns.add(OWNING_UNIT)
    return Needs(
        frozenset(columns),
        MappingProxyType({lookup: frozenset(names) for lookup, names in sorted(expands.items())}),
        interactions,
    )


def _interaction_needs(model: ScoringModel) -> tuple[InteractionNeed, ...]:
    columns: dict[tuple[str, str | None, str | None, str], set[str]] = {}
    for group in model.groups:
        if group.interactions is not None:
            rows = group.interactions
            columns.setdefault((rows.table, rows.lead, rows.contact, rows.at), set()).update(
                model.stored_column(rows.table, column) for column in _where_columns(rows)
            )
    return tuple(InteractionNeed(*key, frozenset(names)) for key, names in columns.items())


def _where_columns(rows: Interactions) -> set[str]:
    return {found.column for _, found in walk(rows.where, ())} if rows.where is not None else set()
