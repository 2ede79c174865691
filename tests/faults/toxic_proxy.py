"""A TCP proxy that spoils one direction of its connections: the eight toxics of Toxiproxy, on one port of this machine.

A toxic sees each chunk of one direction, `request` (to the server) or `response` (to the client), and the end of it.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Protocol, Self

LOOPBACK = "127.0.0.1"
Direction = Literal["request", "response"]


class Link:
    """One direction of one connection, as a toxic sees it."""

    def __init__(
        self, writer: asyncio.StreamWriter, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    ) -> None:
        self._writer = writer
        self._writers = writers
        self.passed = 0

    async def write(self, content: bytes) -> None:
        """Hand on these bytes."""
        self.passed += len(content)
        self._writer.write(content)
        await self._writer.drain()

    def close(self) -> None:
        """End both directions, as a server that goes away does."""
        for writer in self._writers:
            writer.close()

    def reset(self) -> None:
        """End both directions with an RST."""
        for writer in self._writers:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()


class Toxic(Protocol):
    """What happens to a chunk, and before the end is handed on."""

    async def chunk(self, link: Link, content: bytes) -> None: ...

    async def end(self) -> None: ...


class Clean:
    """No toxic: everything is handed on at once."""

    async def chunk(self, link: Link, content: bytes) -> None:
        await link.write(content)

    async def end(self) -> None:
        return


class Latency(Clean):
    """Each chunk is late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def chunk(self, link: Link, content: bytes) -> None:
        await asyncio.sleep(self._seconds)
        await link.write(content)


class Down(Clean):
    """Nobody listens; in the direction of the response, the server goes away when it should answer."""

    async def chunk(self, link: Link, content: bytes) -> None:  # noqa: ARG002  nothing is handed on
        link.close()


class Bandwidth(Clean):
    """So many bytes a second."""

    def __init__(self, bytes_per_s: int) -> None:
        self._bytes_per_s = bytes_per_s

    async def chunk(self, link: Link, content: bytes) -> None:
        step = max(1, self._bytes_per_s // 50)
        for begin in range(0, len(content), step):
            await asyncio.sleep(step / self._bytes_per_s)
            await link.write(content[begin : begin + step])


class SlowClose(Clean):
    """The end of the connection is late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def end(self) -> None:
        await asyncio.sleep(self._seconds)


class Timeout(Clean):
    """Nothing gets through, and after so long the connection is closed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def chunk(self, link: Link, content: bytes) -> None:  # noqa: ARG002  nothing is handed on
        await asyncio.sleep(self._seconds)
        link.close()


class ResetPeer(Clean):
    """The connection is reset after so long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def chunk(self, link: Link, content: bytes) -> None:  # noqa: ARG002  nothing is handed on
        await asyncio.sleep(self._seconds)
        link.reset()


class Slicer(Clean):
    """Everything comes in small pieces, each a little late."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds

    async def chunk(self, link: Link, content: bytes) -> None:
        for begin in range(0, len(content), self._size):
            await link.write(content[begin : begin + self._size])
            await asyncio.sleep(self._seconds)


class LimitData(Clean):
    """The connection is closed after so many bytes."""

    def __init__(self, size: int) -> None:
        self._size = size

    async def chunk(self, link: Link, content: bytes) -> None:
        await link.write(content[: self._size - link.passed])
        if link.passed >= self._size:
            link.close()


class ToxicProxy:
    """Stands before a port until the block ends; healthy until it is poisoned."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._toxics: dict[Direction, Toxic] = {}
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="toxic-proxy", daemon=True)
        self.port = 0

    def poison(self, toxic: Toxic, direction: Direction) -> None:
        """Spoil one direction of all connections, and drop those there are."""
        self._do(self._change({direction: toxic}))

    def heal(self) -> None:
        """Hand on everything again, and drop the connections there are."""
        self._do(self._change({}))

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _change(self, toxics: dict[Direction, Toxic]) -> None:
        self._toxics = toxics
        for writer in self._writers:
            writer.transport.abort()
        if isinstance(toxics.get("request"), Down):
            await self._refuse()
        elif self._server is None:
            await self._listen()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _end(self) -> None:
        await self._refuse()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(LOOPBACK, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        writers = (writer, there[1])
        self._writers.update(writers)
        try:
            await asyncio.gather(
                self._pump(reader, Link(there[1], writers), self._toxics.get("request", Clean())),
                self._pump(there[0], Link(writer, writers), self._toxics.get("response", Clean())),
            )
        except OSError:
            pass  # one side is gone: so is the other
        finally:
            self._writers.difference_update(writers)
            for each in writers:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, link: Link, toxic: Toxic) -> None:
        while content := await reader.read(65_536):
            await toxic.chunk(link, content)
        await toxic.end()
        link.close()
