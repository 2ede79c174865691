"""What each Status Reason asks for, whatever version a row names: nothing stays at what people may not set."""

from typing import Any

import pytest

from connector.lifecycle_step import LIVE_BY_HAND, NOTHING_TO_STOP, STILL_IN_FORCE, PutBack, Step, next_step
from connector.tables import ACTIVE, INACTIVE, Lifecycle

NEVER, ENDED, IN_FORCE = None, {"statecode": INACTIVE}, {"statecode": ACTIVE}
TO_DRAFT = PutBack(ACTIVE, Lifecycle.DRAFT, LIVE_BY_HAND, was_in_force=False)
TO_STOPPED = PutBack(INACTIVE, Lifecycle.STOPPED, LIVE_BY_HAND, was_in_force=True)
TO_LIVE = PutBack(ACTIVE, Lifecycle.LIVE, STILL_IN_FORCE, was_in_force=True)
UNASKED = PutBack(ACTIVE, Lifecycle.DRAFT, NOTHING_TO_STOP, was_in_force=False)

STEPS: list[tuple[int, Any, Step | None]] = [
    (Lifecycle.DRAFT, NEVER, None),
    (Lifecycle.DRAFT, ENDED, None),
    (Lifecycle.DRAFT, IN_FORCE, TO_LIVE),
    (Lifecycle.PUBLISHING, NEVER, "publish"),
    (Lifecycle.PUBLISHING, ENDED, "publish"),
    (Lifecycle.PUBLISHING, IN_FORCE, "publish"),
    (Lifecycle.LIVE, NEVER, TO_DRAFT),
    (Lifecycle.LIVE, ENDED, TO_STOPPED),
    (Lifecycle.LIVE, IN_FORCE, None),
    (Lifecycle.STOPPING, NEVER, UNASKED),
    (Lifecycle.STOPPING, ENDED, "stop"),
    (Lifecycle.STOPPING, IN_FORCE, "stop"),
    (Lifecycle.STOPPED, NEVER, None),
    (Lifecycle.STOPPED, ENDED, None),
    (Lifecycle.STOPPED, IN_FORCE, TO_LIVE),
]


@pytest.mark.parametrize(("status", "version", "expected"), STEPS)
def test_a_row_asks_for_a_step_or_is_put_back_or_stays(status: int, version: Any, expected: Step | None) -> None:
    assert next_step(row(status, version)) == expected


def test_what_is_put_back_stays_where_it_was_put() -> None:
    for _, version, step in STEPS:
        if isinstance(step, PutBack):
            assert next_step(row(step.status, version)) is None


def row(status: int, version: Any) -> dict[str, Any]:
    return {"statuscode": status, "lgate_currentversionid": version}
