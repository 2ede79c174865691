"""A socket on the loopback address in front of a plain `handle(Request) -> Response`."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator.handling import ConnectionCutError, Handler
from emulator.web_api import Request, Response

LOOPBACK = "127.0.0.1"

_TRANSPORT = "emulator.transport"

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Scope]]
_Send = Callable[[_Scope], Awaitable[None]]


class ServerError(Exception):
    """The server could not begin to serve, or end."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"the server on {url} {problem}")


class Server:
    """Serves `handle` on 127.0.0.1, each request in a thread of its own, so that handlers may block.

    The port is taken when the server is made (0: any free one), so `url` is known before `start`. Targets reach the
    handler as they were sent, percent-encoding included; header names are lower-cased by uvicorn in both directions.
    With `tls` it is https. A handler that raises ConnectionCutError has its connection closed.
    """

    def __init__(self, handle: Handler, port: int = 0, *, threads: int = 32, tls: ssl.SSLContext | None = None) -> None:
        self._handle = handle
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="http")
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self.port}"
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                self._application,
                interface="asgi3",
                http=_Protocol,
                ssl_context_factory=(lambda _config, _default: tls) if tls else None,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                # A client's pooled connection must not be closed under the request it is about to send.
                timeout_keep_alive=600,
                timeout_graceful_shutdown=5,
            )
        )
        self._thread = threading.Thread(target=self._serve, name=f"server-{self.port}", daemon=True)

    def start(self) -> None:
        """Returns once requests are answered."""
        self._thread.start()
        if not self._uvicorn.ready.wait(timeout=10):
            raise ServerError(self.url, "did not start within 10 s")

    def stop(self) -> None:
        """Lets running requests end (5 s at most), then closes every connection; harmless when never started."""
        if self._thread.is_alive():
            self._uvicorn.should_exit = True
            self._thread.join(timeout=15)
            if self._thread.is_alive():
                raise ServerError(self.url, "did not stop within 15 s")
        self._socket.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        asyncio.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        await self._uvicorn.serve(sockets=[self._socket])
        # TLS handshakes that are under way are tasks of the loop alone, with a socket that only they close.
        handshakes = asyncio.all_tasks() - {asyncio.current_task()}
        if handshakes:
            await asyncio.wait(handshakes, timeout=1)

    async def _application(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        try:
            body = await StarletteRequest(scope, receive).body()
        except ClientDisconnect:
            return
        request = Request(method=scope["method"], target=_target(scope), headers=_joined_headers(scope), body=body)
        try:
            response = await asyncio.get_running_loop().run_in_executor(self._pool, self._handle, request)
        except ConnectionCutError as cut:
            await _cut(cut.broken, scope["state"][_TRANSPORT], receive, send)
            return
        await send({"type": "http.response.start", "status": response.status, "headers": _wire_headers(response)})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.body})


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the application, which may have to cut it: ASGI knows no way to."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][_TRANSPORT] = self.transport

    def shutdown(self) -> None:
        if self.scheme == "https" and (self.cycle is None or self.cycle.response_complete):
            # A farewell in TLS waits for the other side's, and a pooled connection is read by nobody.
            self.transport.abort()
        else:
            super().shutdown()


class _Uvicorn(uvicorn.Server):
    """Says when it serves; uvicorn's own flag could only be polled."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's delay (40 ms an answer) off only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        url = f"http://{LOOPBACK}:{port}"
        raise ServerError(url, f"cannot use its port: {error.strerror}") from error
    return listener


async def _cut(broken: Response | None, transport: asyncio.Transport, receive: _Receive, send: _Send) -> None:
    if broken is not None:
        await send({"type": "http.response.start", "status": broken.status, "headers": _wire_headers(broken)})
        await send({"type": "http.response.body", "body": broken.body, "more_body": True})
    transport.close()
    # Until uvicorn has seen the end it would take the missing answer for a defect, and answer 500.
    while (await receive())["type"] != "http.disconnect":
        pass


def _target(scope: _Scope) -> str:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _joined_headers(scope: _Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in scope["headers"]:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _wire_headers(response: Response) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status not in {204, 304} and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"Content-Length", str(len(response.body)).encode()))
    return headers
