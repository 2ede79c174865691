"""A qualification rule as the rows that CRM admins edit, and back: pure, without loss."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from connector.changeset import bind
from connector.condition_rows import json_in
from connector.ids import computed_id
from connector.model_rows import RowToWrite
from connector.tables import QualificationCriterion, QualificationRule, ScoringModel
from scoring import DefinitionError, Problem

Row = Mapping[str, Any]


def rule_rows(definition: Mapping[str, Any], rule_id: UUID, models: Mapping[str, UUID]) -> Iterator[RowToWrite]:
    """The rows that say what `definition` (a rule in its file form) says; `models` are the ids of those it names."""
    columns = {
        QualificationRule.NAME: definition["rule"],
        QualificationRule.ORDER: definition.get("order", 1),
        QualificationRule.MATCH: QualificationRule.MATCHES[definition.get("match", "all")],
        QualificationRule.FROM_STATUS: _json(definition.get("from_status")),
        QualificationRule.ACTIONS: _json(definition["actions"]),
        QualificationRule.EXISTING_LEADS: QualificationRule.EXISTING[definition.get("existing_leads", "ask")],
        QualificationRule.RECONSIDER: definition.get("reconsider", False),
        QualificationRule.MAX_PER_HOUR: definition.get("max_per_hour"),
    }
    yield RowToWrite(QualificationRule.SET, rule_id, columns)
    for order, criterion in enumerate(definition["criteria"], 1):
        model, theirs = criterion.get("model"), criterion.get("customer_insights")
        columns = {
            QualificationCriterion.NAME: f"{model or theirs} >= {criterion['at_least']}"[:200],
            QualificationCriterion.ORDER: order,
            QualificationCriterion.CUSTOMER_INSIGHTS: theirs,
            QualificationCriterion.AT_LEAST: criterion["at_least"],
            **bind(QualificationCriterion.RULE, QualificationRule.SET, rule_id),
            **(bind(QualificationCriterion.MODEL, ScoringModel.SET, models[model]) if model else {}),
        }
        # A criterion that becomes one over another kind of score is another row: no lookup has to be emptied.
        kind = "criterion" if model else "customer-insights"
        yield RowToWrite(QualificationCriterion.SET, computed_id(rule_id, kind, order), columns)


def rule_definition_of(rule: Row, criteria: Sequence[Row]) -> dict[str, Any]:
    """The rule in its file form; DefinitionError names every column whose JSON cannot be read."""
    definition, unreadable = readable_rule(rule, criteria)
    if unreadable:
        raise DefinitionError(unreadable)
    return definition


def readable_rule(rule: Row, criteria: Sequence[Row]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The rule in its file form without what cannot be read, and what that is.

    Each criterion row carries its model's row under the lookup's name.
    """
    matches: dict[object, str] = {value: name for name, value in QualificationRule.MATCHES.items()}
    existing: dict[object, str] = {value: name for name, value in QualificationRule.EXISTING.items()}
    unreadable: list[Problem] = []

    def read(column: str) -> Any:
        try:
            return json_in(rule[column], column) if rule.get(column) else None
        except DefinitionError as error:
            unreadable.extend(error.problems)
            return None

    definition = {
        "rule": rule.get(QualificationRule.NAME),
        "order": rule.get(QualificationRule.ORDER),
        "match": matches.get(rule.get(QualificationRule.MATCH)),
        "from_status": read(QualificationRule.FROM_STATUS),
        "existing_leads": existing.get(rule.get(QualificationRule.EXISTING_LEADS)),
        "reconsider": rule.get(QualificationRule.RECONSIDER) or None,
        "max_per_hour": rule.get(QualificationRule.MAX_PER_HOUR),
        "criteria": [
            _criterion(row) for row in sorted(criteria, key=lambda row: row.get(QualificationCriterion.ORDER) or 0)
        ],
        "actions": read(QualificationRule.ACTIONS),
    }
    return {name: value for name, value in definition.items() if value is not None}, tuple(unreadable)


def _criterion(row: Row) -> dict[str, Any]:
    model = row.get(QualificationCriterion.MODEL) or {}
    members = {
        "model": model.get(ScoringModel.NAME),
        "customer_insights": row.get(QualificationCriterion.CUSTOMER_INSIGHTS),
        "at_least": row.get(QualificationCriterion.AT_LEAST),
    }
    return {name: value for name, value in members.items() if value is not None}


def _json(content: object) -> str | None:
    return None if content is None else json.dumps(content, sort_keys=True, ensure_ascii=False)
