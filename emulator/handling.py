"""What the layers between the socket and the Web API have in common: they take a handler and are one."""

from collections.abc import Callable
from typing import TypeAlias

from emulator.web_api import Request, Response

Handler: TypeAlias = Callable[[Request], Response]


class ConnectionCutError(Exception):
    """A handler's order to close the connection: without an answer, or after all the bytes of a broken one.

    A broken answer promises more bytes in its Content-Length than its body has.
    """

    def __init__(self, broken: Response | None = None) -> None:
        super().__init__("the connection is cut")
        self.broken = broken
