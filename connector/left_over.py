"""Models and rules that no webhook told of: those that wait for an answer, those set wrongly, those edited since."""

from collections.abc import Iterator, Sequence
from typing import Any

from connector.draft_columns import (
    CONDITION_COLUMNS,
    CRITERION_COLUMNS,
    GRADE_COLUMNS,
    GROUP_COLUMNS,
    MODEL_COLUMNS,
    RULE_COLUMNS,
)
from connector.drafts import Draft, Row, model_draft, rule_draft
from connector.lifecycle_message import LIFECYCLE, LifecycleMessage
from connector.lifecycle_step import next_step
from connector.model_rows import ModelRows
from connector.ports import Queue
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
from connector.unpublished import has_unpublished_changes
from connector.versions import MODEL, RULE, Kind
from dataverse import DataverseClient, Request, query, send_in_batches
from dataverse.odata import any_of, eq, in_

_IDS_AT_ONCE = 50


def queue_left_over(client: DataverseClient, queue: Queue) -> int:
    """Queue a look at each model and rule that needs one; how many do.

    None while messages wait: what they are about would be begun a second time.
    """
    if queue.waiting(LIFECYCLE):
        return 0
    models, rules = _rows(client, [_of_interest(MODEL, MODEL_COLUMNS), _of_interest(RULE, RULE_COLUMNS)])
    found = [
        *((kind, row) for kind, rows in ((MODEL, models), (RULE, rules)) for row in rows if next_step(row) is not None),
        *_marked_wrongly(client, [row for row in models if _is_live(row)], [row for row in rules if _is_live(row)]),
    ]
    for kind, row in found:
        queue.send(LIFECYCLE, LifecycleMessage(table=kind.table, id=row[kind.row_id]).text())
    return len(found)


def _of_interest(kind: Kind, columns: Sequence[str]) -> Request:
    statuses = (Lifecycle.PUBLISHING, Lifecycle.STOPPING, Lifecycle.LIVE)
    names_a_version = eq(f"{ScoringModel.CURRENT_VERSION}/statecode", ACTIVE)
    return query(
        kind.entity_set,
        select=(kind.row_id, *columns),
        filter=any_of(*(eq("statuscode", status) for status in statuses), names_a_version),
        expand={ScoringModel.CURRENT_VERSION: (PublishedVersion.ID, PublishedVersion.DEFINITION, "statecode")},
    )


def _is_live(row: Row) -> bool:
    return next_step(row) is None and bool(row["statuscode"] == Lifecycle.LIVE)


def _marked_wrongly(client: DataverseClient, models: Sequence[Row], rules: Sequence[Row]) -> Iterator[tuple[Kind, Row]]:
    for kind, draft in _drafts(client, models, rules):
        published = str(draft.row[ScoringModel.CURRENT_VERSION][PublishedVersion.DEFINITION])
        if has_unpublished_changes(draft, kind, published) != bool(draft.row[ScoringModel.UNPUBLISHED_CHANGES]):
            yield kind, draft.row


def _drafts(client: DataverseClient, models: Sequence[Row], rules: Sequence[Row]) -> Iterator[tuple[Kind, Draft]]:
    """All of them in two batches: the rows below models and rules, then the conditions below groups."""
    model_ids = [row[ScoringModel.ID] for row in models]
    rule_ids = [row[QualificationRule.ID] for row in rules]
    groups, grades, criteria = _below(
        client,
        (ScoringGroup.SET, (*GROUP_COLUMNS, f"_{ScoringGroup.MODEL}_value"), ScoringGroup.MODEL, model_ids),
        (ScoringGrade.SET, (*GRADE_COLUMNS, f"_{ScoringGrade.MODEL}_value"), ScoringGrade.MODEL, model_ids),
        (
            QualificationCriterion.SET,
            (*CRITERION_COLUMNS, f"_{QualificationCriterion.RULE}_value"),
            QualificationCriterion.RULE,
            rule_ids,
        ),
    )
    group_ids = [row[ScoringGroup.ID] for row in groups]
    (conditions,) = _below(client, (ScoringCondition.SET, CONDITION_COLUMNS, ScoringCondition.GROUP, group_ids))
    for row in models:
        own = _with(groups, ScoringGroup.MODEL, [row[ScoringModel.ID]])
        theirs = _with(conditions, ScoringCondition.GROUP, [group[ScoringGroup.ID] for group in own])
        yield MODEL, model_draft(ModelRows(row, own, theirs, _with(grades, ScoringGrade.MODEL, [row[ScoringModel.ID]])))
    for row in rules:
        yield RULE, rule_draft(row, _with(criteria, QualificationCriterion.RULE, [row[QualificationRule.ID]]))


def _below(client: DataverseClient, *asked: tuple[str, Sequence[str], str, Sequence[str]]) -> list[list[Row]]:
    """The rows of each set whose lookup leads to one of the ids, in one batch."""
    model_name = {QualificationCriterion.MODEL: (ScoringModel.NAME,)}
    requests = [
        query(
            entity_set,
            select=columns,
            filter=in_(lookup, ids[first : first + _IDS_AT_ONCE]),
            expand=model_name if entity_set == QualificationCriterion.SET else None,
        )
        for entity_set, columns, lookup, ids in asked
        for first in range(0, len(ids), _IDS_AT_ONCE)
    ]
    answers = iter(_rows(client, requests))
    return [[row for _ in range(0, len(ids), _IDS_AT_ONCE) for row in next(answers)] for _, _, _, ids in asked]


def _rows(client: DataverseClient, requests: Sequence[Request]) -> list[list[Any]]:
    """The rows of each query; raises what the first that failed met."""
    results = send_in_batches(client, requests)
    return [
        list(client.rows(request, first=result.response)) for request, result in zip(requests, results, strict=True)
    ]


def _with(rows: Sequence[Row], lookup: str, ids: Sequence[str]) -> list[Row]:
    wanted = set(ids)
    return [row for row in rows if row[f"_{lookup}_value"] in wanted]
