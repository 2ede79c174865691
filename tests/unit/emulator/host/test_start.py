"""What the host takes at its start, and what it refuses by name."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
import requests

from emulator.host import FunctionsHost, HostError, LoadError, NotStartedError, RefusedError

Start = Callable[..., FunctionsHost]


def test_settings_are_in_the_environment_while_it_runs_and_gone_after(
    app: func.FunctionApp, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADGATE_TEST_KEPT", "before")

    @app.route(route="settings")
    def settings(req: func.HttpRequest) -> str:
        return os.environ["LEADGATE_TEST_KEPT"] + os.environ["LEADGATE_TEST_NEW"]

    with FunctionsHost(app, {}, {"LEADGATE_TEST_KEPT": "during", "LEADGATE_TEST_NEW": "!"}) as running:
        assert session.get(running.url + "/api/settings").text == "during!"
    assert os.environ["LEADGATE_TEST_KEPT"] == "before"
    assert "LEADGATE_TEST_NEW" not in os.environ


def test_a_binding_it_does_not_know_is_refused_naming_function_and_binding(app: func.FunctionApp, host: Start) -> None:
    @app.blob_trigger(arg_name="blob", path="c/{name}", connection="AzureWebJobsStorage")
    def watch(blob: func.InputStream) -> None:
        return

    with pytest.raises(RefusedError, match=r"watch.*blobTrigger"):
        host(app)


def test_an_output_binding_is_refused_by_name(app: func.FunctionApp, host: Start) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    @app.queue_output(arg_name="out", queue_name="q", connection="AzureWebJobsStorage")
    def send(timer: func.TimerRequest, out: func.Out[str]) -> None:
        return

    with pytest.raises(RefusedError, match=r"send.*queue \(out\)"):
        host(app)


@pytest.mark.parametrize("level", [func.AuthLevel.FUNCTION, func.AuthLevel.ADMIN])
def test_functions_behind_keys_are_refused(level: func.AuthLevel, app: func.FunctionApp, host: Start) -> None:
    @app.route(route="locked", auth_level=level)
    def locked(req: func.HttpRequest) -> str:
        return ""

    with pytest.raises(RefusedError, match=r"locked.*keys"):
        host(app)


def test_a_retry_policy_is_refused(app: func.FunctionApp, host: Start) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    @app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")
    def poll(timer: func.TimerRequest) -> None:
        return

    with pytest.raises(RefusedError, match=r"poll.*retry"):
        host(app)


@pytest.mark.parametrize("route", ["leads/{id:int}", "leads/{id?}", "{*all}"])
def test_route_constraints_are_refused(route: str, app: func.FunctionApp, host: Start) -> None:
    @app.route(route=route)
    def leads(req: func.HttpRequest) -> str:
        return ""

    with pytest.raises(RefusedError, match=r"leads.*route segment"):
        host(app)


def test_a_function_that_does_not_take_its_binding_is_an_error(app: func.FunctionApp, host: Start) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def poll(tick: func.TimerRequest) -> None:
        return

    with pytest.raises(LoadError, match=r"poll.*'timer'"):
        host(app)


@pytest.mark.parametrize("annotation", [str, bytes, func.TimerRequest, list[str]])
def test_an_argument_of_another_type_is_an_error_as_in_the_worker(
    annotation: Any, app: func.FunctionApp, host: Start
) -> None:
    def take(msg: object) -> None:
        return

    take.__annotations__["msg"] = annotation
    app.queue_trigger(arg_name="msg", queue_name="q", connection="AzureWebJobsStorage")(take)
    with pytest.raises(LoadError, match=r"take.*QueueMessage"):
        host(app)


def test_a_time_zone_for_schedules_is_refused(app: func.FunctionApp, host: Start) -> None:
    with pytest.raises(RefusedError, match="WEBSITE_TIME_ZONE"):
        host(app, environment={"WEBSITE_TIME_ZONE": "Europe/Paris"})


def test_a_setting_that_is_not_there_is_an_error_naming_it(app: func.FunctionApp, host: Start) -> None:
    @app.timer_trigger(arg_name="timer", schedule="%NOT_SET%")
    def poll(timer: func.TimerRequest) -> None:
        return

    with pytest.raises(LoadError, match=r"poll.*%NOT_SET%"):
        host(app)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({}, "connection Other is not a setting"),
        ({"Other": "nonsense"}, "not a connection string"),
        ({"Other__queueServiceUri": "https://x"}, "identity-based connections"),
    ],
)
def test_a_connection_that_cannot_be_used_is_an_error_naming_it(
    environment: dict[str, str], problem: str, app: func.FunctionApp, host: Start
) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="q", connection="Other")
    def take(msg: func.QueueMessage) -> None:
        return

    with pytest.raises(LoadError, match=problem):
        host(app, environment=environment)


@pytest.mark.parametrize(
    ("host_json", "problem"),
    [
        ({"extensions": {"queues": {"batchSize": 33}}}, "33"),
        ({"extensions": {"queues": {"maxPollingInterval": "2 s"}}}, "time span"),
        ({"extensions": {"queues": {"messageEncoding": "utf8"}}}, "messageEncoding"),
        ({"extensions": {"queues": {"bacthSize": 1}}}, "bacthSize"),
        ({"extensions": {"http": {"maxOutstandingRequests": 1}}}, "maxOutstandingRequests"),
        ({"extensions": {"serviceBus": {}}}, "serviceBus"),
        ({"aggregator": {}}, "aggregator"),
    ],
)
def test_what_host_json_asks_in_vain_is_refused(host_json: dict[str, Any], problem: str, app: func.FunctionApp) -> None:
    with pytest.raises(LoadError, match=problem):
        FunctionsHost(app, host_json, {})


def test_a_disabled_function_is_left_out(app: func.FunctionApp, host: Start, session: requests.Session) -> None:
    @app.route(route="ping")
    def ping(req: func.HttpRequest) -> str:
        return "pong"

    running = host(app, environment={"AzureWebJobs.ping.Disabled": "true"})
    assert session.get(running.url + "/api/ping").status_code == 404


def test_a_failed_start_leaves_no_thread_and_no_setting(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="q", connection="AzureWebJobsStorage")
    def take(msg: func.QueueMessage) -> None:
        return

    before = set(threading.enumerate())
    nobody_there = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:9/a;"
    with pytest.raises(HostError, match="take"):
        FunctionsHost(app, {}, {"AzureWebJobsStorage": nobody_there}).start()
    assert set(threading.enumerate()) <= before
    assert "AzureWebJobsStorage" not in os.environ


def test_a_host_that_was_not_started_says_so(app: func.FunctionApp) -> None:
    host = FunctionsHost(app, {}, {})
    with pytest.raises(NotStartedError):
        host.trigger("poll")
    host.stop()


APP = """
import azure.functions as func
import os

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="ping")
def ping(req: func.HttpRequest) -> str:
    return os.environ["GREETING"]
"""


def test_it_runs_in_a_process_of_its_own_until_it_is_told_to_stop(tmp_path: Path, session: requests.Session) -> None:
    (tmp_path / "my_app.py").write_text(APP)
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": {"GREETING": "hello"}}))
    root = Path(__file__).parents[4]
    command = [sys.executable, "-m", "emulator.host", "--app", "my_app:app", "--port", "0"]
    with subprocess.Popen(
        [*command, "--settings", "local.settings.json"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert session.get(url + "/api/ping").text == "hello"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_an_app_that_cannot_be_started_ends_with_exit_code_2(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    ended = subprocess.run(
        [sys.executable, "-m", "emulator.host", "--port", "0"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "host.json" in ended.stderr
    assert "Traceback" not in ended.stderr
