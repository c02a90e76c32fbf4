"""Checkpoints move pages from SQLite's WAL into the file, so that the WAL can start over.

They make the longest waits, so none runs inside a commit. A connection of its own moves the bulk while the writer goes
on; then the writer itself, between two batches, moves the few pages that came meanwhile: only after a moment without
anything left to move does the WAL start over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

BUSY_TIMEOUT_MS = 10_000
"""Milliseconds that a connection waits for a lock; another process may write too: a command of the administrator."""
MIN_PAGES_PER_CHANGE = 0.5  # pages per change: small rows share pages, but the next ones may be large


class Runs(Protocol):
    """A connection that runs functions on its thread."""

    def run(self, function: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
        """`function(connection, *arguments)`."""
        ...


class Checkpoints:
    """When and how, with a connection for the bulk. The aim is a WAL of about `pages`."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._bulk: asyncio.Future[Any] | None = None
        self.changes = 0  # since the last checkpoint, a large one counted several times; the writer counts
        self._wal, self._per_change = 0, 2.0

    async def ended(self) -> None:
        """Wait until the bulk is moved, if it is being moved."""
        if self._bulk is not None:
            await asyncio.wait([self._bulk])

    async def maybe_checkpoint(self, writer: Runs, beside: Runs) -> None:
        """What has to be done now, if anything. A full disk does not matter here: there is a next time."""
        if self.changes * self._per_change < self._pages:
            return
        if self._bulk is None:
            self._bulk = asyncio.ensure_future(beside.run(_move, "PASSIVE"))
        elif self._bulk.done():
            self._bulk.exception()  # looked at
            self._bulk = None
            with suppress(Exception):
                await writer.run(self._finish_checkpoint)

    def _finish_checkpoint(self, writer: Any) -> None:
        """SQLite does not say how long its WAL is, but a checkpoint does: the pages of a change are learnt from it."""
        changes, self.changes = self.changes, 0
        if self._wal < 8 * self._pages:
            pages = _move(writer, "PASSIVE")
        else:  # readers, one after another, kept the WAL from starting over: wait a little for those of now
            writer.execute("PRAGMA busy_timeout=100").fetchall()
            pages = _move(writer, "RESTART")
            writer.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").fetchall()
        new = pages - self._wal if pages >= self._wal else pages
        self._wal, self._per_change = pages, max(MIN_PAGES_PER_CHANGE, new / changes)


def _move(connection: Any, mode: str) -> int:
    return connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[1]
