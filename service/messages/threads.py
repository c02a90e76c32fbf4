"""Threads for what may never come back: nobody waits for their end, neither others that have work nor the process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class NoFreeThread(Exception):
    """As many as there may be are still busy."""


class Threads:
    """At most so many at once, also those whose result nobody waits for any more."""

    def __init__(self, most: int) -> None:
        self._free = most

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that blocks. Full when there is no thread for it."""
        if self._free < 1:
            raise NoFreeThread
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(value: Any, error: BaseException | None) -> None:
            self._free += 1
            if future.done():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        def work() -> None:
            value, error = None, None
            try:
                value = function(*args, **kwargs)
            except Exception as raised:  # noqa: BLE001 - it is raised where somebody waits
                error = raised
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, value, error)

        self._free -= 1
        Thread(target=work, name="message", daemon=True).start()
        return await future
