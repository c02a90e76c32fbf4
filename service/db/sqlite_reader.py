"""A SQLite file that is only read: nothing is created, changed or left behind, neither the file nor anything beside it.

SQLite itself would make a `-wal` and a `-shm` beside a file that it only reads. So it depends on what is there:

- `-wal` and `-shm`: a server runs, or was killed. The `-shm` is read and not written.
- a `-wal` with something in it and no `-shm`: a copy of a database that was in use. Both files are copied into a
  temporary folder first.
- Otherwise nobody has the file open, and it is read as if nothing could change it. When somebody opens it meanwhile,
  what was just read is read again.
"""

import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import quote

from service import errors
from service.durable_files import run_in_disk_thread

from .database import T, TransactionFn
from .migrate import NoDatabase, current
from .queries import load_queries
from .sqlite_checkpoints import BUSY_TIMEOUT_MS
from .sqlite_transaction import SqliteTransaction, run_without_event_loop, to_problem

TRIES = 10  # to find the files at rest while somebody starts or stops


class _Files(NamedTuple):
    """What is there: which file it is, its size, when it was written; how long the `-wal` is (-1: none); the `-shm`."""

    file: int
    size: int
    written: int
    wal: int
    shm: bool


class SqliteReader:
    """See `open_database`. One connection: what it is for takes its time anyhow."""

    engine = "sqlite"
    failures = (sqlite3.Error,)

    def __init__(self, path: str | Path) -> None:
        self.path, self._sql = Path(path), load_queries(self.engine)
        self._connection: Any = None
        self._still: _Files | None = None  # as it has to stay, where nothing else sees to that
        self._copy: TemporaryDirectory[str] | None = None

    @property
    def name(self) -> str:
        """See `Database`."""
        return str(self.path.absolute())

    async def start(self) -> None:
        """Open the file, which has to be a database of this version."""
        await run_in_disk_thread(self._start)

    def _start(self) -> None:
        if not self.path.is_file():
            folder = self.path.parent
            empty = folder.is_dir() and not any(folder.iterdir())
            raise NoDatabase(self.name, "空文件夹 / an empty folder" if empty else "没有文件 / no file", fresh=empty)
        try:
            self._open()
            ((there, empty),) = self._execute("tables_there")
            applied = self._execute("applied") if there else []
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise NoDatabase(self.name, "不是 SQLite 数据库 / it is no SQLite database") from error
            found = to_problem(error)
            raise OSError(f"{self.name}: {error}") if found is error else found from error
        if not there:
            what = "空数据库 / an empty database" if empty else "没有 Doorstep 的表 / it has none of its tables"
            raise NoDatabase(self.name, what, fresh=bool(empty))
        current(self.engine, [number for (number,) in applied])

    def _execute(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._sql[query].sql).fetchall()

    async def close(self) -> None:
        """Let go of the file."""
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:  # noqa: ARG002
        """Nobody writes here."""
        raise RuntimeError("this database is only read")

    async def read(self, work: TransactionFn[T]) -> T:
        """See `Database.read`."""
        if self._connection is None:
            raise errors.ServiceUnavailable
        return await run_in_disk_thread(self._read, work)

    def _read(self, work: TransactionFn[T]) -> T:
        while True:
            try:
                found: T = self._once(work)
            except Exception:
                if self._undisturbed():
                    raise
            else:
                if self._undisturbed():
                    return found
            self._close()
            self._open()

    def _once(self, work: TransactionFn[T]) -> T:
        try:
            self._connection.execute("BEGIN")
            return run_without_event_loop(work(SqliteTransaction(self._connection, self._sql)))
        except Exception as error:
            found = to_problem(error)
            if found is error:
                raise
            raise found from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _undisturbed(self) -> bool:
        return self._still is None or self._still == self._look()

    def _look(self) -> _Files:
        found, wal = self.path.stat(), self._beside("-wal")
        try:
            length = wal.stat().st_size
        except FileNotFoundError:
            length = -1
        return _Files(found.st_ino, found.st_size, found.st_mtime_ns, length, self._beside("-shm").exists())

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _open(self) -> None:
        seen = self._look()
        if seen.wal >= 0 and seen.shm:
            self._still = None
            self._connection = _connected(self.path, "mode=ro&readonly_shm=1")
        elif seen.wal > 0:
            self._still = None
            self._connection = _connected(self._copied(), "mode=ro")
        else:
            self._still = seen
            self._connection = _connected(self.path, "mode=ro&immutable=1")

    def _copied(self) -> Path:
        """A copy of the file and its `-wal`, of one moment."""
        self._copy = TemporaryDirectory(prefix="doorstep-read-")
        path = Path(self._copy.name) / self.path.name
        for _ in range(TRIES):
            seen = self._look()
            shutil.copyfile(self.path, path)
            shutil.copyfile(self._beside("-wal"), path.with_name(path.name + "-wal"))
            if seen == self._look():
                return path
        raise errors.ServiceUnavailable


def _connected(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{how}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    connection.execute("PRAGMA query_only=ON").fetchall()
    return connection
