"""The emulator's own doors beside the Web API's: what was asked of it, and what it sent."""

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from emulator.web_api import Emulator, Request, Response
from emulator.webhooks import WebhookCounts

CONTROL_PATH = "/_emulator/"
KEPT_REQUESTS = 1000


class Control:
    """Hands requests on to the Web API and notes them; answers `/_emulator/...` itself.

    `GET stats` counts requests by method and table (parts of batches included) and webhooks by outcome; `GET requests`
    lists the last 1,000 with their status, batches as one. Neither holds a body or a header. All else is 501 by name.
    """

    def __init__(self, emulator: Emulator, webhooks: Callable[[], WebhookCounts]) -> None:
        self._emulator = emulator
        self._webhooks = webhooks
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        if request.target.startswith(CONTROL_PATH):
            return self._control(request)
        response = self._emulator.handle(request)
        with self._lock:
            self._requests.append({"method": request.method, "target": request.target, "status": response.status})
        return response

    def _control(self, request: Request) -> Response:
        match request.method, request.target.removeprefix(CONTROL_PATH):
            case "GET", "stats":
                return _json(200, self._stats())
            case "GET", "requests":
                with self._lock:
                    return _json(200, list(self._requests))
            case _:
                return _json(501, {"error": f"The emulator does not do {request.method} {request.target}."})

    def _stats(self) -> dict[str, Any]:
        counts = self._webhooks()
        return {
            "requests": [
                {"method": method, "table": table, "count": count}
                for (method, table), count in sorted(self._emulator.requests.copy().items())
            ],
            "webhooks": {"sent": counts.sent, "failed": counts.failed, "retried": counts.retried},
        }


def _json(status: int, content: object) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(content).encode())
