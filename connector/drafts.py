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
from connector.model_rows import ModelRows, RowToWrite, readable_definition, rows_of
from connector.rule_rows import readable_rule, rule_rows
from connector.tables import (
    ACTIVE,
    Lifecycle,
    PublishedVersion,
    QualificationCriterion,
    QualificationRule,
    ScoringCondition,
    ScoringGrade,
    ScoringGroup,
    ScoringModel,
)
from dataverse import Changeset, DataverseClient, Request, delete, query, update, upsert
from dataverse.odata import eq, in_
from scoring import DefinitionError, Problem

Row = Mapping[str, Any]

_VERSION_STATE = {ScoringModel.CURRENT_VERSION: (PublishedVersion.ID, "statecode")}


@dataclass(frozen=True, slots=True)
class Draft:
    """A model or rule as it stands: its row, what its rows say in file form, and the ids of the rows below it.

    `unreadable` are the columns whose JSON is broken; what they would say is not in `content`.
    """

    row_id: UUID
    row: Row
    content: dict[str, Any]
    children: Sequence[tuple[str, UUID]]
    unreadable: tuple[Problem, ...] = ()

    @property
    def definition(self) -> dict[str, Any]:
        """The whole definition in file form; DefinitionError when a part of it cannot be read."""
        if self.unreadable:
            raise DefinitionError(self.unreadable)
        return self.content

    @property
    def name(self) -> str:
        """The name that files and commands know it by."""
        return str(self.row[ScoringModel.NAME])

    @property
    def status(self) -> int:
        """Its Status Reason, one of Lifecycle's."""
        return int(self.row["statuscode"])

    @property
    def is_live(self) -> bool:
        """Whether a version of it is in force, though another may be on its way."""
        return self.names_a_version and self.status in (Lifecycle.LIVE, Lifecycle.PUBLISHING)

    @property
    def names_a_version(self) -> bool:
        """Whether the version that it names has not ended."""
        version = self.row[ScoringModel.CURRENT_VERSION]
        return version is not None and bool(version["statecode"] == ACTIVE)

    @property
    def version_id(self) -> UUID | None:
        """The version that is in force, or was last."""
        value = self.row[f"_{ScoringModel.CURRENT_VERSION}_value"]
        return None if value is None else UUID(str(value))


def read_model(client: DataverseClient, name: str) -> Draft | None:
    """The model of this name; PublicationError when several have it."""
    row = _one(client, name, ScoringModel.SET, (ScoringModel.ID, *MODEL_COLUMNS), ScoringModel.NAME)
    return None if row is None else _model(client, row)


def model_with_id(client: DataverseClient, row_id: UUID) -> Draft | None:
    """The model of this id; None when it is gone."""
    columns = (ScoringModel.ID, *MODEL_COLUMNS)
    return next(
        (_model(client, row) for row in _with(client, ScoringModel.SET, columns, ScoringModel.ID, row_id)), None
    )


def read_rule(client: DataverseClient, name: str) -> Draft | None:
    """The rule of this name, in the same way."""
    row = _one(client, name, QualificationRule.SET, (QualificationRule.ID, *RULE_COLUMNS), QualificationRule.NAME)
    return None if row is None else _rule(client, row)


def rule_with_id(client: DataverseClient, row_id: UUID) -> Draft | None:
    """The rule of this id; None when it is gone."""
    columns = (QualificationRule.ID, *RULE_COLUMNS)
    rows = _with(client, QualificationRule.SET, columns, QualificationRule.ID, row_id)
    return next((_rule(client, row) for row in rows), None)


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


def _model(client: DataverseClient, row: Row) -> Draft:
    model_id = row[ScoringModel.ID]
    groups = _below(client, ScoringGroup.SET, GROUP_COLUMNS, ScoringGroup.MODEL, [model_id])
    group_ids = [group[ScoringGroup.ID] for group in groups]
    conditions = _below(client, ScoringCondition.SET, CONDITION_COLUMNS, ScoringCondition.GROUP, group_ids)
    grades = _below(client, ScoringGrade.SET, GRADE_COLUMNS, ScoringGrade.MODEL, [model_id])
    return model_draft(ModelRows(row, groups, conditions, grades))


def model_draft(rows: ModelRows) -> Draft:
    """The draft that a model's rows are."""
    content, unreadable = readable_definition(rows)
    children = [
        *_ids(ScoringCondition.SET, rows.conditions),
        *_ids(ScoringGrade.SET, rows.grades),
        *_ids(ScoringGroup.SET, rows.groups),
    ]
    return Draft(UUID(rows.model[ScoringModel.ID]), rows.model, content, children, unreadable)


def _rule(client: DataverseClient, row: Row) -> Draft:
    rule_id = row[QualificationRule.ID]
    model_name = {QualificationCriterion.MODEL: (ScoringModel.NAME,)}
    criteria = _below(
        client, QualificationCriterion.SET, CRITERION_COLUMNS, QualificationCriterion.RULE, [rule_id], expand=model_name
    )
    return rule_draft(row, criteria)


def rule_draft(row: Row, criteria: Sequence[Row]) -> Draft:
    """The draft that a rule's rows are; each criterion carries its model's row."""
    content, unreadable = readable_rule(row, criteria)
    children = _ids(QualificationCriterion.SET, criteria)
    return Draft(UUID(row[QualificationRule.ID]), row, content, children, unreadable)


def _one(client: DataverseClient, name: str, entity_set: str, columns: Sequence[str], name_column: str) -> Row | None:
    rows = _with(client, entity_set, columns, name_column, name)
    if len(rows) > 1:
        raise PublicationError(name, [f"{len(rows)} rows of {entity_set} have this name: rename all but one"])
    return rows[0] if rows else None


def _with(
    client: DataverseClient, entity_set: str, columns: Sequence[str], column: str, value: str | UUID
) -> list[Row]:
    wanted = query(entity_set, select=columns, filter=eq(column, value), expand=_VERSION_STATE)
    return list(client.rows(wanted))


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
