"""A SQLite file opened only to read: nothing is created, changed or left behind, not even a file beside it.

SQLite itself would create a `-wal` and a `-shm` beside a file that it only reads. So it depends on what is there:

- `-wal` and `-shm`: a server runs, or was killed. The `-shm` is read and not written.
- a `-wal` with content and no `-shm`: a copy of a database that was in use. Both files are first copied into a
  temporary folder.
- Otherwise no process has the file open, and it is read as immutable. If a process opens it meanwhile, the read is
  repeated.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from service import errors
from service.durable_files import fsync_path, run_in_disk_thread

from .damage import CANTOPEN_SECONDS, is_cantopen, retry_while_busy
from .database import T, TransactionFn
from .migrate import NoDatabase, require_current
from .queries import load_queries
from .sqlite_checkpoints import BUSY_TIMEOUT_MS
from .sqlite_failures import cannot_open
from .sqlite_transaction import SqliteTransaction, errors_as_problems, run_without_event_loop, to_problem

MAX_ATTEMPTS = 10  # to find the files unchanged while a process starts or stops
R = TypeVar("R")


class _Files(NamedTuple):
    """The file's inode, size and time of change, the length of the `-wal` (-1: none), whether there is a `-shm`."""

    inode: int
    size: int
    written_at: int
    wal_size: int
    has_shm: bool


class SqliteReader:
    """See `open_database`. It has one connection: its users are not in a hurry."""

    engine = "sqlite"
    failures = (sqlite3.Error,)

    def __init__(self, path: str | Path) -> None:
        self.path, self._sql = Path(path), load_queries(self.engine)
        self._connection: Any = None
        self._immutable: _Files | None = None  # the files as they must stay while they are read as immutable
        self._copy: TemporaryDirectory[str] | None = None

    @property
    def waiting(self) -> int:
        return 0

    @property
    def name(self) -> str:
        return str(self.path.absolute())

    async def start(self) -> None:
        await run_in_disk_thread(self._start)

    def _start(self) -> None:
        if not self.path.is_file():
            folder = self.path.parent
            empty = folder.is_dir() and not any(folder.iterdir())
            raise NoDatabase(self.name, "空文件夹 / an empty folder" if empty else "没有文件 / no file", fresh=empty)
        try:
            has_tables, empty, applied = retry_while_busy(self._open_and_look, is_cantopen, CANTOPEN_SECONDS)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise NoDatabase(self.name, "不是 SQLite 数据库 / it is no SQLite database") from error
            if said := cannot_open(self.path, error):
                raise said from error
            problem = to_problem(error)
            raise OSError(f"{self.name}: {error}") if problem is error else problem from error
        if not has_tables:
            what = "空数据库 / an empty database" if empty else "没有 Doorstep 的表 / it has none of its tables"
            raise NoDatabase(self.name, what, fresh=empty)
        require_current(self.engine, [number for (number,) in applied])

    def _open_and_look(self) -> tuple[bool, bool, list[tuple[Any, ...]]]:
        """Whether it has our tables, or none at all, and the migrations."""
        self._close()
        self._open()
        ((has_tables, empty),) = self._execute("tables_there")
        return bool(has_tables), bool(empty), self._execute("applied") if has_tables else []

    def _execute(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._sql[query].sql).fetchall()

    async def close(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:  # noqa: ARG002
        raise RuntimeError("this database is only read")

    async def purge(self) -> bool:
        raise RuntimeError("this database is only read")

    async def read(self, work: TransactionFn[T]) -> T:
        if self._connection is None:
            raise errors.ServiceUnavailable
        return await run_in_disk_thread(self._repeat, lambda: self._read_once(work))

    async def copy_to(self, path: Path) -> None:
        """Write a snapshot of the database into a new file that only we may read, durably. A server may go on writing.

        `VACUUM INTO` leaves out deleted rows and free pages, so nothing that was erased gets into the copy.
        """
        await run_in_disk_thread(self._repeat, lambda: self._copy_once(path))

    def _copy_once(self, path: Path) -> None:
        with errors_as_problems():
            path.unlink(missing_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._connection.execute("PRAGMA query_only=OFF").fetchall()  # the file itself is open only to be read
            try:
                self._connection.execute("VACUUM INTO ?", (str(path),))
            finally:
                self._connection.execute("PRAGMA query_only=ON").fetchall()
            fsync_path(path)

    async def check_pages(self) -> str:
        """The first thing that is wrong with the structure of the file; '' if nothing is."""

        def check() -> str:
            try:
                (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            except sqlite3.DatabaseError as error:
                return str(error)
            return "" if found == "ok" else str(found)

        return await run_in_disk_thread(check)

    def _repeat(self, function: Callable[[], R]) -> R:
        """Run a function that reads; again if a process began to write to a file that was read as immutable."""
        while True:
            try:
                result = function()
            except Exception:
                if self._is_unchanged():
                    raise
            else:
                if self._is_unchanged():
                    return result
            self._close()
            self._open()

    def _read_once(self, work: TransactionFn[T]) -> T:
        try:
            with errors_as_problems():
                self._connection.execute("BEGIN")
                return run_without_event_loop(work(SqliteTransaction(self._connection, self._sql)))
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _is_unchanged(self) -> bool:
        return self._immutable is None or self._immutable == self._inspect()

    def _inspect(self) -> _Files:
        stat, wal = self.path.stat(), self._companion("-wal")
        try:
            wal_size = wal.stat().st_size
        except FileNotFoundError:
            wal_size = -1
        return _Files(stat.st_ino, stat.st_size, stat.st_mtime_ns, wal_size, self._companion("-shm").exists())

    def _companion(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _open(self) -> None:
        files = self._inspect()
        self._immutable = None
        if files.wal_size >= 0 and files.has_shm:
            self._connection = _connect(self.path, "mode=ro&readonly_shm=1")
        elif files.wal_size > 0:
            self._connection = _connect(self._consistent_copy(), "mode=ro")
        else:
            self._immutable = files
            self._connection = _connect(self.path, "mode=ro&immutable=1")

    def _consistent_copy(self) -> Path:
        self._copy = TemporaryDirectory(prefix="doorstep-read-")
        path = Path(self._copy.name) / self.path.name
        for _ in range(MAX_ATTEMPTS):
            files = self._inspect()
            shutil.copyfile(self.path, path)
            shutil.copyfile(self._companion("-wal"), path.with_name(path.name + "-wal"))
            if files == self._inspect():
                return path
        raise errors.ServiceUnavailable


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    connection.execute("PRAGMA query_only=ON").fetchall()
    return connection
