"""The web servers of the environment: which one takes a request, and when it refuses to."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from itertools import count
from uuid import uuid4

from emulator.handling import Handler
from emulator.limits import Cost, Meter, ProtectionLimits, Refusal
from emulator.web_api import Request, Response

AFFINITY_COOKIE = "ARRAffinity"
EXECUTION_S = 0.06

_REQUEST_LINE = re.compile(rb"^(?:GET|POST|PUT|PATCH|DELETE) \S+ HTTP/1\.1\r?$", re.MULTILINE)


def execution_cost(request: Request) -> float:
    """0.06 s for each operation; a batch is one request that takes as long as all of its own."""
    is_batch = request.target.partition("?")[0].rstrip("/").endswith("/$batch")
    return EXECUTION_S * (max(1, len(_REQUEST_LINE.findall(request.body))) if is_batch else 1)


class WebServers:
    """Applies the protection limits, when there are any, to the environment's one user; thread-safe.

    The affinity cookie of a request names its web server; without one they take turns. The cost is only counted: how
    long a request takes is the handler's affair.
    """

    def __init__(
        self, clock: Callable[[], datetime], limits: ProtectionLimits | None = None, cost: Cost = execution_cost
    ) -> None:
        self._clock = clock
        self._cost = cost
        self._lock = threading.Lock()
        self.limit(limits)

    @property
    def limits(self) -> ProtectionLimits | None:
        """The limits in force."""
        return self._limits

    def limit(self, limits: ProtectionLimits | None) -> None:
        """Put limits in force, or none; what was counted so far is forgotten."""
        with self._lock:
            self._limits = limits
            self._turns = count()
            self._meters = {uuid4().hex: Meter(limits) for _ in range(limits.web_servers)} if limits else {}

    def around(self, handle: Handler) -> Handler:
        """The handler, under the limits."""

        def limited(request: Request) -> Response:
            with self._lock:
                limits, named = self._limits, affinity(request.headers.get("Cookie", ""))
                server = named if named in self._meters else self._next()
                meter = self._meters.get(server)
                refusal = meter.begin(self._seconds(), self._cost(request)) if meter else None
            if limits is None or meter is None:
                return handle(request)
            headers = {"x-ms-dop-hint": str(limits.dop_hint)}
            if named != server:
                headers["Set-Cookie"] = f"{AFFINITY_COOKIE}={server};Path=/;HttpOnly"
            if refusal is not None:
                return _refused(refusal, headers)
            try:
                response = handle(request)
            finally:
                with self._lock:
                    meter.end()
                    requests, execution_s = meter.remaining(self._seconds())
            headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = str(requests)
            headers["x-ms-ratelimit-time-remaining-xrm-requests"] = f"{execution_s:.2f}"
            return Response(response.status, {**response.headers, **headers}, response.body)

        return limited

    def _next(self) -> str:
        servers = list(self._meters)
        return servers[next(self._turns) % len(servers)] if servers else ""

    def _seconds(self) -> float:
        return self._clock().timestamp()


def affinity(cookies: str) -> str:
    """The web server that a Cookie or Set-Cookie header names, or nothing."""
    try:
        cookie = SimpleCookie(cookies).get(AFFINITY_COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _refused(refusal: Refusal, headers: Mapping[str, str]) -> Response:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.message}}).encode()
    ids = {"x-ms-service-request-id": str(uuid4()), "REQ_ID": str(uuid4())}
    content = {"Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0"}
    return Response(429, {**content, **ids, **headers, "Retry-After": str(refusal.retry_after_s)}, body)
