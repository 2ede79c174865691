"""A `requests` adapter that calls a `handle(Request) -> Response` in process: the real client, without a socket."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from emulator.handling import ConnectionCutError, Handler
from emulator.web_api import Request


class InProcessAdapter(BaseAdapter):
    """Mount it on a session. `before` and `after` see each request, and may hold it or raise what a network raises.

    What `after` raises is an answer that was lost: the request was carried out. A connection that the handler cuts is
    a ConnectionError, or the beginning of an answer.
    """

    def __init__(
        self,
        handle: Handler,
        *,
        before: Callable[[requests.PreparedRequest], None] = lambda _request: None,
        after: Callable[[requests.PreparedRequest], None] = lambda _request: None,
    ) -> None:
        super().__init__()
        self._handle = handle
        self.before = before
        self.after = after

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002  the same
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002  the same
        verify: bool | str = True,  # noqa: ARG002, FBT001, FBT002  the same
        cert: Any = None,  # noqa: ARG002  the same
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002  the same
    ) -> requests.Response:
        """The answer of `handle`."""
        self.before(request)
        parts = urlsplit(request.url or "")
        target = str(parts.path) + (f"?{parts.query}" if parts.query else "")
        body = request.body or b""
        content = body if isinstance(body, bytes) else str(body).encode()
        try:
            answer = self._handle(Request(request.method or "GET", target, dict(request.headers), content))
        except ConnectionCutError as cut:
            if cut.broken is None:
                raise requests.ConnectionError(str(cut), request=request) from None
            answer = cut.broken
        self.after(request)
        raw = HTTPResponse(
            body=BytesIO(answer.body), headers=dict(answer.headers), status=answer.status, preload_content=False
        )
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """There is nothing to close."""
