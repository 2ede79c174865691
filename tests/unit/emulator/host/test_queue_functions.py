import base64
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import azure.functions as func
import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from emulator.host import FunctionCounts, FunctionsHost, NotIdleError
from emulator.queue_service import QueueService, connection_string
from emulator.server import Server
from emulator.web_api import Request, Response

Start = Callable[..., FunctionsHost]
Queue = Callable[[str], QueueClient]


@pytest.fixture
def host(host: Start, storage: str) -> Start:
    """The hosts of these tests have a storage account."""
    return partial(host, environment={"AzureWebJobsStorage": storage})


def poisoned(queue: QueueClient) -> list[str]:
    return [message.content for message in queue.peek_messages(max_messages=32)]


def count(queue: QueueClient) -> int | None:
    return queue.get_queue_properties().approximate_message_count


def test_a_message_reaches_the_function_decoded_and_is_deleted(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    seen = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        seen.append((msg.id, msg.get_body(), msg.dequeue_count, msg.insertion_time, msg.expiration_time))

    running = host(app)
    sent = queue("leads").send_message('{"é": 1}')
    running.wait_idle(5)

    assert seen == [(sent.id, '{"é": 1}'.encode(), 1, sent.inserted_on, sent.expires_on)]
    assert running.counts == {"take": FunctionCounts(succeeded=1)}
    assert count(queue("leads")) == 0


def test_coroutine_functions_take_messages_too(app: func.FunctionApp, host: Start, queue: Queue) -> None:
    seen = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    async def take(msg: func.QueueMessage) -> None:
        seen.append(msg.get_body())

    running = host(app)
    queue("leads").send_message("x")
    running.wait_idle(5)
    assert seen == [b"x"]


def test_a_failing_message_is_tried_five_times_then_moved_to_poison(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    seen = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        seen.append(msg.dequeue_count)
        raise ValueError("always")

    running = host(app)
    queue("leads").send_message("bad")
    running.wait_idle(5)

    assert seen == [1, 2, 3, 4, 5]
    assert poisoned(queue("leads-poison")) == [base64.b64encode(b"bad").decode()]
    assert count(queue("leads")) == 0
    assert running.counts == {"take": FunctionCounts(failed=5, poisoned=1)}


def test_a_poison_message_does_not_keep_the_others_from_being_done(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    done = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        if msg.get_body() == b"7":
            raise ValueError("the seventh")
        done.append(int(msg.get_body()))

    running = host(app)
    for number in range(50):
        queue("leads").send_message(str(number))
    running.wait_idle(10)
    assert sorted(done) == [number for number in range(50) if number != 7]
    assert len(poisoned(queue("leads-poison"))) == 1


def test_the_function_sees_a_failed_message_again_after_the_visibility_timeout(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    attempts = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        attempts.append(time.monotonic())
        if len(attempts) == 1:
            raise ValueError("once")

    running = host(app, queues={"maxPollingInterval": "00:00:00.1", "visibilityTimeout": "00:00:01"})
    queue("leads").send_message("x")
    running.wait_idle(10)
    assert len(attempts) == 2
    assert attempts[1] - attempts[0] >= 0.95


def test_max_dequeue_count_is_host_jsons(app: func.FunctionApp, host: Start, queue: Queue) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        raise ValueError("always")

    running = host(app, queues={"maxPollingInterval": "00:00:00.1", "maxDequeueCount": 2})
    queue("leads").send_message("bad")
    running.wait_idle(5)
    assert running.counts["take"] == FunctionCounts(failed=2, poisoned=1)


def test_a_message_taken_too_often_already_is_poisoned_without_a_run(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    runs = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        runs.append(msg)

    leads = queue("leads")
    leads.create_queue()
    leads.send_message("its host died five times")
    for _ in range(5):
        taken = leads.receive_message(visibility_timeout=60)
        assert taken is not None
        leads.update_message(taken, visibility_timeout=0)
    host(app).wait_idle(5)
    assert runs == []
    assert len(poisoned(queue("leads-poison"))) == 1


def test_what_is_not_base64_goes_to_poison_as_it_is(
    app: func.FunctionApp, host: Start, storage: str, queue: Queue
) -> None:
    runs = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        runs.append(msg)

    running = host(app)
    with QueueClient.from_connection_string(storage, "leads") as plain:
        plain.send_message('{"not": "base64"}')
    running.wait_idle(5)
    assert runs == []
    assert poisoned(queue("leads-poison")) == ['{"not": "base64"}']


def test_with_message_encoding_none_texts_arrive_as_they_are(app: func.FunctionApp, host: Start, storage: str) -> None:
    seen = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        seen.append(msg.get_body())

    running = host(app, queues={"messageEncoding": "none"})
    with QueueClient.from_connection_string(storage, "leads") as plain:
        plain.send_message('{"not": "base64"}')
    running.wait_idle(5)
    assert seen == [b'{"not": "base64"}']


def test_no_more_messages_are_in_hand_than_batch_size_and_threshold_allow(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    lock = threading.Lock()
    now, most = 0, 0

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1

    leads = queue("leads")
    leads.create_queue()
    for number in range(20):
        leads.send_message(str(number))
    running = host(app, queues={"maxPollingInterval": "00:00:00.1", "batchSize": 4, "newBatchThreshold": 0})
    running.wait_idle(10)
    assert most == 4
    assert running.counts["take"].succeeded == 20


def test_a_long_run_keeps_its_message_to_itself_by_renewing_the_lease(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    runs = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        runs.append(msg.dequeue_count)
        time.sleep(2.5)

    running = host(app, lease_s=1)
    queue("leads").send_message("long")
    running.wait_idle(10)
    assert runs == [1]
    assert count(queue("leads")) == 0


def test_a_value_returned_without_a_return_binding_fails_as_in_the_worker(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> str:
        return "sent nowhere"

    running = host(app, queues={"maxDequeueCount": 1})
    queue("leads").send_message("x")
    running.wait_idle(5)
    assert running.counts["take"] == FunctionCounts(failed=1, poisoned=1)


def test_a_function_on_a_poison_queue_has_no_poison_queue_and_leaves_a_failed_message_hidden(
    app: func.FunctionApp, host: Start, queue: Queue
) -> None:
    runs = []

    @app.queue_trigger(arg_name="msg", queue_name="leads-poison", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        runs.append(msg)
        raise ValueError("always")

    running = host(app, queues={"maxDequeueCount": 1})
    queue("leads-poison").send_message("x")
    with pytest.raises(NotIdleError):
        running.wait_idle(0.5)
    assert len(runs) == 1
    assert count(queue("leads-poison")) == 1


def test_idle_means_that_what_functions_sent_on_is_done_too(app: func.FunctionApp, host: Start, queue: Queue) -> None:
    done = []
    second = queue("second")

    @app.queue_trigger(arg_name="msg", queue_name="first", connection="AzureWebJobsStorage")
    def first(msg: func.QueueMessage) -> None:
        time.sleep(0.05)
        second.send_message("on", visibility_timeout=1)

    @app.queue_trigger(arg_name="msg", queue_name="second", connection="AzureWebJobsStorage")
    def then(msg: func.QueueMessage) -> None:
        done.append(msg)

    running = host(app)
    queue("first").send_message("x")
    running.wait_idle(10)
    assert len(done) == 1


def test_waiting_for_idle_gives_up_and_says_what_is_busy(app: func.FunctionApp, host: Start, queue: Queue) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        return

    running = host(app)
    queue("leads").send_message("in an hour", visibility_timeout=3600)
    with pytest.raises(NotIdleError, match="take"):
        running.wait_idle(0.2)


def test_a_stop_lets_the_message_in_hand_end_and_leaves_the_rest(
    app: func.FunctionApp, storage: str, queue: Queue
) -> None:
    begun = threading.Event()
    ended = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        begun.set()
        time.sleep(0.3)
        ended.append(msg)

    leads = queue("leads")
    leads.create_queue()
    for text in ("one", "two", "three"):
        leads.send_message(text)
    host_json = {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0}}}
    with FunctionsHost(app, host_json, {"AzureWebJobsStorage": storage}):
        assert begun.wait(5)
    assert len(ended) == 1
    assert count(leads) == 2


def test_the_same_app_can_be_hosted_again(app: func.FunctionApp, host: Start, queue: Queue) -> None:
    done = []

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        done.append(msg)

    host(app).stop()
    running = host(app)
    queue("leads").send_message("x")
    running.wait_idle(5)
    assert len(done) == 1


def test_an_outage_of_the_queue_is_survived(app: func.FunctionApp, host: Start) -> None:
    seen = []
    service = QueueService(lambda: datetime.now(UTC))
    is_down = threading.Event()

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        seen.append(msg.get_body())

    def handle(request: Request) -> Response:
        return Response(503) if is_down.is_set() else service.handle(request)

    with Server(handle) as server:
        storage = connection_string(server.url)
        running = host(app, environment={"AzureWebJobsStorage": storage})
        is_down.set()
        with pytest.raises(NotIdleError):
            running.wait_idle(0.5)
        is_down.clear()
        with QueueClient.from_connection_string(
            storage, "leads", message_encode_policy=TextBase64EncodePolicy()
        ) as leads:
            leads.send_message("after")
        running.wait_idle(5)
        running.stop()
    assert seen == [b"after"]


def test_a_message_that_cannot_be_poisoned_is_not_deleted(app: func.FunctionApp, host: Start) -> None:
    service = QueueService(lambda: datetime.now(UTC))

    @app.queue_trigger(arg_name="msg", queue_name="leads", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        raise ValueError("always")

    def handle(request: Request) -> Response:
        refused = request.method == "POST" and "/leads-poison/messages" in request.target
        return Response(503) if refused else service.handle(request)

    with Server(handle) as server:
        storage = connection_string(server.url)
        running = host(app, queues={"maxDequeueCount": 1}, environment={"AzureWebJobsStorage": storage})
        with QueueClient.from_connection_string(
            storage, "leads", message_encode_policy=TextBase64EncodePolicy()
        ) as leads:
            leads.send_message("bad")
            with pytest.raises(NotIdleError):
                running.wait_idle(0.5)
            assert count(leads) == 1
        assert running.counts["take"] == FunctionCounts(failed=1)
        running.stop()
