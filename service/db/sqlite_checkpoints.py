"""Checkpoints move pages from SQLite's WAL into the file, so that the WAL can start over.

They cause the longest waits, so none runs inside a commit. A separate connection moves most pages while the writer
continues; then the writer itself, between two batches, moves the few that were added meanwhile. The WAL starts over
only when nothing is left to move.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

BUSY_TIMEOUT_MS = 10_000
"""How long a connection waits for a lock: another process, such as a command of an operator, may write too."""
MIN_PAGES_PER_CHANGE = 0.5  # small rows share pages, but the next ones may be large


class Runs(Protocol):
    """A connection that runs functions on its thread."""

    def run(self, function: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
        """`function(connection, *arguments)`."""
        ...


class Checkpoints:
    """Decides when to checkpoint, so that the WAL has about `pages` pages."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self._bulk: asyncio.Future[Any] | None = None
        self.changes = 0  # since the last checkpoint, counted by the writer; a large one counts several times
        self._wal, self._per_change = 0, 2.0

    async def finish(self) -> None:
        """Wait for a checkpoint in progress."""
        if self._bulk is not None:
            await asyncio.wait([self._bulk])

    async def maybe_checkpoint(self, writer: Runs, checkpointer: Runs) -> None:
        """Begin or finish a checkpoint if it is time. A failure, such as a full disk, is left to the next one."""
        if self.changes * self._per_change < self._pages:
            return
        if self._bulk is None:
            self._bulk = asyncio.ensure_future(checkpointer.run(_move, "PASSIVE"))
        elif self._bulk.done():
            self._bulk.exception()  # retrieved, so that asyncio does not complain
            self._bulk = None
            with suppress(Exception):
                await writer.run(self._finish_checkpoint)

    def _finish_checkpoint(self, writer: Any) -> None:
        """SQLite tells the length of its WAL only here; the pages of a change are estimated from it."""
        changes, self.changes = self.changes, 0
        if self._wal < 8 * self._pages:
            pages = _move(writer, "PASSIVE")
        else:  # overlapping readers kept the WAL from starting over: wait a little for the current ones
            writer.execute("PRAGMA busy_timeout=100").fetchall()
            pages = _move(writer, "RESTART")
            writer.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").fetchall()
        new = pages - self._wal if pages >= self._wal else pages
        self._wal, self._per_change = pages, max(MIN_PAGES_PER_CHANGE, new / changes)


def _move(connection: Any, mode: str) -> int:
    return connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[1]
