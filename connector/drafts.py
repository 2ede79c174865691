"""Reading and writing drafts of models and rules in Dataverse: rows in, the file form out, and the reverse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from connector.draft_columns import (
    CONDITION_COLUMNS,
    CRITERION_COLUMNS,
    GRADE_COLUMNS,
    GROUP_COLUMNS,
    IDS,
    MODEL_COLUMNS,
    RULE_COLUMNS,
)
from connector.errors import PublicationError
from connector.model_rows import ModelRows, RowToWrite, definition_of, rows_of
from connector.rule_rows import rule_definition_of, rule_rows
from connector.tables import (
    Lifecycle,
    QualificationCriterion,
    QualificationRule,
    ScoringCondition,
    ScoringGrade,
    ScoringGroup,
    ScoringModel,
)
from dataverse import Changeset, DataverseClient, Request, delete, query, update, upsert
from dataverse.odata import eq, in_

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A model or rule as it stands: its row, its definition in file form, and the ids of the rows below it."""

    row_id: UUID
    row: Row
    definition: dict[str, Any]
    children: Sequence[tuple[str, UUID]]

    @property
    def name(self) -> str:
        """The name that files and commands know it by."""
        return str(self.row[ScoringModel.NAME])

    @property
    def is_live(self) -> bool:
        """Whether a version of it is in force."""
        return bool(self.row["statuscode"] == Lifecycle.LIVE)

    @property
    def version_id(self) -> UUID | None:
        """The version that is in force, or was last."""
        value = self.row[f"_{ScoringModel.CURRENT_VERSION}_value"]
        return None if value is None else UUID(str(value))


def read_model(client: DataverseClient, name: str) -> Draft | None:
    """The model of this name; PublicationError when several have it, DefinitionError when JSON in it is broken."""
    row = _one(client, name, ScoringModel.SET, (ScoringModel.ID, *MODEL_COLUMNS), ScoringModel.NAME)
    if row is None:
        return None
    model_id = row[ScoringModel.ID]
    groups = _below(client, ScoringGroup.SET, GROUP_COLUMNS, ScoringGroup.MODEL, [model_id])
    group_ids = [group[ScoringGroup.ID] for group in groups]
    conditions = _below(client, ScoringCondition.SET, CONDITION_COLUMNS, ScoringCondition.GROUP, group_ids)
    grades = _below(client, ScoringGrade.SET, GRADE_COLUMNS, ScoringGrade.MODEL, [model_id])
    definition = definition_of(ModelRows(row, groups, conditions, grades))
    children = [
        *_ids(ScoringCondition.SET, conditions),
        *_ids(ScoringGrade.SET, grades),
        *_ids(ScoringGroup.SET, groups),
    ]
    return Draft(UUID(model_id), row, definition, children)


def read_rule(client: DataverseClient, name: str) -> Draft | None:
    """The rule of this name, in the same way."""
    row = _one(client, name, QualificationRule.SET, (QualificationRule.ID, *RULE_COLUMNS), QualificationRule.NAME)
    if row is None:
        return None
    rule_id = row[QualificationRule.ID]
    model_name = {QualificationCriterion.MODEL: (ScoringModel.NAME,)}
    criteria = _below(
        client, QualificationCriterion.SET, CRITERION_COLUMNS, QualificationCriterion.RULE, [rule_id], expand=model_name
    )
    definition = rule_definition_of(row, criteria)
    return Draft(UUID(rule_id), row, definition, _ids(QualificationCriterion.SET, criteria))


def apply_model(client: DataverseClient, definition: Mapping[str, Any], current: Draft | None) -> None:
    """Make the draft rows say what `definition` says, in one changeset."""
    model_id = current.row_id if current else uuid4()
    _apply(client, current, list(rows_of(definition, model_id)))


def apply_rule(
    client: DataverseClient, definition: Mapping[str, Any], current: Draft | None, models: Mapping[str, UUID]
) -> None:
    """The same for a rule; `models` are the ids of the models that it names."""
    rule_id = current.row_id if current else uuid4()
    _apply(client, current, list(rule_rows(definition, rule_id, models)))


def _apply(client: DataverseClient, current: Draft | None, rows: Sequence[RowToWrite]) -> None:
    kept = {(row.entity_set, row.row_id) for row in rows}
    top, *children = rows
    if current is None:
        first = upsert(top.entity_set, str(top.row_id), top.columns, only_create=True)
    else:
        marked = {**top.columns, ScoringModel.UNPUBLISHED_CHANGES: current.is_live}
        first = update(top.entity_set, str(top.row_id), marked, etag=str(current.row["@odata.etag"]))
    extra = [child for child in (current.children if current else ()) if child not in kept]
    requests: list[Request] = [
        first,
        *(upsert(row.entity_set, str(row.row_id), row.columns) for row in children),
        *(delete(entity_set, str(row_id), etag="*") for entity_set, row_id in extra),
    ]
    write_together(client, requests)


def write_together(client: DataverseClient, requests: Iterable[Request]) -> None:
    """All of the requests or none; raises what the one that failed met."""
    (result,) = client.batch([Changeset(tuple(requests))])
    if result.error is not None:
        raise result.error


def _one(client: DataverseClient, name: str, entity_set: str, columns: Sequence[str], name_column: str) -> Row | None:
    rows = list(client.rows(query(entity_set, select=columns, filter=eq(name_column, name))))
    if len(rows) > 1:
        raise PublicationError(name, [f"{len(rows)} rows of {entity_set} have this name: rename all but one"])
    return rows[0] if rows else None


def _below(
    client: DataverseClient,
    entity_set: str,
    columns: Sequence[str],
    lookup: str,
    ids: Sequence[str],
    *,
    expand: Mapping[str, Sequence[str]] | None = None,
) -> list[Row]:
    if not ids:
        return []
    return list(client.rows(query(entity_set, select=columns, filter=in_(lookup, ids), expand=expand)))


def _ids(entity_set: str, rows: Iterable[Row]) -> list[tuple[str, UUID]]:
    return [(entity_set, UUID(row[IDS[entity_set]])) for row in rows]
