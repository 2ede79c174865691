"""What the Status Reason of a model or rule asks for, and what it may not stay at. Pure: a row in, a step out.

People set Publishing and Stopping; Live and Stopped, and Draft after a refusal, are what the app answers. Anything else
that people set is put back, with a text that says what to set instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from connector.tables import ACTIVE, INACTIVE, Lifecycle, ScoringModel

LIVE_BY_HAND: Final = (
    "No version of it is in force, and Live is what the app sets when one is: set the Status Reason to Publishing."
)
STILL_IN_FORCE: Final = "A version of it is in force: to end that, set the Status Reason to Stopping."
NOTHING_TO_STOP: Final = "No version of it was ever in force: there is nothing to stop."


@dataclass(frozen=True, slots=True)
class PutBack:
    """Another state and Status Reason than people set, and why; `was_in_force`: leads may have been decided by it."""

    state: int
    status: int
    text: str
    was_in_force: bool


Step = Literal["publish", "stop"] | PutBack


def next_step(row: Mapping[str, Any]) -> Step | None:
    """What is to be done about a row that was read with the state of its current version; None when all is well."""
    version = row[ScoringModel.CURRENT_VERSION]
    was_published = version is not None
    is_in_force = was_published and version["statecode"] == ACTIVE
    match row["statuscode"]:
        case Lifecycle.PUBLISHING:
            return "publish"
        case Lifecycle.STOPPING:
            # One whose version has ended already is a stop that was interrupted: it is brought to its end.
            return "stop" if was_published else PutBack(ACTIVE, Lifecycle.DRAFT, NOTHING_TO_STOP, was_in_force=False)
        case Lifecycle.LIVE if not is_in_force:
            state, status = (INACTIVE, Lifecycle.STOPPED) if was_published else (ACTIVE, Lifecycle.DRAFT)
            return PutBack(state, status, LIVE_BY_HAND, was_in_force=was_published)
        case Lifecycle.DRAFT | Lifecycle.STOPPED if is_in_force:
            return PutBack(ACTIVE, Lifecycle.LIVE, STILL_IN_FORCE, was_in_force=True)
    return None
