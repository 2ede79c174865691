"""The envelope of a queue message: which rows to look at, never what is in them."""

import json
import re
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connector.errors import MessageError

LEAD_CHANGES: Final = "leadgate-lead-changes"
LEAD_CHANGES_BULK: Final = "leadgate-lead-changes-bulk"
POISON: Final = "-poison"
IDS_MAX: Final = 50
TABLE_NAME: Final = r"^[a-z][a-z0-9_]{0,127}$"
LINK_MAX: Final = 32_768
"""The longest URL that the Web API takes (dataverse.md 7.1); with it a message still fits into a queue's 64 KiB."""


class RowChanges(BaseModel):
    """ "Look at these leads", or at the leads of these rows. Times tried (`attempt`) decides the next delay.

    Version 2 has `after` and nothing else new: the link to the page of leads to go on with, ids and no more in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1, 2] = 1
    table: str = Field(pattern=TABLE_NAME)
    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=IDS_MAX)]
    cause: str = Field(max_length=40)
    attempt: int = Field(default=0, ge=0)
    correlation: str = Field(default_factory=lambda: uuid4().hex, max_length=64)
    after: str | None = Field(default=None, min_length=1, max_length=LINK_MAX)

    @model_validator(mode="after")
    def _only_version_2_goes_on(self) -> "RowChanges":
        if (self.v == 2) != (self.after is not None):
            message = "version 2 and no other has a link to go on with"
            raise ValueError(message)
        return self

    def text(self) -> str:
        """The message as it is queued."""
        return self.model_dump_json(exclude_none=True)

    def successor(self, ids: tuple[UUID, ...]) -> "RowChanges":
        """The message that tries these ids once more."""
        return self.model_copy(update={"ids": ids, "attempt": self.attempt + 1})

    def next_page(self, link: str) -> "RowChanges":
        """The message that goes on with the leads of the same rows."""
        return self.model_copy(update={"v": 2, "after": link, "attempt": 0})


def read_message(text: str) -> RowChanges:
    """The envelope in `text`; raises MessageError with a reason code, never with the text."""
    try:
        return RowChanges.model_validate_json(text)
    except ValidationError as error:
        if any(problem["loc"] == ("v",) for problem in error.errors(include_input=False, include_url=False)):
            raise MessageError("unknown-version") from None
        raise MessageError("unreadable") from None


def unreadable_text(text: str, reason: str) -> str:
    """What is kept of a message that is not one of ours: the reason, its length, and the rows it names if it does.

    A message of a later version, met after a step back, is given back by these.
    """
    return json.dumps({"v": 1, "reason": reason, "length": len(text), **_named_rows(text)})


def _named_rows(text: str) -> dict[str, object]:
    try:
        content = json.loads(text)
        table, ids = content["table"], [str(UUID(row_id)) for row_id in content["ids"]][:IDS_MAX]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    is_table = isinstance(table, str) and re.fullmatch(TABLE_NAME, table) is not None
    return {"table": table, "ids": ids} if is_table and ids else {}


def poison_text(message: RowChanges, ids: tuple[UUID, ...], reason: str) -> str:
    """What is kept of leads that cannot be decided: the envelope, and a reason code."""
    return json.dumps({**json.loads(message.model_copy(update={"ids": ids}).text()), "reason": reason})
