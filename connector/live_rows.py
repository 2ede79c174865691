"""Rows in force, as what they define: a version counts only while its text has the hash it was published with.

In force is an active row that names an active version and is Live, or Publishing: the old version scores until the new
one takes its place. A model that is Stopping scores until it is stopped, a rule that is Stopping acts no more.
"""

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID

from connector.errors import VersionError
from connector.lead_table import LeadTable
from connector.live import LiveModel, LiveRule
from connector.rules import QualificationRule as Rule
from connector.rules import parse_rule
from connector.tables import ACTIVE, Lifecycle, PublishedVersion, QualificationRule, ScoringModel
from dataverse import Request, query
from dataverse.odata import all_of, any_of, eq
from scoring import DefinitionError, compile_model, parse_model

Row = Mapping[str, object]


def _in_force(entity_set: str, columns: tuple[str, ...], statuses: tuple[int, ...]) -> Request:
    in_force = all_of(
        eq("statecode", ACTIVE),
        any_of(*(eq("statuscode", status) for status in statuses)),
        eq(f"{ScoringModel.CURRENT_VERSION}/statecode", ACTIVE),
    )
    version = (PublishedVersion.ID, PublishedVersion.DEFINITION, PublishedVersion.SHA256)
    return query(entity_set, select=columns, filter=in_force, expand={ScoringModel.CURRENT_VERSION: version})


_PUBLISHED = (Lifecycle.LIVE, Lifecycle.PUBLISHING)
LIVE_MODELS = _in_force(ScoringModel.SET, (ScoringModel.ID, ScoringModel.NAME), (*_PUBLISHED, Lifecycle.STOPPING))
LIVE_RULES = _in_force(QualificationRule.SET, (QualificationRule.ID, QualificationRule.NAME), _PUBLISHED)


def live_model(row: Row) -> LiveModel:
    """The model in a row of LIVE_MODELS, compiled; VersionError when its version cannot be read."""
    version_id, definition = _version(row, str(row[ScoringModel.NAME]))
    try:
        model = parse_model(definition)
    except DefinitionError as error:
        raise VersionError(str(row[ScoringModel.NAME]), f"cannot be read: {error}") from error
    return LiveModel(
        model_id=UUID(str(row[ScoringModel.ID])),
        version_id=version_id,
        definition=model,
        scorer=compile_model(model),
    )


def live_rule(row: Row, lead: LeadTable) -> LiveRule:
    """The rule in a row of LIVE_RULES, with the environment's own values; VersionError when it cannot be read."""
    version_id, definition = _version(row, str(row[QualificationRule.NAME]))
    try:
        return live_rule_of(UUID(str(row[QualificationRule.ID])), version_id, parse_rule(definition), lead)
    except DefinitionError as error:
        raise VersionError(str(row[QualificationRule.NAME]), f"cannot be read: {error}") from error


def live_rule_of(rule_id: UUID, version_id: UUID, rule: Rule, lead: LeadTable) -> LiveRule:
    """A rule as it acts in this environment; DefinitionError names all that is not there."""
    resolved = lead.resolve(rule)
    return LiveRule(rule_id, version_id, rule.rule, rule, resolved.changes, resolved.from_status, resolved.qualify)


def _version(row: Row, owner: str) -> tuple[UUID, object]:
    version = row.get(ScoringModel.CURRENT_VERSION)
    if not isinstance(version, Mapping):
        raise VersionError(owner, "is in force and names no version")
    text = str(version[PublishedVersion.DEFINITION])
    if hashlib.sha256(text.encode()).hexdigest() != version[PublishedVersion.SHA256]:
        raise VersionError(owner, "has changed since its publication")
    try:
        return UUID(str(version[PublishedVersion.ID])), json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VersionError(owner, "is not JSON") from error
