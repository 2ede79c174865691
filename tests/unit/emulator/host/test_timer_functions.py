import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import azure.functions as func
import pytest
import requests

from emulator.host import FunctionCounts, FunctionFailedError, FunctionsHost, UnknownFunctionError

Start = Callable[..., FunctionsHost]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 8, 1, 12, 1, tzinfo=UTC)
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_timer_runs_when_the_clock_reaches_its_occurrence_and_not_before(app: func.FunctionApp, host: Start) -> None:
    runs, clock = [], Clock()

    @app.timer_trigger(arg_name="timer", schedule="%POLL%")
    def poll(timer: func.TimerRequest) -> None:
        runs.append((clock.now, timer.past_due))

    host(app, clock=clock, environment={"POLL": "0 */5 * * * *"})
    clock.now = datetime(2026, 8, 1, 12, 4, 59, tzinfo=UTC)
    time.sleep(0.2)
    assert runs == []
    clock.now = datetime(2026, 8, 1, 12, 5, tzinfo=UTC)
    assert eventually(lambda: len(runs) == 1)
    asked = clock.asked
    assert eventually(lambda: clock.asked > asked + 1), "the next occurrence is known once the run is over"
    clock.now = datetime(2026, 8, 1, 12, 10, 1, tzinfo=UTC)
    assert eventually(lambda: len(runs) == 2)
    assert [past_due for _, past_due in runs] == [False, False]


def test_occurrences_that_were_slept_through_are_one_run_that_is_past_due(app: func.FunctionApp, host: Start) -> None:
    runs, clock = [], Clock()

    @app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
    def poll(timer: func.TimerRequest) -> None:
        runs.append(timer.past_due)

    host(app, clock=clock)
    time.sleep(0.1)
    clock.now += timedelta(hours=1)
    assert eventually(lambda: bool(runs))
    time.sleep(0.2)
    assert runs == [True]


def test_a_timer_can_be_run_on_demand_and_its_failure_is_the_callers(app: func.FunctionApp, host: Start) -> None:
    runs = []

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def poll(timer: func.TimerRequest) -> None:
        runs.append(timer.past_due)
        if len(runs) == 2:
            raise ValueError("the second time")

    running = host(app)
    running.trigger("poll")
    assert runs == [False]
    with pytest.raises(FunctionFailedError, match="poll") as failed:
        running.trigger("poll")
    assert isinstance(failed.value.__cause__, ValueError)
    assert running.counts == {"poll": FunctionCounts(succeeded=1, failed=1)}


def test_a_timer_never_runs_twice_at_a_time(app: func.FunctionApp, host: Start) -> None:
    now, most = 0, 0

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def poll(timer: func.TimerRequest) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.05)
        now -= 1

    running = host(app)
    threads = [threading.Thread(target=running.trigger, args=("poll",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert running.counts["poll"].succeeded == 4


def test_run_on_startup_runs_at_the_start(app: func.FunctionApp, host: Start) -> None:
    runs = []

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
    def poll(timer: func.TimerRequest) -> None:
        runs.append(timer)

    host(app)
    assert eventually(lambda: len(runs) == 1)


def test_core_tools_way_to_run_a_timer_works(app: func.FunctionApp, host: Start, session: requests.Session) -> None:
    runs = []

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def poll(timer: func.TimerRequest) -> None:
        runs.append(timer)

    running = host(app)
    assert session.post(running.url + "/admin/functions/poll", json={"input": ""}).status_code == 202
    assert eventually(lambda: len(runs) == 1)
    assert session.post(running.url + "/admin/functions/other", json={}).status_code == 404
    refused = session.get(running.url + "/admin/host/status")
    assert (refused.status_code, refused.json()) == (
        501,
        {"error": "this Functions host does not do GET /admin/host/status"},
    )


def test_an_unknown_timer_is_an_error_that_lists_the_known_ones(app: func.FunctionApp, host: Start) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def poll(timer: func.TimerRequest) -> None:
        return

    with pytest.raises(UnknownFunctionError, match="poll"):
        host(app).trigger("reconcile")
