"""Scripted faults, as a client without a socket meets them."""

import json
from typing import Any

import pytest

from emulator.fault_rules import FaultRule, FaultRuleError, parse_rule, rule_json
from emulator.faults import Faults
from emulator.handling import ConnectionCutError
from emulator.web_api import Request, Response

GET = Request("GET", "/api/data/v9.2/leads?$top=1")
PATCH = Request("PATCH", "/api/data/v9.2/leads(1)")


class WebApi:
    """Answers everything with one body, and keeps what it was asked."""

    def __init__(self, answer: Response | None = None) -> None:
        self.answer = answer or Response(200, {"Content-Type": "application/json", "ETag": "1"}, b'{"value":[1,2]}')
        self.asked: list[str] = []

    def handle(self, request: Request) -> Response:
        self.asked.append(request.method)
        return self.answer


def through(rule: dict[str, Any], request: Request = GET, web_api: WebApi | None = None) -> Response:
    faults = Faults()
    faults.add(parse_rule(rule))
    return faults.around((web_api or WebApi()).handle)(request)


def test_a_status_is_answered_without_the_request_being_carried_out() -> None:
    web_api = WebApi()
    rule = {"status": 429, "body": "json", "code": "0x80072322", "message": "Wait.", "headers": {"Retry-After": "7"}}
    answer = through(rule, web_api=web_api)
    assert (answer.status, answer.headers["Retry-After"], web_api.asked) == (429, "7", [])
    assert json.loads(answer.body) == {"error": {"code": "0x80072322", "message": "Wait."}}


def test_a_gateway_answers_with_a_page_although_the_request_was_carried_out() -> None:
    web_api = WebApi()
    answer = through({"status": 504, "body": "html", "carried_out": True}, PATCH, web_api)
    assert (answer.status, answer.headers["Content-Type"], web_api.asked) == (
        504,
        "text/html; charset=utf-8",
        ["PATCH"],
    )
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status", "content"),
    [("html", 200, b"<!DOC"), ("empty", 200, b""), ("truncated", 200, b'{"value')],
)
def test_an_answer_can_be_spoilt_on_its_way(body: str, status: int, content: bytes) -> None:
    answer = through({"body": body})
    assert answer.status == status
    assert answer.body.startswith(content)
    assert bool(answer.body) == bool(content)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(answer.body)


def test_a_conflict_can_come_without_its_code_in_batches_too() -> None:
    body = b'HTTP/1.1 412 Precondition Failed\r\n\r\n{"error": {"code": "0x80060882", "message": "m"}}\r\n'
    answer = through({"body": "empty-code"}, web_api=WebApi(Response(200, {}, body)))
    assert answer.body == body.replace(b"0x80060882", b"")


def test_only_conflicts_lose_their_code() -> None:
    body = b'{"error": {"code": "0x80040237", "message": "m"}}'
    assert through({"body": "empty-code"}, web_api=WebApi(Response(412, {}, body))).body == body


def test_a_connection_cut_before_carries_nothing_out_and_after_it_does() -> None:
    for cut, asked in (("before", []), ("after", ["PATCH"])):
        web_api = WebApi()
        with pytest.raises(ConnectionCutError) as caught:
            through({"cut": cut}, PATCH, web_api)
        assert (caught.value.broken, web_api.asked) == (None, asked)


def test_an_answer_cut_in_the_middle_promises_more_than_it_has() -> None:
    with pytest.raises(ConnectionCutError) as caught:
        through({"cut": "during"})
    broken = caught.value.broken
    assert broken is not None
    assert (broken.body, broken.headers["Content-Length"]) == (b'{"value', "15")


def test_a_delay_is_waited_before_the_request_is_carried_out() -> None:
    events: list[object] = []
    faults = Faults(sleep=events.append)
    faults.add(FaultRule(delay_s=2.5))

    def handle(request: Request) -> Response:
        events.append(request.method)
        return Response(200)

    assert faults.around(handle)(GET).status == 200
    assert events == [2.5, "GET"]


def test_a_rule_meets_a_method_and_a_path_and_applies_from_the_nth_time_on() -> None:
    faults = Faults()
    scripted = faults.add(FaultRule(method="GET", path=r"/leads\?", nth=2, count=2, status=503))
    handle = faults.around(lambda _: Response(200))
    asked = [GET, PATCH, GET, Request("GET", "/api/data/v9.2/contacts?"), GET, GET]
    assert [handle(request).status for request in asked] == [200, 200, 503, 200, 503, 200]
    assert (scripted.met, scripted.applied) == (4, 2)


def test_the_first_rule_that_is_due_applies_and_all_that_meet_count() -> None:
    faults = Faults()
    faults.add(FaultRule(status=500, count=1))
    faults.add(FaultRule(status=502, count=2))
    faults.add(FaultRule(status=503, count=None, path="never"))
    handle = faults.around(lambda _: Response(200))
    assert [handle(GET).status for _ in range(3)] == [500, 502, 200]
    assert [(fault.met, fault.applied) for fault in faults.listed()] == [(3, 1), (3, 1), (0, 0)]


def test_a_rule_without_a_count_applies_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add(FaultRule(status=503, count=None))
    handle = faults.around(lambda _: Response(200))
    assert {handle(GET).status for _ in range(20)} == {503}
    faults.clear()
    assert (handle(GET).status, faults.listed()) == (200, [])


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("503", "a fault is a JSON object"),
        ({}, "a fault has a status"),
        ({"status": 503, "colour": "red"}, "colour is not known"),
        ({"status": 99}, "status cannot be 99"),
        ({"status": True}, "status cannot be True"),
        ({"status": 503, "count": 0}, "count cannot be 0"),
        ({"status": 503, "path": "("}, "path is not a regular expression"),
        ({"status": 503, "headers": {"X": "a\r\nb"}}, "headers cannot be"),
        ({"status": 503, "headers": {"X": 1}}, "headers cannot be"),
        ({"delay_s": 301}, "delay_s cannot be 301"),
        ({"body": "xml"}, "body cannot be 'xml'"),
        ({"body": "json"}, "a json body is that of an error: it needs a status"),
        ({"body": "truncated", "status": 503}, "truncated changes a real answer"),
        ({"cut": "before", "status": 503}, "a connection that is cut before has no answer"),
        ({"method": "FETCH", "status": 503}, "method cannot be 'FETCH'"),
        ({"body": ["html"]}, "body cannot be"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_the_reason(rule: object, problem: str) -> None:
    with pytest.raises(FaultRuleError, match=problem.replace("(", r"\(")):
        parse_rule(rule)


def test_a_rule_is_listed_in_the_form_it_is_given_in() -> None:
    rule = FaultRule(method="POST", path="x", nth=2, count=None, status=503, headers={"Retry-After": "1"}, delay_s=0.5)
    assert parse_rule(json.loads(json.dumps(rule_json(rule)))) == rule
