"""The queue port over the real azure-storage-queue client, against a queue service behind a socket."""

import logging
import socket as sockets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.queue import QueueClient

from connector.errors import QueueError, SettingsError
from connector.messages import LEAD_CHANGES, RowChanges
from connector.ports import TakenMessage
from connector.storage_queue import StorageQueue
from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Request, Response
from tests.unit.connector.fakes import LEAD


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 8, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Account:
    """The service of the running test, behind one socket for all; `broken` makes it answer 500 without a reason."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.service = QueueService(self.clock)
        self.broken = False
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(status=400, headers={}, body=b"") if self.broken else self.service.handle(request)


class Current:
    account = Account()

    def handle(self, request: Request) -> Response:
        return self.account.handle(request)


@pytest.fixture(scope="module")
def current() -> Current:
    return Current()


@pytest.fixture(scope="module")
def server(current: Current) -> Iterator[Server]:
    with Server(current.handle) as running:
        yield running


@pytest.fixture
def account(current: Current) -> Account:
    current.account = Account()
    return current.account


@pytest.fixture
def queue(server: Server, account: Account) -> StorageQueue:
    return StorageQueue(connection_string(server.url))


@pytest.fixture
def raw(server: Server, account: Account) -> Iterator[QueueClient]:
    """What another client of the same account sees: the text as it is kept."""
    with QueueClient.from_connection_string(connection_string(server.url), LEAD_CHANGES, retry_total=0) as client:
        client.create_queue()
        yield client


def texts(taken: object) -> list[str]:
    assert isinstance(taken, list)
    return [message.text for message in taken]


def test_what_is_sent_is_taken_as_it_was(queue: StorageQueue) -> None:
    sent = [RowChanges(table="lead", ids=(LEAD,), cause="webhook").text(), "é <&> \r\n", "x" * 40_000]
    for text in sent:
        queue.send(LEAD_CHANGES, text)
    assert texts(queue.take(LEAD_CHANGES, at_most=31, lease_s=600)) == sent


def test_a_message_is_kept_in_base64_as_the_queue_trigger_expects_it(queue: StorageQueue, raw: QueueClient) -> None:
    queue.send(LEAD_CHANGES, "é")
    assert raw.receive_message().content == "w6k="


def test_a_queue_that_is_missing_is_made_by_whoever_needs_it_first(queue: StorageQueue) -> None:
    assert queue.take("never-seen", at_most=1, lease_s=1) == []
    queue.send("also-new", "x")
    assert texts(queue.take("also-new", at_most=1, lease_s=1)) == ["x"]


def test_two_that_make_the_same_queue_at_once_both_get_it(server: Server, account: Account) -> None:
    one, other = (StorageQueue(connection_string(server.url)) for _ in range(2))
    one.send("shared", "1")
    other._create("shared")
    other.send("shared", "2")
    assert texts(one.take("shared", at_most=9, lease_s=1)) == ["1", "2"]


def test_a_message_never_expires(queue: StorageQueue, account: Account) -> None:
    queue.send(LEAD_CHANGES, "x")
    account.clock.advance(days=3650)
    assert texts(queue.take(LEAD_CHANGES, at_most=1, lease_s=1)) == ["x"]


@pytest.mark.parametrize(("delay_s", "hidden_s"), [(60, 60), (0.4, 1), (30.4, 31), (900, 900)])
def test_a_delay_is_never_cut_short(queue: StorageQueue, account: Account, delay_s: float, hidden_s: int) -> None:
    queue.send(LEAD_CHANGES, "later", delay_s=delay_s)
    account.clock.advance(seconds=hidden_s - 0.01)
    assert queue.take(LEAD_CHANGES, at_most=1, lease_s=1) == []
    account.clock.advance(seconds=0.01)
    assert texts(queue.take(LEAD_CHANGES, at_most=1, lease_s=1)) == ["later"]


def test_no_more_are_taken_than_asked_for_and_a_taken_one_is_hidden_for_its_lease(
    queue: StorageQueue, account: Account
) -> None:
    for number in range(40):
        queue.send(LEAD_CHANGES, str(number))
    first = queue.take(LEAD_CHANGES, at_most=31, lease_s=600)
    assert texts(first) == [str(number) for number in range(31)]
    assert texts(queue.take(LEAD_CHANGES, at_most=31, lease_s=1)) == [str(number) for number in range(31, 40)]
    account.clock.advance(seconds=600)
    assert len(queue.take(LEAD_CHANGES, at_most=31, lease_s=600)) == 31


def test_a_deleted_message_does_not_come_back_and_deleting_it_again_is_harmless(
    queue: StorageQueue, account: Account
) -> None:
    queue.send(LEAD_CHANGES, "x")
    (taken,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=10)
    queue.delete(taken)
    queue.delete(taken)
    account.clock.advance(seconds=10)
    assert queue.take(LEAD_CHANGES, at_most=1, lease_s=1) == []


def test_a_message_whose_lease_ran_out_belongs_to_whoever_has_it_now(queue: StorageQueue, account: Account) -> None:
    queue.send(LEAD_CHANGES, "x")
    (late,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=10)
    account.clock.advance(seconds=10)
    (mine,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=10)
    queue.delete(late)
    account.clock.advance(seconds=10)
    assert texts(queue.take(LEAD_CHANGES, at_most=1, lease_s=1)) == ["x"]
    assert mine.pop_receipt != late.pop_receipt


def test_a_message_that_is_given_back_can_be_taken_at_once(queue: StorageQueue) -> None:
    queue.send(LEAD_CHANGES, "x")
    (taken,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=600)
    queue.release(taken)
    assert texts(queue.take(LEAD_CHANGES, at_most=1, lease_s=1)) == ["x"]


def test_a_message_that_somebody_else_has_now_or_that_is_gone_is_not_given_back(
    queue: StorageQueue, account: Account
) -> None:
    queue.send(LEAD_CHANGES, "x")
    (late,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=10)
    account.clock.advance(seconds=10)
    (mine,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=10)
    queue.release(late)
    assert queue.take(LEAD_CHANGES, at_most=1, lease_s=1) == []
    queue.delete(mine)
    queue.release(mine)


def test_a_message_says_since_when_it_waits(queue: StorageQueue, account: Account) -> None:
    assert queue.oldest(LEAD_CHANGES) is None
    queue.send(LEAD_CHANGES, "x")
    account.clock.advance(minutes=5)
    queue.send(LEAD_CHANGES, "y")
    assert queue.oldest(LEAD_CHANGES) == account.clock.now - timedelta(minutes=5)
    (taken,) = queue.take(LEAD_CHANGES, at_most=1, lease_s=600)
    assert taken.inserted_on == account.clock.now - timedelta(minutes=5)
    assert queue.oldest(LEAD_CHANGES) == account.clock.now


@pytest.mark.parametrize("content", ["{}", "not base64 é", "", "/w==", "eA"])
def test_what_others_put_into_the_queue_is_handed_on_for_the_reader_to_refuse(
    queue: StorageQueue, raw: QueueClient, content: str
) -> None:
    raw.send_message(content)
    assert texts(queue.take(LEAD_CHANGES, at_most=1, lease_s=1)) == [content]


def test_a_service_that_refuses_is_a_queue_error_that_names_the_kind_and_keeps_no_text(
    queue: StorageQueue, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account.broken = True
    taken = TakenMessage(LEAD_CHANGES, "canary", "id", "receipt")
    for call in (
        lambda: queue.send(LEAD_CHANGES, "canary"),
        lambda: queue.take(LEAD_CHANGES, at_most=1, lease_s=1),
        lambda: queue.delete(taken),
        lambda: queue.release(taken),
        lambda: queue.oldest(LEAD_CHANGES),
    ):
        with pytest.raises(QueueError, match=r"^queue leadgate-lead-changes: HttpResponseError$") as failed:
            call()
        assert failed.value.__cause__ is None
    assert "canary" not in caplog.text
    assert len(account.requests) == 5


def test_a_queue_that_is_not_there_is_told_before_a_webhook_runs_out_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("azure.storage.queue._shared.policies.StorageRetryPolicy.sleep", pause(slept))
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = StorageQueue(connection_string(f"http://127.0.0.1:{free.getsockname()[1]}"))
        with pytest.raises(QueueError, match="ServiceRequestError"):
            nobody.send(LEAD_CHANGES, "x")
    assert len(slept) == 2
    assert sum(slept) <= 4


def pause(slept: list[float]) -> object:
    def sleep(policy: object, settings: dict[str, object], _transport: object) -> None:
        slept.append(policy.get_backoff_time(settings))  # type: ignore[attr-defined]  # the SDK's own policy

    return sleep


@pytest.mark.parametrize("text", ["", "nonsense", "a=b", "AccountName=canary"])
def test_a_connection_string_that_is_none_is_a_setting_that_is_wrong(text: str) -> None:
    with pytest.raises(SettingsError, match="AzureWebJobsStorage") as refused:
        StorageQueue(text)
    assert "canary" not in str(refused.value)
