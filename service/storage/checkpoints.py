"""Checkpoints move pages from SQLite's WAL into the file, so that the WAL can start over.

They make the longest waits, so none runs inside a commit. A thread moves the bulk while the writer goes on; then the
writer itself, between two batches, moves the few pages that came meanwhile: only after a moment without anything left
to move does the WAL start over.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

PATIENCE = 10_000
"""Milliseconds that a connection waits for a lock; another process may write too: a command of the administrator."""
LEAST = 0.5  # pages per change: small rows share pages, but the next ones may be large


class Checkpoints:
    """When and how. `open_` gives a connection; the aim is a WAL of about `pages`."""

    def __init__(self, open_: Callable[[], Any], pages: int) -> None:
        self._open, self._pages = open_, pages
        self._thread = ThreadPoolExecutor(1, "sqlite-checkpoint")
        self._bulk: Future[Any] | None = None
        self.changes = 0  # since the last checkpoint, a large one counted several times; the writer counts
        self._wal, self._per_change = 0, 2.0

    def start(self) -> None:
        """Open the thread's connection."""
        self._connection = self._open()

    def close(self) -> None:
        """Wait for the thread."""
        self._thread.shutdown()
        self._connection.close()

    def between_batches(self, writer: Any) -> None:
        """What the writer has to do now, if anything. A full disk does not matter here: there is a next time."""
        if self.changes * self._per_change < self._pages:
            return
        if self._bulk is None:
            self._bulk = self._thread.submit(self._move, self._connection, "PASSIVE")
        elif self._bulk.done():
            self._bulk = None
            with suppress(Exception):
                self._finish(writer)

    def _finish(self, writer: Any) -> None:
        """SQLite does not say how long its WAL is, but a checkpoint does: the pages of a change are learnt from it."""
        changes, self.changes = self.changes, 0
        if self._wal < 8 * self._pages:
            pages = self._move(writer, "PASSIVE")
        else:  # readers, one after another, kept the WAL from starting over: wait a little for those of now
            writer.execute("PRAGMA busy_timeout=100").fetchall()
            pages = self._move(writer, "RESTART")
            writer.execute(f"PRAGMA busy_timeout={PATIENCE}").fetchall()
        new = pages - self._wal if pages >= self._wal else pages
        self._wal, self._per_change = pages, max(LEAST, new / changes)

    @staticmethod
    def _move(connection: Any, mode: str) -> int:
        return connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[1]
