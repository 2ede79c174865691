"""What the emulator tells its listeners: a row was created, updated, deleted or merged, and who asked to hear of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Message = Literal["Create", "Update", "Delete", "Merge"]


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a lookup column: a row of a table."""

    table: str
    row_id: UUID


@dataclass(frozen=True, slots=True)
class RowEvent:
    """One committed change of one row.

    `target`, `before` and `after` are keyed by logical column name ("jobtitle", "parentaccountid"). Values are those of
    the Web API's JSON (date and times as "2026-08-01T00:00:00Z", choices and money as numbers, ids as text), but that a
    lookup is a `Reference`. The types are in `emulator.metadata.table(event.table).columns[name].type`.

    `target` holds the submitted columns, the id, and the derived and audit columns; a column set to null is there as
    None. `before` (None on Create) and `after` (None on Delete) are the whole rows, nulls included. A Merge is of the
    row that stays: `target` holds what UpdateContent gave, and `subordinate_id` the row that goes.
    """

    message: Message
    table: str
    row_id: UUID
    user_id: UUID
    target: Mapping[str, object]
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    tag: str | None
    operation_id: UUID
    correlation_id: UUID
    at: datetime
    subordinate_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook's address and credentials; `authtype` is 4 WebhookKey, 5 HttpHeader or 6 HttpQueryString."""

    url: str
    authtype: int
    authvalue: str


@dataclass(frozen=True, slots=True)
class StepImage:
    """A snapshot the step carries: `kind` is 0 pre, 1 post or 2 both; no attributes means all of them."""

    kind: int
    name: str
    entityalias: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One enabled registration that an event has to be delivered to."""

    step_id: UUID
    name: str
    endpoint: Endpoint
    images: tuple[StepImage, ...]
    mode: int
    stage: int
