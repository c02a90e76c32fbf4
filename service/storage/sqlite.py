"""SQLite: one writer thread that commits what is waiting together, and a few threads that read.

Durable means: WAL with synchronous=FULL. NORMAL loses acknowledged writes when the power fails
(`tests/test_powercut.py` shows both). Reads do not wait for the writer, nor the writer for them.
"""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from ..domain import errors
from .checkpoints import PATIENCE
from .damage import Guard, patiently
from .database import T, Work
from .sqlite_tx import Connect, SqliteTx, connect, drive, is_busy, problem
from .statements import statements
from .writer import Writer

WAIT = PATIENCE / 1000  # seconds for what SQLite's own patience does not cover
PRAGMAS = (
    f"busy_timeout={PATIENCE}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",  # see `checkpoints`
    "fullfsync=ON",  # macOS: there a plain sync does not reach the disk
    "secure_delete=ON",  # what is deleted is overwritten
    "foreign_keys=ON",
)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that last when the power fails. SQLite sees to what is inside."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    if os.name == "posix":
        above = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


class Sqlite:
    """A SQLite file. At most `batch` works share a commit; with more than `waiting` in the queue it is Busy."""

    engine = "sqlite"
    failures = (sqlite3.Error,)

    def __init__(
        self,
        path: str | Path,
        connect: Connect = connect,
        *,
        readers: int = 4,
        batch: int = 128,
        waiting: int = 10_000,
        checkpoint_pages: int = 500,
    ) -> None:
        self.path, self._connect, self._sql = Path(path), connect, statements(self.engine)
        self._guard = Guard(self.path)
        self._writer = Writer(
            self._open,
            self.commit,
            self._sql,
            self._guard,
            batch=batch,
            waiting=waiting,
            checkpoint_pages=checkpoint_pages,
        )
        self._readers = readers
        self._threads = ThreadPoolExecutor(readers, "sqlite-read")
        self._idle: SimpleQueue[Any] = SimpleQueue()
        self._reading = False

    @property
    def name(self) -> str:
        """See `Database`."""
        return str(self.path.absolute())

    def _open(self) -> Any:
        connection = self._connect(str(self.path))
        try:
            for pragma in PRAGMAS:
                patiently(lambda pragma=pragma: connection.execute(f"PRAGMA {pragma}").fetchall(), is_busy, WAIT)
        except BaseException:
            connection.close()
            raise
        return connection

    def commit(self, connection: Any) -> None:
        """Make the writer's transaction durable. A benchmark overrides it to have a slower disk."""
        connection.execute("COMMIT")

    async def start(self) -> None:
        """Open the file (its folder is made when missing) and bring the tables up to date."""
        make_folder(self.path.parent)
        await self._writer.start()
        for _ in range(self._readers):
            connection = self._open()
            connection.execute("PRAGMA query_only=ON").fetchall()
            self._idle.put(connection)
        self._reading = True

    async def close(self) -> None:
        """Write what was taken, and close the file."""
        self._reading = False
        await asyncio.to_thread(self._threads.shutdown)
        while not self._idle.empty():
            self._idle.get().close()
        await self._writer.close()  # last: the last connection empties the WAL into the file

    async def write(self, work: Work[T]) -> T:
        """See `Database.write`."""
        return await self._writer.put(work)

    async def read(self, work: Work[T]) -> T:
        """See `Database.read`. All of a work runs on one thread: two hops, however many statements it has."""
        if not self._reading:
            raise errors.Busy
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    def _read(self, work: Work[T]) -> T:
        connection = self._idle.get()  # there are as many as threads
        try:
            connection.execute("BEGIN")
            return drive(work(SqliteTx(connection, self._sql)))
        except Exception as error:
            self._guard.note(error)
            found = problem(error)
            if found is error:
                raise
            raise found from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._idle.put(connection)
