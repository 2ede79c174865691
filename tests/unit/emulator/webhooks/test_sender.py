"""The sender against a real receiver on the loopback address."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from emulator.server import Server
from emulator.web_api import Endpoint, Metadata, Request, Response, RowEvent, Step
from emulator.webhooks import NotDrainedError, Organization, WebhookCounts, WebhookSender

Build = Callable[..., Any]
LEAD = UUID("6d81597f-0f9f-e711-8122-000d3aa2331c")


@dataclass
class Registry:
    """One step for every event; system jobs in a list."""

    metadata: Metadata
    step: Step
    jobs: list[tuple[UUID, str, bool, str | None]] = field(default_factory=list)

    def steps_for(self, _: RowEvent) -> list[Step]:
        return [self.step]

    def record_system_job(
        self, event: RowEvent, step: Step, *, succeeded: bool, message: str | None = None
    ) -> UUID | None:
        self.jobs.append((event.row_id, step.name, succeeded, message))
        return None


@dataclass
class Receiver:
    """Notes what arrives; answers with the statuses it was given, then with 200."""

    statuses: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Response:
        with self.lock:
            self.requests.append(request)
            return Response(self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture(scope="module")
def socket() -> Iterator[tuple[Server, Receiver]]:
    receiver = Receiver()
    with Server(receiver.handle) as server:
        yield server, receiver


@pytest.fixture
def receiver(socket: tuple[Server, Receiver]) -> Receiver:
    """The one receiver of these tests, emptied."""
    receiver = socket[1]
    receiver.statuses, receiver.requests = [], []
    return receiver


@pytest.fixture
def url(socket: tuple[Server, Receiver]) -> str:
    return socket[0].url + "/hook"


@pytest.fixture
def registry(metadata: Metadata, step: Build, url: str) -> Registry:
    return Registry(metadata, step(url))


def sent(registry: Registry, organization: Organization, *events: RowEvent, **options: Any) -> WebhookCounts:
    with WebhookSender(registry, organization, repeat_after_s=0, **options) as sender:
        for event in events:
            sender.on_event(event)
        sender.drain(10)
        return sender.counts


def test_a_delivery_has_the_documented_headers_and_the_endpoints_own(
    registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    assert sent(registry, organization, event()) == WebhookCounts(sent=1)
    request = receiver.requests[0]
    assert (request.method, request.target) == ("POST", "/hook")
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.headers["x-ms-dynamics-organization"] == "contoso.crm12.dynamics.com"
    assert request.headers["x-ms-dynamics-entity-name"] == "lead"
    assert request.headers["x-ms-dynamics-request-name"] == "Update"
    assert request.headers["x-ms-correlation-request-id"] == "b374239d-4233-41a9-8b17-a86cb4f737b5"
    assert request.headers["x-secret"] == "s&3"
    assert "x-ms-dynamics-msg-size-exceeded" not in request.headers
    assert json.loads(request.body)["MessageName"] == "Update"
    assert registry.jobs == [(LEAD, "leadscoring.lead.update", True, None)]


def test_a_body_that_was_stripped_says_so_in_a_header(
    registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    sent(registry, organization, event(target={"jobtitle": "x" * 300_000}))
    assert "x-ms-dynamics-msg-size-exceeded" in receiver.requests[0].headers
    assert len(receiver.requests[0].body) < 262144


@pytest.mark.parametrize("status", [502, 503, 504])
def test_502_503_and_504_get_one_more_attempt(
    status: int, registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    receiver.statuses = [status]
    assert sent(registry, organization, event()) == WebhookCounts(sent=1, retried=1)
    first, second = receiver.requests
    assert first.body == second.body
    assert [succeeded for _, _, succeeded, _ in registry.jobs] == [True]


def test_there_is_no_third_attempt(
    registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    receiver.statuses = [503, 503, 200]
    assert sent(registry, organization, event()) == WebhookCounts(failed=1, retried=1)
    assert len(receiver.requests) == 2
    assert registry.jobs[0][2:] == (False, "The webhook call failed because the response status code was 503.")


@pytest.mark.parametrize("status", [301, 400, 401, 404, 408, 429, 500, 501, 505])
def test_every_other_failure_is_final(
    status: int, registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    receiver.statuses = [status]
    assert sent(registry, organization, event()) == WebhookCounts(failed=1)
    assert len(receiver.requests) == 1
    assert [succeeded for _, _, succeeded, _ in registry.jobs] == [False]


def test_nobody_listening_is_final(metadata: Metadata, step: Build, organization: Organization, event: Build) -> None:
    registry = Registry(metadata, step("http://127.0.0.1:9/hook"))
    assert sent(registry, organization, event()) == WebhookCounts(failed=1)
    assert "no response" in str(registry.jobs[0][3])


def test_a_timeout_is_final(metadata: Metadata, step: Build, organization: Organization, event: Build) -> None:
    release = threading.Event()
    attempts = []

    def hang(request: Request) -> Response:
        attempts.append(request)
        release.wait(10)
        return Response(200)

    with Server(hang) as server:
        registry = Registry(metadata, step(server.url))
        counts = sent(registry, organization, event(), timeout_s=0.1)
        release.set()
    assert (counts, len(attempts)) == (WebhookCounts(failed=1), 1)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"mode": 0}, "does not do synchronous steps"),
        ({"endpoint": Endpoint("http://127.0.0.1:9", 2, "")}, "authtype 2"),
    ],
)
def test_a_step_that_cannot_be_delivered_is_a_failed_job_naming_the_reason(
    changed: dict[str, Any],
    problem: str,
    metadata: Metadata,
    step: Build,
    organization: Organization,
    event: Build,
) -> None:
    registry = Registry(metadata, step(**changed))
    assert sent(registry, organization, event()) == WebhookCounts(failed=1)
    assert problem in str(registry.jobs[0][3])


def test_one_worker_delivers_in_order_of_commit(
    registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    ids = [uuid4() for _ in range(20)]
    sent(registry, organization, *(event(row_id=row_id) for row_id in ids), workers=1)
    assert [json.loads(request.body)["PrimaryEntityId"] for request in receiver.requests] == list(map(str, ids))


def test_shuffled_every_event_is_delivered_once_in_another_order(
    registry: Registry, receiver: Receiver, organization: Organization, event: Build
) -> None:
    ids = [str(uuid4()) for _ in range(20)]
    sent(registry, organization, *(event(row_id=UUID(row_id)) for row_id in ids), workers=1, shuffle=Random(1))  # noqa: S311 - an order, no secret
    delivered = [json.loads(request.body)["PrimaryEntityId"] for request in receiver.requests]
    assert sorted(delivered) == sorted(ids)
    assert delivered != ids


def test_draining_gives_up_and_says_how_many_are_left(
    metadata: Metadata, step: Build, organization: Organization, event: Build
) -> None:
    release = threading.Event()

    def hang(_: Request) -> Response:
        release.wait(10)
        return Response(200)

    with Server(hang) as server, WebhookSender(Registry(metadata, step(server.url)), organization) as sender:
        sender.on_event(event())
        with pytest.raises(NotDrainedError, match="1 webhook"):
            sender.drain(0.05)
        release.set()
        sender.drain(10)


def test_closing_ends_the_threads_and_drops_what_waits(
    metadata: Metadata, step: Build, organization: Organization, event: Build
) -> None:
    others = set(threading.enumerate())
    begun, release = threading.Event(), threading.Event()
    arrived = []

    def hang(request: Request) -> Response:
        arrived.append(request)
        begun.set()
        release.wait(10)
        return Response(200)

    with Server(hang) as server:
        sender = WebhookSender(Registry(metadata, step(server.url)), organization, workers=1)
        for _ in range(3):
            sender.on_event(event())
        assert begun.wait(5)
        threading.Timer(0.1, release.set).start()
        sender.close()
        assert len(arrived) == 1
        assert not [thread for thread in set(threading.enumerate()) - others if thread.name.startswith("webhook-")]
