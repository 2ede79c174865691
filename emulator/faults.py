"""Scripted faults: the emulator, or the network before it, misbehaves as it was told to."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from emulator.fault_rules import Body, Cut, FaultRule, rule_json
from emulator.handling import ConnectionCutError, Handler
from emulator.web_api import Request, Response

_GATEWAY_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head><body><h2>Sorry.</h2></body></html>"
)
_CODE_OF_CONFLICT = re.compile(rb'("code"\s*:\s*")0x80060882(")', re.IGNORECASE)


@dataclass(slots=True)
class ScriptedFault:
    """A rule under its number, with how many requests it met and to how many it was applied."""

    number: int
    rule: FaultRule
    met: int = 0
    applied: int = 0

    def json(self) -> dict[str, Any]:
        """As `GET /_emulator/faults` lists it."""
        return {"number": self.number, **rule_json(self.rule), "met": self.met, "applied": self.applied}


class Faults:
    """The rules in force, in the order they were added; thread-safe.

    The first that is due is applied to a request; all that meet it count it.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._scripted: list[ScriptedFault] = []
        self._numbers = count(1)
        self._lock = threading.Lock()

    def add(self, rule: FaultRule) -> ScriptedFault:
        """Put a rule in force."""
        with self._lock:
            self._scripted.append(ScriptedFault(next(self._numbers), rule))
            return self._scripted[-1]

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._scripted.clear()

    def listed(self) -> list[ScriptedFault]:
        """The rules in force, those that have run out included."""
        with self._lock:
            return list(self._scripted)

    def around(self, handle: Handler) -> Handler:
        """The handler, with the faults."""

        def faulty(request: Request) -> Response:
            rule = self._due(request)
            return handle(request) if rule is None else self._apply(rule, request, handle)

        return faulty

    def _due(self, request: Request) -> FaultRule | None:
        due: ScriptedFault | None = None
        with self._lock:
            for scripted in self._scripted:
                if scripted.rule.meets(request):
                    scripted.met += 1
                    if due is None and scripted.rule.is_due(scripted.met):
                        due = scripted
            if due is not None:
                due.applied += 1
        return due.rule if due else None

    def _apply(self, rule: FaultRule, request: Request, handle: Handler) -> Response:
        if rule.delay_s:
            self._sleep(rule.delay_s)
        answer = handle(request) if rule.is_carried_out else Response(rule.status or 200)
        answer = _changed(rule, answer)
        if rule.cut is Cut.DURING:
            whole = {**answer.headers, "Content-Length": str(len(answer.body) or 1)}
            raise ConnectionCutError(Response(answer.status, whole, answer.body[: len(answer.body) // 2]))
        if rule.cut is not None:
            raise ConnectionCutError
        return answer


def _changed(rule: FaultRule, answer: Response) -> Response:
    status = rule.status or answer.status
    headers, body = {} if rule.status else dict(answer.headers), answer.body
    match rule.body:
        case Body.HTML:
            status = rule.status or 200
            headers["Content-Type"], body = "text/html; charset=utf-8", _GATEWAY_PAGE
        case Body.EMPTY:
            body = b""
        case Body.TRUNCATED:
            headers["Content-Type"] = answer.headers.get("Content-Type", "application/json")
            body = body[: len(body) // 2]
        case Body.EMPTY_CODE:
            body = _CODE_OF_CONFLICT.sub(rb"\1\2", body)
        case Body.JSON:
            headers["Content-Type"] = "application/json; odata.metadata=minimal"
            body = json.dumps({"error": {"code": rule.code, "message": rule.message}}).encode()
        case None if rule.status is not None:
            body = b""
    return Response(status, {**headers, **rule.headers}, body)
