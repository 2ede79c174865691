import threading
from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
import requests

from emulator.host import FunctionCounts, FunctionsHost, NotIdleError

Start = Callable[..., FunctionsHost]


def test_the_request_reaches_the_function_whole(app: func.FunctionApp, host: Start, session: requests.Session) -> None:
    seen: list[Any] = []

    @app.route(route="Leads/{id}/notes", methods=["POST"])
    def note(req: func.HttpRequest) -> func.HttpResponse:
        seen.append((req.method, req.url, dict(req.headers), dict(req.params), dict(req.route_params), req.get_body()))
        return func.HttpResponse(status_code=204)

    running = host(app)
    target = "/api/leads/a%20b/notes?x=1&x=2&empty=&plus=a%2Bb"
    answer = session.post(running.url + target, data=b"\x00\xff", headers={"X-Secret": "S"})

    assert answer.status_code == 204
    method, url, headers, params, route_params, body = seen[0]
    assert (method, url, body) == ("POST", running.url + target, b"\x00\xff")
    assert params == {"x": "1,2", "empty": "", "plus": "a+b"}
    assert route_params == {"id": "a b"}
    assert headers["x-secret"] == "S"
    assert all(name == name.lower() for name in headers)


def test_status_headers_and_body_of_the_answer_are_the_functions(
    app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    @app.route(route="teapot")
    def teapot(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse('{"é": 1}', status_code=418, headers={"X-Pot": "tea"}, mimetype="application/json")

    answer = session.get(host(app).url + "/api/teapot")

    assert (answer.status_code, answer.headers["X-Pot"]) == (418, "tea")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"é": 1}


def test_coroutine_functions_are_awaited(app: func.FunctionApp, host: Start, session: requests.Session) -> None:
    @app.route(route="later")
    async def later(req: func.HttpRequest) -> str:
        return "awaited"

    answer = session.get(host(app).url + "/api/later")
    assert (answer.status_code, answer.text) == (200, "awaited")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_an_exception_is_a_500_without_a_body_and_is_counted(
    app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    @app.route(route="bad")
    def bad(req: func.HttpRequest) -> func.HttpResponse:
        raise ValueError("a defect with a secret in it")

    running = host(app)
    answer = session.get(running.url + "/api/bad")
    assert (answer.status_code, answer.content) == (500, b"")
    assert running.counts == {"bad": FunctionCounts(failed=1)}


@pytest.mark.parametrize("returned", [None, 7, {"a": 1}])
def test_what_is_no_http_response_is_a_500(
    returned: object, app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    @app.route(route="odd")
    def odd(req: func.HttpRequest) -> Any:
        return returned

    assert session.get(host(app).url + "/api/odd").status_code == 500


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/only-post"), ("POST", "/api/other"), ("POST", "/only-post")]
)
def test_other_methods_and_paths_are_404(
    method: str, path: str, app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    @app.route(route="only-post", methods=["POST"])
    def only_post(req: func.HttpRequest) -> str:
        return ""

    assert session.request(method, host(app).url + path).status_code == 404


def test_a_literal_route_comes_before_one_with_a_parameter(
    app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    @app.route(route="leads/{id}")
    def any_lead(req: func.HttpRequest) -> str:
        return "any"

    @app.route(route="leads/hot")
    def hot_leads(req: func.HttpRequest) -> str:
        return "hot"

    running = host(app)
    assert session.get(running.url + "/api/leads/hot").text == "hot"
    assert session.get(running.url + "/api/leads/17").text == "any"


@pytest.mark.parametrize(("prefix", "path"), [("", "/ping"), ("v1", "/v1/ping")])
def test_host_json_sets_the_route_prefix(
    prefix: str, path: str, app: func.FunctionApp, session: requests.Session
) -> None:
    @app.route(route="ping")
    def ping(req: func.HttpRequest) -> str:
        return "pong"

    with FunctionsHost(app, {"extensions": {"http": {"routePrefix": prefix}}}, {}) as running:
        assert session.get(running.url + path).text == "pong"
        assert session.get(running.url + "/api/ping").status_code == 404


def test_the_counts_can_be_read_after_the_stop(app: func.FunctionApp, session: requests.Session) -> None:
    @app.route(route="ping")
    def ping(req: func.HttpRequest) -> str:
        return "pong"

    with FunctionsHost(app, {}, {}) as running:
        session.get(running.url + "/api/ping")
    assert running.counts == {"ping": FunctionCounts(succeeded=1)}


def test_a_host_is_not_idle_while_a_request_is_being_answered(
    app: func.FunctionApp, host: Start, session: requests.Session
) -> None:
    begun, release = threading.Event(), threading.Event()

    @app.route(route="slow")
    def slow(req: func.HttpRequest) -> str:
        begun.set()
        release.wait(10)
        return ""

    running = host(app)
    request = threading.Thread(target=session.get, args=(running.url + "/api/slow",))
    request.start()
    assert begun.wait(5)
    with pytest.raises(NotIdleError, match="1 running"):
        running.wait_idle(0.1)
    release.set()
    running.wait_idle(5)
    request.join()
