"""What a webhook says, reduced to which rows to look at: bytes and headers in, an answer out.

A webhook is a hint (reliability.md section 0, fact 11): nothing of its content is trusted but ids, and those only
choose which rows are read again. What the message is called decides nothing, and its age neither.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from connector.lifecycle_message import PARENTS, LifecycleMessage
from connector.messages import IDS_MAX, RowChanges
from connector.reach import Reach
from connector.tables import MODEL_TABLES, Contact, Lead, LeadInteraction, QualificationRule, ScoringModel

SECRET_HEADER: Final = "x-leadgate-secret"  # noqa: S105  the name of a header
BODY_MAX_BYTES: Final = 1024 * 1024
ROWS_MAX: Final = 1_000
"""Of the rows that one body names; the platform advises no more in a bulk message."""
COMMIT_WAIT_S: Final = 30
"""A synchronous step tells of a change that is not committed yet: looking at once would see the row as it was."""
SYNCHRONOUS: Final = 0
_NAMED_BY: Final = ("SubordinateId", "Targets")
"""The parameters of Merge, and of the bulk messages, that name rows beside the primary one."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: the HTTP status and a reason code."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What to queue (nothing, where there is nothing to look at), and how long it waits before anybody looks."""

    messages: tuple[RowChanges | LifecycleMessage, ...]
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class _Lookups:
    """How a row of interactions reaches leads."""

    leads: tuple[str, ...]
    contacts: tuple[str, ...]


class _Context(BaseModel):
    """The members of a RemoteExecutionContext that are read (dataverse.md 3.3.2); others are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    OrganizationId: UUID
    PrimaryEntityName: str
    PrimaryEntityId: UUID
    Mode: Any = None
    IsInTransaction: Any = None
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


def read_row_changed(body: bytes, organization_id: UUID, reach: Callable[[], Reach]) -> Accepted | Refusal:
    """What to queue, or the refusal to answer; `reach` is asked for no table but those that live models alone know."""
    if len(body) > BODY_MAX_BYTES:
        return Refusal(413, "too-large")
    context = _parse(body)
    if context is None:
        return Refusal(400, "not-an-execution-context")
    if context.OrganizationId != organization_id:
        return Refusal(403, "another-organization")
    rows = tuple(_rows(context))
    if not rows:
        return Refusal(400, "empty-id")
    messages = _messages(context, rows, reach)
    if messages is None:
        return Refusal(400, "another-table")
    return Accepted(tuple(messages), COMMIT_WAIT_S if _is_uncommitted(context) else 0)


def _parse(body: bytes) -> _Context | None:
    try:
        return _Context.model_validate(json.loads(body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return None


def _is_uncommitted(context: _Context) -> bool:
    is_synchronous = context.Mode == SYNCHRONOUS and not isinstance(context.Mode, bool)
    return is_synchronous or context.IsInTransaction is True


def _rows(context: _Context) -> Iterator[UUID]:
    """The rows that the message is about; the zero id is none."""
    named = [context.PrimaryEntityId]
    for key, value in _pairs(context.InputParameters):
        if key in _NAMED_BY:
            named += _guids([value] if isinstance(value, str) else _ids_in(value))
    yield from islice(dict.fromkeys(row_id for row_id in named if row_id.int), ROWS_MAX)


def _messages(
    context: _Context, rows: Sequence[UUID], reach: Callable[[], Reach]
) -> Iterable[RowChanges | LifecycleMessage] | None:
    """The messages to queue; None for a table that nobody follows."""
    table = context.PrimaryEntityName
    if table in MODEL_TABLES:
        return _of_drafts(context, rows)
    if table == Lead.TABLE:
        return _changes(table, rows)
    if table == LeadInteraction.TABLE:
        return _of_interaction(context, rows, _Lookups((LeadInteraction.LEAD,), (LeadInteraction.CONTACT,)))
    reached = reach()
    if not reached.covers(table):
        return None
    counted = reached.interactions.get(table)
    messages = list(_of_interaction(context, rows, _Lookups(counted.leads, counted.contacts))) if counted else []
    named = {row_id for message in messages if message.table == table for row_id in message.ids}
    if table in reached.related and not named.issuperset(rows):
        messages += _changes(table, rows)
    return messages


def _of_drafts(context: _Context, rows: Sequence[UUID]) -> Iterator[LifecycleMessage]:
    """The models and rules themselves, or those that the row is and was a part of; the row where nothing says."""
    table = context.PrimaryEntityName
    if table in {ScoringModel.TABLE, QualificationRule.TABLE}:
        yield from (LifecycleMessage(table=table, id=row_id) for row_id in rows)
    if table in PARENTS:
        lookup, above = PARENTS[table]
        parents = list(_references(context, [lookup]))
        owner, ids = (above, parents) if parents else (table, rows)
        yield from (LifecycleMessage(table=owner, id=row_id) for row_id in ids)


def _of_interaction(context: _Context, rows: Sequence[UUID], lookups: _Lookups) -> Iterator[RowChanges]:
    """Whom the row points at and pointed at; the row itself where neither target nor images say."""
    leads, contacts = (tuple(_references(context, columns)) for columns in (lookups.leads, lookups.contacts))
    yield from _changes(Lead.TABLE, leads)
    yield from _changes(Contact.TABLE, contacts)
    if not leads and not contacts:
        yield from _changes(context.PrimaryEntityName, rows)


def _changes(table: str, ids: Sequence[UUID]) -> Iterator[RowChanges]:
    for start in range(0, len(ids), IDS_MAX):
        yield RowChanges(table=table, ids=tuple(ids[start : start + IDS_MAX]), cause="webhook")


def _references(context: _Context, columns: Sequence[str]) -> Iterator[UUID]:
    """The rows that `columns` point or pointed at, in the targets and in the images."""
    found = (
        row_id
        for part in (context.InputParameters, context.PreEntityImages, context.PostEntityImages)
        for _, value in _pairs(part)
        for entity in _entities(value)
        for key, attribute in _pairs(entity.get("Attributes"))
        if key in columns
        for row_id in _guids(_ids_in(attribute))
    )
    yield from islice(dict.fromkeys(found), ROWS_MAX)


def _pairs(array: object) -> Iterator[tuple[object, object]]:
    """The pairs of an array of {"key", "value"}; anything else has none."""
    for pair in array if isinstance(array, list) else ():
        if isinstance(pair, Mapping):
            yield pair.get("key"), pair.get("value")


def _entities(value: object) -> Iterator[Mapping[str, Any]]:
    """The rows in a parameter or an image: one, or those of a collection in either of its two forms."""
    if isinstance(value, Mapping) and isinstance(value.get("Entities"), list):
        value = value["Entities"]
    for entity in value if isinstance(value, list) else [value]:
        if isinstance(entity, Mapping):
            yield entity


def _ids_in(value: object) -> Iterator[object]:
    """The ids of the references, or rows, in a value."""
    return (entity.get("Id") for entity in _entities(value))


def _guids(values: Iterable[object]) -> Iterator[UUID]:
    """The values that are GUIDs as text; others are nobody's ids."""
    for value in values:
        if isinstance(value, str):
            with suppress(ValueError):
                yield UUID(value)
