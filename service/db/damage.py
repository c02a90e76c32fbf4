"""A SQLite file that is damaged or gone: noticed, told once in the log, and nothing more is acknowledged.

SQLite goes on writing into a file that has no name any more; what it acknowledged then is lost with the process. So the
names are looked at before a commit is acknowledged. A page that makes no sense is noticed when it is read.
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
CHECK_SECONDS = 2.0
"""How long a start looks for damage. A GB costs a second of a processor when the system has it in memory, and up to
forty from a slow disk; of a large file it is the beginning: a start has to end, and `doorstep verify` reads all."""
_log = logging.getLogger("doorstep.storage")
Identity = tuple[int, int]


class FileGuard:
    """Watches over one database file and what SQLite keeps beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._files = [f"{self._path}{ending}" for ending in ("", "-wal", "-shm")]
        self._known: list[Identity | None] = []
        self._fault = ""
        self._lock = Lock()

    def remember(self) -> None:
        """These are the files; they stay the same as long as somebody has them open."""
        self._known = [_identity(file) for file in self._files]

    def is_sound(self) -> None:
        """StorageFailed when damage was noticed."""
        if self._fault:
            raise StorageFailed(self._fault)

    def check(self) -> None:
        """Look whether the open files still have their names. Three looks into the file system: microseconds."""
        self.is_sound()
        for file, known in zip(self._files, self._known, strict=False):
            if known is not None and _identity(file) != known:
                self.failed(f"{Path(file).name} was deleted or replaced while it was open")
                self.is_sound()

    def record_error(self, error: BaseException) -> None:
        """See whether an error means damage."""
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in CORRUPT:
            self.failed(f"the database is damaged ({getattr(error, 'sqlite_errorname', code)})")

    def failed(self, fault: str) -> None:
        """From now on nothing is acknowledged, until an operator has looked and starts the service again."""
        with self._lock:
            if self._fault:
                return
            self._fault = fault
        _log.critical("%s: nothing is kept any more; stop the service, look at the disk, restore a copy", fault)

    @property
    def only_the_log_is_gone(self) -> bool:
        """Whether what is in the write-ahead log, which is still open, can be moved into the file."""
        found = [_identity(file) for file in self._files]
        return len(self._known) == len(found) and found == [self._known[0], None, self._known[2]]

    def examine(self, connection: Any) -> None:
        """Look through the file at the start, for a while. StorageFailed when something is wrong."""
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
            self.failed("the database is damaged (quick_check)")
            self.is_sound()


def _identity(file: str) -> Identity | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - before each answer: a Path costs as much again
    except OSError:
        return None
    return found.st_dev, found.st_ino


def retry_while_busy(function: Callable[[], Any], busy: Callable[[BaseException], bool], seconds: float) -> Any:
    """Do it again while another process is in the way, where SQLite itself does not wait: entering WAL mode, and
    opening a file that the last one just closes."""
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
