"""Detects a damaged or deleted SQLite file: after the first sign of damage no write is acknowledged any more.

SQLite keeps writing into a file that was unlinked, and what it acknowledges then is lost with the process. So the file
names are checked before a commit is acknowledged. A corrupt page is detected when it is read.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from service.errors import StorageFailed

CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
CANTOPEN_SECONDS = 2.0  # the last process to close a file removes its WAL, which another one may be opening
CHECK_SECONDS = 2.0
"""The time limit of the check at startup. A cached GB takes a second, one on a slow disk up to forty; of a large file
only the beginning is checked, because startup has to end. `doorstep verify` reads everything."""
_log = logging.getLogger("doorstep.storage")
Identity = tuple[int, int]


class FileGuard:
    """Watches one database file and the files that SQLite keeps next to it."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._files = [f"{self._path}{ending}" for ending in ("", "-wal", "-shm")]
        self._known: list[Identity | None] = []
        self._fault = ""
        self._lock = Lock()

    def remember(self) -> None:
        """Record the identity of the open files; it does not change while a connection is open."""
        self._known = [_identity(file) for file in self._files]

    def require_sound(self) -> None:
        """StorageFailed once damage was detected."""
        if self._fault:
            raise StorageFailed(self._fault)

    def check(self) -> None:
        """StorageFailed if an open file was deleted or replaced. Costs three calls of stat: microseconds."""
        self.require_sound()
        for file, known in zip(self._files, self._known, strict=False):
            if known is not None and _identity(file) != known:
                self._fail(f"{Path(file).name} was deleted or replaced while it was open")
                self.require_sound()

    def record_error(self, error: BaseException) -> None:
        """Stop acknowledging writes if the error means damage."""
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in CORRUPT:
            self._fail(f"the database is damaged ({getattr(error, 'sqlite_errorname', code)})")

    def _fail(self, fault: str) -> None:
        with self._lock:
            if self._fault:
                return
            self._fault = fault
        _log.critical("%s: nothing is kept any more; stop the service, look at the disk, restore a copy", fault)

    @property
    def only_wal_is_gone(self) -> bool:
        """Whether only the name of the write-ahead log is gone: its content, still open, can be moved into the file."""
        found = [_identity(file) for file in self._files]
        return len(self._known) == len(found) and found == [self._known[0], None, self._known[2]]

    def examine(self, connection: Any) -> None:
        """Check the file at startup, within CHECK_SECONDS. StorageFailed when it is damaged."""
        interrupt = Timer(CHECK_SECONDS, connection.interrupt)
        interrupt.daemon = True
        interrupt.start()
        begun = time.monotonic()
        try:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except Exception as error:
            if time.monotonic() - begun < CHECK_SECONDS:
                self.record_error(error)
                raise
            return
        finally:
            interrupt.cancel()
            interrupt.join()
        if found != "ok" and time.monotonic() - begun < CHECK_SECONDS:
            self._fail("the database is damaged (quick_check)")
            self.require_sound()


def _identity(file: str) -> Identity | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - before each answer: a Path costs as much again
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_cantopen(error: BaseException) -> bool:
    """Whether SQLite could not open a file, or one beside it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN


def retry_while_busy(function: Callable[[], Any], busy: Callable[[BaseException], bool], seconds: float) -> Any:
    """Retry while another process is in the way and SQLite itself does not wait: when it enters WAL mode, and when it
    opens a file that the last process is just closing."""
    until = time.monotonic() + seconds
    pause = 0.005
    while True:
        try:
            return function()
        except Exception as error:
            if not busy(error) or time.monotonic() > until:
                raise
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
