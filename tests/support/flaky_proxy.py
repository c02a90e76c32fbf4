"""A bad network: a proxy on this machine that cuts connections and counts the bytes that a client sent."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any


class BadNetwork:
    """`cuts`: for each connection in turn, the number of bytes after which it is cut.

    A negative number loses the response: it cuts at its first byte, after so many bytes of the request.
    """

    def __init__(self, port: int, cuts: Iterable[int] = ()) -> None:
        self.port, self.cuts, self.sent, self.connections, self.cut = port, list(cuts), 0, 0, 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, here = await asyncio.open_connection("127.0.0.1", self.port)
        carried = 0

        def close() -> None:
            for one in (writer, here):
                one.transport.abort()

        async def up() -> None:
            nonlocal carried
            while data := await reader.read(8192):
                self.sent += len(data)
                limit = self.cuts[0] if self.cuts and self.cuts[0] > 0 else None
                carried += len(data)
                here.write(data)
                await here.drain()
                if limit is not None and carried >= limit:
                    self.cuts.pop(0)
                    self.cut += 1
                    close()
                    return
            with suppress(OSError):
                here.write_eof()

        async def down() -> None:
            while data := await there.read(8192):
                if self.cuts and self.cuts[0] < 0 and carried >= -self.cuts[0]:
                    self.cuts.pop(0)
                    self.cut += 1
                    close()
                    return
                writer.write(data)
                await writer.drain()

        try:
            await asyncio.gather(up(), down())
        finally:
            close()

    async def accept(self, reader: Any, writer: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await self.connection(reader, writer)
        writer.transport.abort()
        self._tasks.discard(task)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def bad_network(port: int, cuts: Iterable[int] = ()) -> AsyncIterator[tuple[BadNetwork, int]]:
    """A proxy for a port; yields it with its own port."""
    network = BadNetwork(port, cuts)
    server = await asyncio.start_server(network.accept, "127.0.0.1", 0)
    try:
        yield network, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await network.stop()
        await server.wait_closed()
