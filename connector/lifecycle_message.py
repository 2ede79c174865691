"""The envelope of `leadgate-lifecycle`: which model or rule to look at, and how far its publication has come."""

from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connector.errors import MessageError
from connector.existing_leads import Scan
from connector.tables import (
    QualificationCriterion,
    QualificationRule,
    ScoringCondition,
    ScoringGrade,
    ScoringGroup,
    ScoringModel,
)

LIFECYCLE: Final = "leadgate-lifecycle"

PARENTS: Final = {
    ScoringCondition.TABLE: (ScoringCondition.GROUP, ScoringGroup.TABLE),
    ScoringGroup.TABLE: (ScoringGroup.MODEL, ScoringModel.TABLE),
    ScoringGrade.TABLE: (ScoringGrade.MODEL, ScoringModel.TABLE),
    QualificationCriterion.TABLE: (QualificationCriterion.RULE, QualificationRule.TABLE),
}
"""The tables of drafts below models and rules: the lookup that leads up, and the table it leads to."""

TABLES: Final = frozenset({ScoringModel.TABLE, QualificationRule.TABLE, *PARENTS})


def _known_table(table: str) -> str:
    if table not in TABLES:
        message = "not a table of models or rules"
        raise ValueError(message)
    return table


class LifecycleMessage(BaseModel):
    """ "Look at this model or rule", or at the one that this row is a part of; a publication goes on from `scan`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1
    table: Annotated[str, AfterValidator(_known_table)]
    id: UUID
    attempt: int = Field(default=0, ge=0)
    correlation: str = Field(default_factory=lambda: uuid4().hex, max_length=64)
    scan: Scan | None = None

    def text(self) -> str:
        """The message as it is queued."""
        return self.model_dump_json(exclude_none=True)

    def going_on(self, scan: Scan) -> "LifecycleMessage":
        """The message that goes on where the time was up."""
        return self.model_copy(update={"scan": scan, "attempt": 0})

    def again(self) -> "LifecycleMessage":
        """The message that tries once more."""
        return self.model_copy(update={"attempt": self.attempt + 1})


def read_lifecycle_message(text: str) -> LifecycleMessage:
    """The envelope in `text`; raises MessageError with a reason code, never with the text."""
    try:
        return LifecycleMessage.model_validate_json(text)
    except ValidationError as error:
        if any(problem["loc"] == ("v",) for problem in error.errors(include_input=False, include_url=False)):
            raise MessageError("unknown-version") from None
        raise MessageError("unreadable") from None
