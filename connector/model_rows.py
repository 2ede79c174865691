"""A scoring model as the rows that marketers edit, and back: pure, without loss.

Rows here are bodies of the Web API; a row that is read also carries its lookups as `_<name>_value`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from connector.changeset import bind
from connector.condition_rows import condition_columns, flat, json_in, tree_of
from connector.ids import computed_id
from connector.tables import ScoringCondition, ScoringGrade, ScoringGroup, ScoringModel
from scoring import DefinitionError, Place, Problem

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowToWrite:
    """One row of a draft: the set it belongs to, its id, and all of its columns (null where it has no value)."""

    entity_set: str
    row_id: UUID
    columns: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ModelRows:
    """A model's draft as it was read."""

    model: Row
    groups: Sequence[Row] = field(default_factory=tuple)
    conditions: Sequence[Row] = field(default_factory=tuple)
    grades: Sequence[Row] = field(default_factory=tuple)


def rows_of(definition: Mapping[str, Any], model_id: UUID) -> Iterator[RowToWrite]:
    """The rows that say what `definition` (a model in its file form) says; parents before their children."""
    limits = definition.get("limits") or {}
    columns = {
        ScoringModel.NAME: definition["model"],
        ScoringModel.DESCRIPTION: definition.get("description"),
        ScoringModel.ENTRY: _json(definition.get("entry")),
        ScoringModel.TIME_ZONE: definition.get("time_zone"),
        ScoringModel.BUSINESS_UNIT: definition.get("business_unit"),
        ScoringModel.MIN_SCORE: limits.get("min"),
        ScoringModel.MAX_SCORE: limits.get("max"),
        ScoringModel.SHOW_ON_LEAD: definition.get("show_on_lead", False),
    }
    yield RowToWrite(ScoringModel.SET, model_id, columns)
    for order, group in enumerate(definition["groups"], 1):
        yield from _group_rows(group, order, model_id)
    for order, grade in enumerate(definition.get("grades") or (), 1):
        columns = {
            ScoringGrade.NAME: grade["name"],
            ScoringGrade.ORDER: order,
            ScoringGrade.MIN_SCORE: grade.get("min"),
            ScoringGrade.MAX_SCORE: grade.get("max"),
            **bind(ScoringGrade.MODEL, ScoringModel.SET, model_id),
        }
        yield RowToWrite(ScoringGrade.SET, computed_id(model_id, "grade", order), columns)


def definition_of(rows: ModelRows) -> dict[str, Any]:
    """The model in its file form; DefinitionError names every column whose JSON cannot be read."""
    definition, unreadable = readable_definition(rows)
    if unreadable:
        raise DefinitionError(unreadable)
    return definition


def readable_definition(rows: ModelRows) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The model in its file form, without what is at its default and without what cannot be read; and what that is."""
    model = rows.model
    unreadable: list[Problem] = []
    limits = _given(min=model.get(ScoringModel.MIN_SCORE), max=model.get(ScoringModel.MAX_SCORE))
    grades = [
        _given(
            name=row.get(ScoringGrade.NAME), min=row.get(ScoringGrade.MIN_SCORE), max=row.get(ScoringGrade.MAX_SCORE)
        )
        for row in _in_order(rows.grades, ScoringGrade.ORDER)
    ]
    entry = model.get(ScoringModel.ENTRY)
    definition = _given(
        model=model.get(ScoringModel.NAME),
        description=model.get(ScoringModel.DESCRIPTION),
        time_zone=model.get(ScoringModel.TIME_ZONE),
        business_unit=model.get(ScoringModel.BUSINESS_UNIT),
        show_on_lead=model.get(ScoringModel.SHOW_ON_LEAD) or None,
        entry=_read(lambda: json_in(entry, ScoringModel.ENTRY), (), unreadable) if entry else None,
        groups=[
            _group(row, _read(partial(_tree, row, rows.conditions), ("groups", at), unreadable))
            for at, row in enumerate(_in_order(rows.groups, ScoringGroup.ORDER))
        ],
        grades=grades or None,
        limits=limits or None,
    )
    return definition, tuple(unreadable)


def _read(read: Callable[[], Any], place: Place, unreadable: list[Problem]) -> Any:
    """What `read` gives; nothing when it is not JSON, which is then noted with its place in the definition."""
    try:
        return read()
    except DefinitionError as error:
        unreadable += (Problem((*place, *problem.place), problem.message) for problem in error.problems)
        return None


def _group_rows(group: Mapping[str, Any], order: int, model_id: UUID) -> Iterator[RowToWrite]:
    group_id = computed_id(model_id, "group", order)
    counted = group.get("interactions")
    tree = counted.get("where") if counted else group.get("when")
    level = flat(tree)
    columns = {
        ScoringGroup.NAME: group["name"],
        ScoringGroup.ORDER: order,
        ScoringGroup.KIND: ScoringGroup.KINDS["interaction" if counted else "attribute"],
        ScoringGroup.JOIN: ScoringGroup.JOINS[level[0] if level else "all"],
        ScoringGroup.POINTS: group["points"],
        ScoringGroup.CAP: group.get("cap"),
        ScoringGroup.DEFINITION: None if level else _json(tree),
        **_interaction_columns(counted or {}),
        **bind(ScoringGroup.MODEL, ScoringModel.SET, model_id),
    }
    yield RowToWrite(ScoringGroup.SET, group_id, columns)
    for position, leaf in enumerate(level[1] if level else (), 1):
        row = condition_columns(leaf, position) | bind(ScoringCondition.GROUP, ScoringGroup.SET, group_id)
        yield RowToWrite(ScoringCondition.SET, computed_id(group_id, "condition", position), row)


def _interaction_columns(counted: Mapping[str, Any]) -> dict[str, object]:
    return {
        ScoringGroup.INTERACTION_TABLE: counted.get("table"),
        ScoringGroup.LEAD_LOOKUP: counted.get("lead"),
        ScoringGroup.CONTACT_LOOKUP: counted.get("contact"),
        ScoringGroup.DATE_COLUMN: counted.get("at"),
        ScoringGroup.WITHIN_DAYS: counted.get("within_days"),
        ScoringGroup.COUNT: ScoringGroup.COUNTS[counted.get("count", "each")] if counted else None,
        ScoringGroup.N: counted.get("n"),
        ScoringGroup.HALF_LIFE_DAYS: counted.get("half_life_days"),
    }


def _tree(group: Row, conditions: Sequence[Row]) -> Any:
    group_id = group.get(ScoringGroup.ID)
    return tree_of(group, [each for each in conditions if each.get(f"_{ScoringCondition.GROUP}_value") == group_id])


def _group(row: Row, tree: Any) -> dict[str, Any]:
    common = _given(name=row.get(ScoringGroup.NAME), points=row.get(ScoringGroup.POINTS), cap=row.get(ScoringGroup.CAP))
    if row.get(ScoringGroup.KIND) != ScoringGroup.KINDS["interaction"]:
        return common | _given(when=tree)
    counts: dict[object, str] = {value: name for name, value in ScoringGroup.COUNTS.items()}
    return common | {
        "interactions": _given(
            table=row.get(ScoringGroup.INTERACTION_TABLE),
            lead=row.get(ScoringGroup.LEAD_LOOKUP),
            contact=row.get(ScoringGroup.CONTACT_LOOKUP),
            at=row.get(ScoringGroup.DATE_COLUMN),
            where=tree,
            within_days=row.get(ScoringGroup.WITHIN_DAYS),
            count=counts.get(row.get(ScoringGroup.COUNT), "each"),
            n=row.get(ScoringGroup.N),
            half_life_days=row.get(ScoringGroup.HALF_LIFE_DAYS),
        )
    }


def _in_order(rows: Sequence[Row], column: str) -> list[Row]:
    return sorted(rows, key=lambda row: row.get(column) or 0)


def _given(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _json(content: object) -> str | None:
    return None if content is None else json.dumps(content, sort_keys=True, ensure_ascii=False)
