"""What stands between a socket and the Web API: log, scripted faults, identity, web servers with their limits."""

from collections.abc import Callable
from datetime import datetime

from emulator.faults import Faults
from emulator.handling import Handler
from emulator.identity.guard import BearerGuard
from emulator.limits import Cost, ProtectionLimits
from emulator.request_log import KEPT_REQUESTS, RequestLog
from emulator.web_api import Request, Response
from emulator.web_servers import WebServers, execution_cost


class Front:
    """The layers in their order, around a Web API; what a fault answers is not counted by the limits behind it."""

    def __init__(
        self,
        web_api: Handler,
        clock: Callable[[], datetime],
        *,
        faults: Faults | None = None,
        limits: ProtectionLimits | None = None,
        cost: Cost = execution_cost,
        guard: BearerGuard | None = None,
        kept_requests: int = KEPT_REQUESTS,
    ) -> None:
        self.log = RequestLog(clock, kept_requests)
        self.faults = faults or Faults()
        self.web_servers = WebServers(clock, limits, cost)
        limited = self.web_servers.around(web_api)
        self._handle = self.log.around(self.faults.around(guard.around(limited) if guard else limited))

    def handle(self, request: Request) -> Response:
        """The answer; ConnectionCutError when a fault wants none."""
        return self._handle(request)
