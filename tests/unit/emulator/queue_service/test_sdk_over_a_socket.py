"""The real azure-storage-queue client against the queue service."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueClient

from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Request, Response


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 8, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Current:
    """The queue service of the running test: one socket serves them all, each with queues of its own."""

    service = QueueService(lambda: datetime(2026, 8, 1, tzinfo=UTC))

    def handle(self, request: Request) -> Response:
        return self.service.handle(request)


@pytest.fixture(scope="module")
def current() -> Current:
    return Current()


@pytest.fixture(scope="module")
def socket(current: Current) -> Iterator[Server]:
    with Server(current.handle) as server:
        yield server


@pytest.fixture
def server(socket: Server, current: Current, clock: Clock) -> Server:
    current.service = QueueService(clock)
    return socket


@pytest.fixture
def queue(server: Server) -> Iterator[QueueClient]:
    with QueueClient.from_connection_string(connection_string(server.url), "leads", retry_total=0) as client:
        client.create_queue()
        yield client


def test_what_is_sent_is_received_once_and_counted(queue: QueueClient) -> None:
    texts = [f"message {number} é <&> \n" for number in range(40)]
    for text in texts:
        queue.send_message(text)
    assert queue.get_queue_properties().approximate_message_count == 40

    received = list(queue.receive_messages(messages_per_page=32))

    assert [message.content for message in received] == texts
    assert {message.dequeue_count for message in received} == {1}
    assert list(queue.receive_messages()) == []
    assert queue.get_queue_properties().approximate_message_count == 40


def test_a_message_hides_for_its_visibility_timeout_and_comes_back_with_a_higher_count(
    queue: QueueClient, clock: Clock
) -> None:
    queue.send_message("x")
    first = queue.receive_message(visibility_timeout=30)
    clock.advance(seconds=29)
    assert queue.receive_message() is None
    clock.advance(seconds=1)
    second = queue.receive_message(visibility_timeout=30)
    assert (second.id, second.dequeue_count) == (first.id, 2)
    assert second.pop_receipt != first.pop_receipt
    assert second.next_visible_on == clock.now + timedelta(seconds=30)


def test_a_delayed_message_is_not_seen_before_its_time(queue: QueueClient, clock: Clock) -> None:
    queue.send_message("later", visibility_timeout=60)
    assert queue.receive_message() is None
    clock.advance(seconds=60)
    assert queue.receive_message().content == "later"


def test_deleting_needs_the_latest_pop_receipt(queue: QueueClient, clock: Clock) -> None:
    queue.send_message("x")
    first = queue.receive_message(visibility_timeout=1)
    clock.advance(seconds=1)
    second = queue.receive_message(visibility_timeout=1)
    with pytest.raises(HttpResponseError) as refused:
        queue.delete_message(first)
    assert (refused.value.status_code, refused.value.error_code) == (400, "PopReceiptMismatch")
    queue.delete_message(second)
    with pytest.raises(ResourceNotFoundError) as gone:
        queue.delete_message(second)
    assert gone.value.error_code == "MessageNotFound"


def test_an_update_moves_the_visibility_and_replaces_the_pop_receipt(queue: QueueClient, clock: Clock) -> None:
    queue.send_message("before")
    taken = queue.receive_message(visibility_timeout=10)
    updated = queue.update_message(taken, visibility_timeout=100, content="after")
    clock.advance(seconds=99)
    assert queue.receive_message() is None
    with pytest.raises(HttpResponseError):
        queue.delete_message(taken.id, taken.pop_receipt)
    clock.advance(seconds=1)
    assert queue.receive_message().content == "after"
    assert updated.pop_receipt != taken.pop_receipt


def test_an_update_without_text_leaves_the_text(queue: QueueClient) -> None:
    queue.send_message("kept")
    taken = queue.receive_message(visibility_timeout=10)
    queue.update_message(taken.id, taken.pop_receipt, visibility_timeout=0)
    assert queue.receive_message().content == "kept"


def test_messages_expire_but_those_sent_with_a_ttl_of_minus_one(queue: QueueClient, clock: Clock) -> None:
    queue.send_message("a week by default")
    queue.send_message("a minute", time_to_live=60)
    queue.send_message("for ever", time_to_live=-1)
    clock.advance(minutes=1)
    assert queue.get_queue_properties().approximate_message_count == 2
    clock.advance(days=7)
    assert [message.content for message in queue.receive_messages()] == ["for ever"]


def test_peeking_changes_nothing(queue: QueueClient) -> None:
    for text in ("one", "two", "three"):
        queue.send_message(text)
    assert [message.content for message in queue.peek_messages(max_messages=2)] == ["one", "two"]
    assert [(one.content, one.dequeue_count) for one in queue.receive_messages()] == [
        ("one", 1),
        ("two", 1),
        ("three", 1),
    ]


def test_the_size_limit_is_64_kib_of_text(queue: QueueClient) -> None:
    queue.send_message("x" * 65536)
    with pytest.raises(HttpResponseError) as refused:
        queue.send_message("x" * 65537)
    assert (refused.value.status_code, refused.value.error_code) == (413, "RequestBodyTooLarge")


def test_creating_a_queue_again_is_harmless_with_the_same_metadata_only(queue: QueueClient) -> None:
    with pytest.raises(ResourceExistsError) as same:
        queue.create_queue()
    assert same.value.status_code == 204
    with pytest.raises(ResourceExistsError) as other:
        queue.create_queue(metadata={"purpose": "other"})
    assert (other.value.status_code, other.value.error_code) == (409, "QueueAlreadyExists")


def test_metadata_given_at_creation_is_read_back(server: Server) -> None:
    with QueueClient.from_connection_string(connection_string(server.url), "tagged", retry_total=0) as client:
        client.create_queue(metadata={"purpose": "leads"})
        assert client.get_queue_properties().metadata == {"purpose": "leads"}


def test_a_queue_that_does_not_exist_is_404(server: Server) -> None:
    with QueueClient.from_connection_string(connection_string(server.url), "nowhere", retry_total=0) as client:
        for use in (client.receive_message, client.get_queue_properties, lambda: client.send_message("x")):
            with pytest.raises(ResourceNotFoundError) as missing:
                use()
            assert missing.value.error_code == "QueueNotFound"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("clear_messages", "Clear Messages"),
        ("delete_queue", "Delete Queue"),
        ("get_queue_access_policy", "Get Queue ACL"),
        ("set_queue_metadata", "Set Queue Metadata"),
    ],
)
def test_other_calls_are_refused_by_name(queue: QueueClient, call: str, name: str) -> None:
    with pytest.raises(HttpResponseError, match=f"does not do {name}") as refused:
        getattr(queue, call)()
    assert refused.value.status_code == 501


def test_numbers_out_of_range_are_refused(queue: QueueClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        queue.send_message("x", visibility_timeout=8 * 24 * 3600)
    assert refused.value.error_code == "OutOfRangeQueryParameterValue"


def test_another_key_is_refused(server: Server) -> None:
    other = connection_string(server.url).replace("AccountKey=E", "AccountKey=F")
    with (
        QueueClient.from_connection_string(other, "leads", retry_total=0) as client,
        pytest.raises(ClientAuthenticationError) as refused,
    ):
        client.create_queue()
    assert (refused.value.status_code, refused.value.error_code) == (403, "AuthenticationFailed")
