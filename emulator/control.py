"""The emulator's own doors beside the Web API's: what was asked of it, what it sent, and how it should behave."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from emulator.clock import EmulatorClock
from emulator.fault_rules import FaultRuleError, parse_rule
from emulator.front import Front
from emulator.limits import ProtectionLimits
from emulator.web_api import Emulator, Request, Response
from emulator.webhooks import WebhookCounts

CONTROL_PATH = "/_emulator/"

_Door = Callable[[Any], tuple[int, object]]


class DoorError(ValueError):
    """What came through a door cannot be understood; nothing was changed."""


class Control:
    """Answers `/_emulator/...` itself and hands everything else on.

    `GET stats` counts requests by method and table (parts of batches included) and webhooks by outcome; `GET requests`
    lists the last ones with their times, batches as one, without body or header; `GET`, `POST`, `DELETE` of `clock`,
    `faults` and `limits` show, set and undo them; `POST reset` makes rows, faults, limits and log those of the start
    and leaves definitions and the clock. All else is 501 by name.
    """

    def __init__(
        self, emulator: Emulator, front: Front, clock: EmulatorClock, webhooks: Callable[[], WebhookCounts]
    ) -> None:
        self._emulator = emulator
        self._front = front
        self._clock = clock
        self._webhooks = webhooks
        self._limits_of_the_start = front.web_servers.limits
        self._doors: dict[tuple[str, str], _Door] = {
            ("GET", "stats"): lambda _: (200, self._stats()),
            ("GET", "requests"): lambda _: (200, [entry.json() for entry in front.log.entries()]),
            ("GET", "clock"): lambda _: (200, self._time()),
            ("POST", "clock"): self._set_clock,
            ("DELETE", "clock"): self._run_clock,
            ("GET", "faults"): lambda _: (200, [fault.json() for fault in front.faults.listed()]),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "limits"): lambda _: (200, self._limits()),
            ("POST", "limits"): self._set_limits,
            ("DELETE", "limits"): self._lift_limits,
            ("POST", "reset"): self._reset,
        }

    def handle(self, request: Request) -> Response:
        """The answer, from here or from the Web API."""
        if not request.target.startswith(CONTROL_PATH):
            return self._front.handle(request)
        door = self._doors.get((request.method, request.target.removeprefix(CONTROL_PATH)))
        if door is None:
            return _json(501, {"error": f"The emulator does not do {request.method} {request.target}."})
        try:
            return _json(*door(_content(request)))
        except (DoorError, FaultRuleError) as wrong:
            return _json(400, {"error": str(wrong)})

    def _stats(self) -> dict[str, Any]:
        counts = self._webhooks()
        return {
            "requests": [
                {"method": method, "table": table, "count": count}
                for (method, table), count in sorted(self._emulator.requests.copy().items())
            ],
            "webhooks": {"sent": counts.sent, "failed": counts.failed, "retried": counts.retried},
        }

    def _time(self) -> dict[str, object]:
        return {"now": self._clock().isoformat(), "standing": self._clock.is_standing}

    def _set_clock(self, content: Any) -> tuple[int, object]:
        before = self._clock()
        match content:
            case {"at": str(text), **rest} if not rest:
                self._clock.stand_at(_moment(text))
            case {"forward_s": int() | float() as seconds, **rest} if not rest and 0 <= seconds <= 1e9:
                self._clock.forward(seconds)
            case _:
                raise DoorError('a clock is set by {"at": ISO time with zone} or {"forward_s": seconds}')
        if self._clock() < before:
            # What was counted would lie in the future and never leave its window.
            self._front.web_servers.limit(self._front.web_servers.limits)
        return 200, self._time()

    def _run_clock(self, _: Any) -> tuple[int, object]:
        self._clock.run()
        self._front.web_servers.limit(self._front.web_servers.limits)
        return 200, self._time()

    def _add_faults(self, content: Any) -> tuple[int, object]:
        rules = [parse_rule(each) for each in (content if isinstance(content, list) else [content])]
        return 201, [self._front.faults.add(rule).json() for rule in rules]

    def _clear_faults(self, _: Any) -> tuple[int, object]:
        self._front.faults.clear()
        return 200, []

    def _limits(self) -> dict[str, Any] | None:
        limits = self._front.web_servers.limits
        return asdict(limits) if limits else None

    def _set_limits(self, content: Any) -> tuple[int, object]:
        try:
            limits = ProtectionLimits(**(content or {}))
        except (TypeError, ValueError) as error:
            message = f"the limits cannot be read: {error}"
            raise DoorError(message) from None
        self._front.web_servers.limit(limits)
        return 200, self._limits()

    def _lift_limits(self, _: Any) -> tuple[int, object]:
        self._front.web_servers.limit(None)
        return 200, None

    def _reset(self, _: Any) -> tuple[int, object]:
        self._emulator.reset()
        self._front.faults.clear()
        self._front.web_servers.limit(self._limits_of_the_start)
        self._front.log.clear()
        return 200, self._stats()


def _content(request: Request) -> Any:
    try:
        return json.loads(request.body) if request.body else None
    except ValueError:
        raise DoorError("the body is not JSON") from None


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise DoorError("at is not an ISO time") from None
    if at.tzinfo is None:
        raise DoorError("at has no zone: end it with Z")
    return at.astimezone(UTC)


def _json(status: int, content: object) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(content).encode())
