"""2xx means durable and everything else is 503, with many senders, a queue that fails, and a burst (R2, L1)."""

import inspect
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

import pytest

from connector import intake, receive
from connector.errors import QueueError
from connector.intake import Accepted, read_row_changed
from connector.messages import RowChanges
from connector.reach import NOTHING_REACHED
from connector.storage_queue import StorageQueue
from emulator.queue_service import connection_string
from tests.evidence import keep_evidence
from tests.security.bodies import WHOLE
from tests.security.door import KNOWN, Door
from tests.unit.connector.executed import LEAD_ID, ORGANIZATION, context, interaction, pair, reference
from tests.world import ListQueue

THREADS = 64
AT_ONCE, PORTION = 200, 1_000
ANSWERED_WITHIN_S = 50
OF_LEAD_AND_CONTACT = json.dumps(
    interaction(
        "Create",
        pair("lgate_leadid", reference("lead", LEAD_ID)),
        pair("lgate_contactid", reference("contact", LEAD_ID)),
    )
).encode()


@dataclass
class FailingQueue(ListQueue):
    """A queue that refuses one message in twenty; `Random` decides which."""

    random: Random = field(default_factory=lambda: Random(20))  # noqa: S311  a seed, not a secret
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, queue: str, text: str, *, delay_s: float = 0) -> None:
        with self.lock:
            if self.random.random() < 0.05:
                self.refused += 1
                raise QueueError(queue, "ServiceResponseTimeoutError")
            super().send(queue, text, delay_s=delay_s)


def body_of(lead: UUID, **more: object) -> bytes:
    return json.dumps(context(PrimaryEntityId=str(lead), **more)).encode()


@pytest.mark.parametrize("posts", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_as_many_are_accepted_as_are_in_the_queue_and_the_others_are_503(posts: int, door: Door) -> None:
    queue = FailingQueue()
    door.wire(queue=queue)
    together = threading.Barrier(THREADS)

    def post_all(_: int) -> list[tuple[UUID, int]]:
        leads = [uuid4() for _ in range(posts)]
        together.wait(60)
        return [(lead, receive.receive(body_of(lead), KNOWN, door.app)) for lead in leads]

    with ThreadPoolExecutor(THREADS) as senders:
        answers = [answer for sender in senders.map(post_all, range(THREADS)) for answer in sender]
    statuses = Counter(status for _, status in answers)
    messages = [RowChanges.model_validate_json(text) for _, text, _ in queue.sent]
    keep_evidence(
        f"webhooks-{len(answers)}",
        statuses={str(key): value for key, value in statuses.items()},
        messages=len(messages),
    )
    assert statuses == {202: len(messages), 503: queue.refused}
    assert queue.refused > 0
    assert sum(statuses.values()) == THREADS * posts
    assert {lead for lead, status in answers if status == 202} == {row_id for each in messages for row_id in each.ids}


class UnforeseenError(Exception):
    """What nobody foresaw."""


FILES = {receive.__file__, intake.__file__}


@contextmanager
def raising_at(number: int, error: BaseException) -> Iterator[list[tuple[str, int]]]:
    """Raise at the so many-th line of receive.py and intake.py that is run; all lines up to there are in the list."""
    lines: list[tuple[str, int]] = []

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            lines.append((Path(frame.f_code.co_filename).name, frame.f_lineno))
            if len(lines) == number:
                raise error
        return trace

    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(None)


@pytest.mark.parametrize("error", [UnforeseenError("x"), MemoryError(), OSError("x"), AssertionError()], ids=repr)
@pytest.mark.parametrize("body", [WHOLE, OF_LEAD_AND_CONTACT], ids=["lead", "interaction"])
def test_whatever_line_of_the_receiver_fails_the_answer_is_503(body: bytes, error: Exception, door: Door) -> None:
    with raising_at(0, error) as lines:
        assert receive.receive(body, KNOWN, door.app) == 202
    source = inspect.getsource(receive).splitlines()
    assert source[lines[0][1] - 1].strip() == "try:", "what stands before it is not protected"
    assert len(lines) > 25
    for number in range(2, len(lines) + 1):
        with raising_at(number, error) as run:
            status = receive.receive(body, KNOWN, door.app)
        assert run == lines[:number]
        assert status == 503, run[number - 1]


def test_a_slow_queue_is_given_up_long_before_dataverse_gives_up() -> None:
    client = StorageQueue(connection_string("http://127.0.0.1:1"))._client("any")
    timeouts, retry = client._pipeline._transport._transport.connection_config, client._config.retry_policy
    attempts, wait_max_s = 1 + retry.total_retries, retry.backoff + retry.random_jitter_range
    message_max_s = attempts * (timeouts.timeout + timeouts.read_timeout) + retry.total_retries * wait_max_s
    answer = read_row_changed(OF_LEAD_AND_CONTACT, UUID(ORGANIZATION), lambda: NOTHING_REACHED)
    assert isinstance(answer, Accepted)
    assert len(answer.messages) == 2
    assert len(answer.messages) * message_max_s < ANSWERED_WITHIN_S


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


@pytest.mark.parametrize("posts", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_burst_of_large_bodies_is_taken_whole_and_kept_in_ids(posts: int, door: Door) -> None:
    whole = body_of(UUID(LEAD_ID), InputParameters=[pair("Target", "x" * 11_000)])
    assert 12_000 < len(whole) < 13_000

    def post(_: int) -> tuple[int, float]:
        body = whole.replace(LEAD_ID.encode(), str(uuid4()).encode())
        began = time.perf_counter()
        return receive.receive(body, KNOWN, door.app), time.perf_counter() - began

    before_mb, grown_mb = resident_mb(), 0.0
    answers: list[tuple[int, float]] = []
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as senders:
        for _ in range(0, posts, PORTION):
            answers += senders.map(post, range(PORTION))
            grown_mb = max(grown_mb, resident_mb() - before_mb)
    took_s = sorted(seconds for _, seconds in answers)
    keep_evidence(
        f"burst-{posts}",
        messages=len(door.queue.sent),
        at_once=AT_ONCE,
        p99_ms=round(took_s[posts * 99 // 100] * 1e3, 1),
        max_ms=round(took_s[-1] * 1e3, 1),
        posts_per_s=round(posts / (time.perf_counter() - began)),
        memory_grown_mb=round(grown_mb, 1),
    )
    assert {status for status, _ in answers} == {202}
    assert len(door.queue.sent) == len(answers) == posts
    assert grown_mb < 100
