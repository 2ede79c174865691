"""The envelope of a queue message: which rows to look at, never what is in them."""

import json
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connector.errors import MessageError
from connector.tables import Contact, Lead, LeadInteraction

LEAD_CHANGES: Final = "leadgate-lead-changes"
LEAD_CHANGES_BULK: Final = "leadgate-lead-changes-bulk"
POISON: Final = "-poison"
IDS_MAX: Final = 50
TABLES: Final = frozenset({Lead.TABLE, Contact.TABLE, LeadInteraction.TABLE})


def _known_table(table: str) -> str:
    if table not in TABLES:
        message = "not a table that leads hang on"
        raise ValueError(message)
    return table


class RowChanges(BaseModel):
    """ "Look at these leads", or at the leads of these contacts. Times tried (`attempt`) decides the next delay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1
    table: Annotated[str, AfterValidator(_known_table)]
    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=IDS_MAX)]
    cause: str = Field(max_length=40)
    attempt: int = Field(default=0, ge=0)
    correlation: str = Field(default_factory=lambda: uuid4().hex, max_length=64)

    def text(self) -> str:
        """The message as it is queued."""
        return self.model_dump_json()

    def successor(self, ids: tuple[UUID, ...]) -> "RowChanges":
        """The message that tries these ids once more."""
        return self.model_copy(update={"ids": ids, "attempt": self.attempt + 1})


def read_message(text: str) -> RowChanges:
    """The envelope in `text`; raises MessageError with a reason code, never with the text."""
    try:
        return RowChanges.model_validate_json(text)
    except ValidationError as error:
        if any(problem["loc"] == ("v",) for problem in error.errors(include_input=False, include_url=False)):
            raise MessageError("unknown-version") from None
        raise MessageError("unreadable") from None


def poison_text(message: RowChanges, ids: tuple[UUID, ...], reason: str) -> str:
    """What is kept of leads that cannot be decided: the envelope, and a reason code."""
    return json.dumps({**json.loads(message.model_copy(update={"ids": ids}).text()), "reason": reason})
