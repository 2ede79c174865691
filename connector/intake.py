"""What a webhook says, reduced to which rows to look at. Pure: bytes and headers in, an answer out.

A webhook is a hint (reliability.md section 0, fact 11): nothing of its content is trusted but ids, and those only
choose which rows are read again.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from connector.lifecycle_message import PARENTS, LifecycleMessage
from connector.messages import IDS_MAX, RowChanges
from connector.tables import MODEL_TABLES, Contact, Lead, LeadInteraction, QualificationRule, ScoringModel

SECRET_HEADER: Final = "x-leadgate-secret"  # noqa: S105  the name of a header
BODY_MAX_BYTES: Final = 1024 * 1024
_TABLES: Final = MODEL_TABLES | {Lead.TABLE, LeadInteraction.TABLE}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: the HTTP status and a reason code."""

    status: int
    reason: str


class _Context(BaseModel):
    """The members of a RemoteExecutionContext that are read (dataverse.md 3.3.2); others are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    OrganizationId: UUID
    PrimaryEntityName: str
    PrimaryEntityId: UUID
    InputParameters: Any = None
    PreEntityImages: Any = None
    PostEntityImages: Any = None


def refuse_caller(presented: str | None, secrets: Sequence[str], organization_id: UUID | None) -> Refusal | None:
    """Whether the caller may speak at all: our own missing set-up is 503 (Dataverse repeats), a wrong secret 401."""
    if not secrets or not all(secrets) or organization_id is None:
        return Refusal(503, "not-configured")
    given = (presented or "").encode(errors="backslashreplace")
    matches = [hmac.compare_digest(given, secret.encode()) for secret in secrets]
    return None if any(matches) else Refusal(401, "unauthorized")


def read_row_changed(body: bytes, organization_id: UUID) -> tuple[RowChanges | LifecycleMessage, ...] | Refusal:
    """The messages to queue (none when there is nothing to look at), or the refusal to answer."""
    if len(body) > BODY_MAX_BYTES:
        return Refusal(413, "too-large")
    context = _parse(body)
    if context is None:
        return Refusal(400, "not-an-execution-context")
    if context.OrganizationId != organization_id:
        return Refusal(403, "another-organization")
    if context.PrimaryEntityName not in _TABLES:
        return Refusal(400, "another-table")
    if not context.PrimaryEntityId.int:
        return Refusal(400, "empty-id")
    return tuple(_messages(context))


def _parse(body: bytes) -> _Context | None:
    try:
        return _Context.model_validate(json.loads(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return None


def _messages(context: _Context) -> Iterator[RowChanges | LifecycleMessage]:
    if context.PrimaryEntityName in {ScoringModel.TABLE, QualificationRule.TABLE}:
        yield LifecycleMessage(table=context.PrimaryEntityName, id=context.PrimaryEntityId)
    if context.PrimaryEntityName in PARENTS:
        lookup, above = PARENTS[context.PrimaryEntityName]
        parents = [(above, row_id) for row_id in _references(context, lookup)]
        for table, row_id in parents or [(context.PrimaryEntityName, context.PrimaryEntityId)]:
            yield LifecycleMessage(table=table, id=row_id)
    if context.PrimaryEntityName == Lead.TABLE:
        yield RowChanges(table=Lead.TABLE, ids=(context.PrimaryEntityId,), cause="webhook")
    if context.PrimaryEntityName == LeadInteraction.TABLE:
        leads = _references(context, LeadInteraction.LEAD)
        contacts = _references(context, LeadInteraction.CONTACT)
        if leads:
            yield RowChanges(table=Lead.TABLE, ids=leads, cause="webhook")
        if contacts:
            yield RowChanges(table=Contact.TABLE, ids=contacts, cause="webhook")
        if not leads and not contacts:
            yield RowChanges(table=LeadInteraction.TABLE, ids=(context.PrimaryEntityId,), cause="webhook")


def _references(context: _Context, column: str) -> tuple[UUID, ...]:
    """The rows that `column` points or pointed at, in the target and in the images."""
    found = (
        row_id
        for part in (context.InputParameters, context.PreEntityImages, context.PostEntityImages)
        for _, entity in _pairs(part)
        for key, value in _pairs(entity.get("Attributes") if isinstance(entity, Mapping) else None)
        if key == column
        for row_id in _reference(value)
    )
    return tuple(islice(dict.fromkeys(found), IDS_MAX))


def _pairs(array: object) -> Iterator[tuple[object, object]]:
    """The pairs of an array of {"key", "value"}; anything else has none."""
    for pair in array if isinstance(array, list) else ():
        if isinstance(pair, Mapping):
            yield pair.get("key"), pair.get("value")


def _reference(value: object) -> Iterator[UUID]:
    if isinstance(value, Mapping) and isinstance(value.get("Id"), str):
        with suppress(ValueError):
            yield UUID(value["Id"])
