import threading
from datetime import UTC, datetime, timedelta

import pytest

from emulator.handling import ConnectionCutError
from emulator.request_log import RequestLog
from emulator.web_api import Request, Response

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GET = Request("GET", "/x", {"Cookie": "ARRAffinity=one"}, b"a body")


class Clock:
    """A second later each time it is asked."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_a_request_is_noted_with_its_times_and_what_it_was_told() -> None:
    log = RequestLog(Clock())
    log.around(lambda _: Response(429, {"Retry-After": "12"}))(GET)
    (entry,) = log.entries()
    assert (entry.number, entry.method, entry.target, entry.status) == (1, "GET", "/x", 429)
    assert (entry.at, entry.answered_at) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=2))
    assert (entry.retry_after_s, entry.web_server, entry.under_way) == (12, "one", 1)
    assert "a body" not in str(entry.json())


def test_a_connection_that_was_cut_has_no_status_and_a_broken_answer_has_its_own() -> None:
    log = RequestLog(Clock())
    for broken, status in ((None, None), (Response(200), 200)):

        def cut(_: Request, broken: Response | None = broken) -> Response:
            raise ConnectionCutError(broken)

        with pytest.raises(ConnectionCutError):
            log.around(cut)(GET)
        assert log.entries()[-1].status == status


def test_only_the_last_ones_are_kept_and_the_numbers_go_on() -> None:
    log = RequestLog(Clock(), kept=3)
    handle = log.around(lambda _: Response(200))
    for _ in range(5):
        handle(GET)
    assert [entry.number for entry in log.entries()] == [3, 4, 5]
    log.clear()
    handle(GET)
    assert [entry.number for entry in log.entries()] == [6]


def test_requests_at_the_same_time_are_counted_as_under_way() -> None:
    log, both = RequestLog(Clock()), threading.Barrier(3)

    def meet(_: Request) -> Response:
        both.wait(10)
        return Response(200)

    threads = [threading.Thread(target=log.around(meet), args=(GET,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    both.wait(10)
    for thread in threads:
        thread.join()
    assert sorted(entry.under_way for entry in log.entries()) == [1, 2]
