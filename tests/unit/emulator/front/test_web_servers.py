import json
from datetime import UTC, datetime, timedelta

from emulator.limits import ProtectionLimits
from emulator.web_api import Request, Response
from emulator.web_servers import WebServers, affinity, execution_cost

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GET = Request("GET", "/api/data/v9.2/leads")


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


def ok(_: Request) -> Response:
    return Response(200, {"REQ_ID": "x"}, b"{}")


def batch(*lines: str) -> Request:
    parts = "\r\n".join(f"--b\r\nContent-Type: application/http\r\n\r\n{line}\r\n\r\nGET me HTTP/1.0" for line in lines)
    return Request("POST", "/api/data/v9.2/$batch?x=1", {}, parts.encode())


def test_without_limits_nothing_is_added_and_nothing_refused() -> None:
    handle = WebServers(lambda: NOW).around(ok)
    assert [dict(handle(GET).headers) for _ in range(100)] == [{"REQ_ID": "x"}] * 100


def test_an_answer_says_what_is_left_and_how_many_at_once_are_advised() -> None:
    handle = WebServers(lambda: NOW, ProtectionLimits(dop_hint=4)).around(ok)
    handle(GET)
    headers = handle(GET).headers
    assert headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "5998"
    assert headers["x-ms-ratelimit-time-remaining-xrm-requests"] == "1199.88"
    assert headers["x-ms-dop-hint"] == "4"
    assert headers["REQ_ID"] == "x"


def test_a_refusal_is_a_429_with_whole_seconds_and_the_documented_body() -> None:
    handle = WebServers(lambda: NOW, ProtectionLimits(requests=1)).around(ok)
    handle(GET)
    refused = handle(GET)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "300")
    assert json.loads(refused.body) == {
        "error": {
            "code": "0x80072322",
            "message": "Number of requests exceeded the limit of 1 over time window of 300 seconds.",
        }
    }


def test_a_batch_is_one_request_that_takes_as_long_as_its_operations() -> None:
    assert execution_cost(GET) == 0.06
    request = batch("GET /api/data/v9.2/leads HTTP/1.1", "PATCH /api/data/v9.2/leads(1) HTTP/1.1", "nothing HTTP/1.1")
    assert execution_cost(request) == 0.12
    servers = WebServers(lambda: NOW, ProtectionLimits(execution_s=0.1))
    handle = servers.around(ok)
    assert handle(request).headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "5999"
    assert json.loads(handle(GET).body)["error"]["code"] == "0x80072321"


def test_a_client_without_cookies_is_spread_over_the_web_servers() -> None:
    handle = WebServers(lambda: NOW, ProtectionLimits(requests=2, web_servers=3)).around(ok)
    answers = [handle(GET) for _ in range(7)]
    assert [answer.status for answer in answers] == [200] * 6 + [429]
    assert len({affinity(answer.headers["Set-Cookie"]) for answer in answers}) == 3


def test_the_affinity_cookie_ties_a_client_to_one_web_server() -> None:
    handle = WebServers(lambda: NOW, ProtectionLimits(requests=2, web_servers=3)).around(ok)
    cookie = handle(GET).headers["Set-Cookie"].partition(";")[0]
    tied = Request("GET", GET.target, {"Cookie": f"other=1; {cookie}"})
    answers = [handle(tied) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert "Set-Cookie" not in answers[0].headers


def test_a_defect_behind_them_does_not_use_up_the_concurrency() -> None:
    failures = [ValueError("a defect")] * 3

    def fail(request: Request) -> Response:
        if failures:
            raise failures.pop()
        return ok(request)

    handle = WebServers(lambda: NOW, ProtectionLimits(concurrent=1)).around(fail)
    seen = 0
    while failures:
        try:
            handle(GET)
        except ValueError:
            seen += 1
    assert (seen, handle(GET).status) == (3, 200)


def test_new_limits_begin_with_an_empty_window() -> None:
    clock = Clock()
    servers = WebServers(clock, ProtectionLimits(requests=1))
    handle = servers.around(ok)
    assert [handle(GET).status, handle(GET).status] == [200, 429]
    servers.limit(ProtectionLimits(requests=1))
    assert [handle(GET).status, handle(GET).status] == [200, 429]
    clock.at += timedelta(seconds=301)
    assert handle(GET).status == 200
