"""The process dies before and after all that it asks of the world, once and twice, and no lead is the worse for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from connector.ports import Queue, TakenMessage
from tests import azurite
from tests.faults.crashes.cast import Cast, gather
from tests.faults.crashes.in_process import over_a_list, over_azurite, over_the_emulator
from tests.faults.crashes.lives import Life, live_here
from tests.faults.crashes.matrix import PATHS, Tally, pairs, singles, tally_of
from tests.faults.crashes.place import Place
from tests.faults.crashes.processes import stores_of_another_process
from tests.faults.crashes.stores import Stores

NEEDS_AZURITE = pytest.mark.skipif(azurite.MISSING is not None, reason=str(azurite.MISSING))
QUEUES = [
    pytest.param(over_a_list, id="a list"),
    pytest.param(over_the_emulator, id="the emulator's queue"),
    pytest.param(over_azurite, id="Azurite", marks=NEEDS_AZURITE),
]
SECOND_ENDS_EVERY = 7
"""In `make test` a seventh of the pairs, spread over all of them; each pair runs in `make test-all`."""


@pytest.fixture
def here() -> Iterator[Stores]:
    with over_a_list() as stores:
        yield stores


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Stores]:
    with stores_of_another_process() as stores:
        yield stores


def check(tally: Tally, evidence: str, *, rounds_min: int) -> None:
    tally.keep(evidence)
    assert tally.is_clean, tally
    assert tally.rounds >= rounds_min


def test_the_points_are_found_by_counting_and_stand_before_and_after_each_io(here: Stores) -> None:
    passed = live_here(here.place, ("webhook", "work", "poll", "due"), gather(here.survivor), None, warm=False).passed
    assert passed is not None
    before, after = passed[::2], passed[1::2]
    assert [point.removeprefix("before ") for point in before] == [point.removeprefix("after ") for point in after]
    path = [point.removeprefix("before ") for point in before]
    in_order = iter(path)
    expected = [
        "queue send",  # the webhook's message
        "queue take",  # by the host
        "queue take",  # by the worker: those that wait behind it
        "POST $batch that reads",
        "POST $batch that writes",  # meets an edit of somebody else, ends with the second look
        "POST $batch that writes",  # the further round
        "queue delete",  # what the worker took
        "queue delete",  # what the host took
        "GET lgate_syncstates",
        "GET leads",
        "queue send",
        "PATCH lgate_syncstates",
        "queue waiting",
        "GET lgate_leadscores",
    ]
    assert [each for each in expected if each not in in_order] == []
    assert len(passed) >= 24


@pytest.mark.parametrize("path", PATHS)
def test_a_process_killed_at_any_point_of_its_path_loses_nothing_and_doubles_nothing(
    elsewhere: Stores, path: str
) -> None:
    check(tally_of(singles(elsewhere, path)), f"crash-matrix-{path}-kills", rounds_min=7)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_life_that_ends_at_any_point_leaves_the_same_over_every_queue(
    queue: Callable[[], AbstractContextManager[Stores]],
) -> None:
    with queue() as stores:
        tally = tally_of(singles(stores, "webhook"), together=stores.lane is not None)
    check(tally, f"crash-matrix-webhook-{queue.__name__.replace('_', '-')}", rounds_min=25)


@pytest.mark.parametrize("path", PATHS)
def test_two_lives_that_end_one_after_the_other_leave_the_same(here: Stores, path: str) -> None:
    tally = tally_of(pairs(here, path, every=SECOND_ENDS_EVERY))
    check(tally, f"crash-matrix-{path}-pairs", rounds_min=10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", PATHS)
def test_two_processes_killed_one_after_the_other_leave_the_same(elsewhere: Stores, path: str) -> None:
    check(tally_of(pairs(elsewhere, path)), f"crash-matrix-{path}-pairs-of-kills", rounds_min=20)


class Hasty:
    """A queue port that forgets what a port must do; all else is the queue's."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    def __getattr__(self, method: str) -> Any:
        return getattr(self.queue, method)


class ForgetsWhatIsTaken(Hasty):
    """Deletes a message as it is handed out."""

    def take(self, queue: str, *, at_most: int, lease_s: float) -> Sequence[TakenMessage]:
        taken = self.queue.take(queue, at_most=at_most, lease_s=lease_s)
        for message in taken:
            self.queue.delete(message)
        return taken


class SaysItIsDurableTooEarly(Hasty):
    """Keeps a message in the process until the next call."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue)
        self.held: tuple[str, str, float] | None = None

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        self.flush()
        self.held = (queue, text, delay_s)

    def __getattr__(self, method: str) -> Any:
        self.flush()
        return super().__getattr__(method)

    def flush(self) -> None:
        if self.held is not None:
            (queue, text, delay_s), self.held = self.held, None
            self.queue.send(queue, text, delay_s=delay_s)


@pytest.mark.parametrize(
    ("broken", "path"),
    [(ForgetsWhatIsTaken, "webhook"), (SaysItIsDurableTooEarly, "webhook"), (SaysItIsDurableTooEarly, "poll")],
)
def test_the_matrix_finds_a_queue_that_loses_what_a_dead_process_held(
    here: Stores, broken: type[Hasty], path: str
) -> None:
    def life(place: Place, acts: tuple[str, ...], cast: Cast, end_at: int | None, *, warm: bool) -> Life:
        return live_here(replace(place, queue=broken(place.queue)), acts, cast, end_at, warm=warm)

    rounds = singles(replace(here, life=life), path)
    assert any(tally_of(iter([begun])).verdict.lost for begun in rounds)
