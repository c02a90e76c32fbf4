"""An application on a socket, served by the process of the tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn


class Server(uvicorn.Server):
    """Leaves signals alone.

    uvicorn puts back the handler that it found, that of a test which has ended by then. It keeps all objects of the
    test alive, and `signal.getsignal` makes a text of them for each test and fixture that follows.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Any, **config: Any) -> AsyncIterator[int]:
    """Serve an application without lifespan; its port."""
    server = Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="none", **config))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
