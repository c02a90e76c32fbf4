"""How a work runs on a SQLite connection: on a thread, in one go."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from service import errors

from .damage import CORRUPT
from .database import BatchStatement, ResultOf, Row
from .queries import Query

Connect = Callable[[str], Any]
"""Opens a connection that has `execute(sql, params)`, `in_transaction`, `total_changes`, `interrupt()` and `close()`,
with cursors that have `fetchone`, `fetchall` and `rowcount`: what sqlite3 has. A test gives another one to cut the
power."""

FULL_CODES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
FAILED_CODES = CORRUPT | {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}


def connect(path: str) -> sqlite3.Connection:
    """A connection that leaves transactions to us and may be used by one thread after another."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)


def to_problem(error: BaseException) -> BaseException:
    """What a caller gets: a full disk, a lock that lasts and a file that fails are problems, the rest stays itself."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in FULL_CODES:
        found: errors.Problem = errors.StorageFull()
    elif is_busy(error):
        found = errors.ServiceUnavailable()
    elif code & 0xFF in FAILED_CODES:
        found = errors.StorageFailed(getattr(error, "sqlite_errorname", ""))
    else:
        return error
    found.__cause__ = error
    return found


def is_busy(error: BaseException) -> bool:
    """Whether another connection is in the way."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES


def run_without_event_loop(work: Any) -> Any:
    """Run a coroutine that never really waits, here and now; its result."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("a work must not wait for anything but its Tx")


class SqliteTransaction:
    """A `Tx` whose methods never suspend, so that a thread can `drive` a work without an event loop."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        self._execute, self._sql = connection.execute, sql

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        """See `Tx`."""
        return self._execute(self._sql[query].sql, params).fetchone()

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        """See `Tx`."""
        return self._execute(self._sql[query].sql, params).fetchall()

    async def execute(self, query: str, /, **params: Any) -> int:
        """See `Tx`."""
        return self._execute(self._sql[query].sql, params).rowcount

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        """See `Tx`."""
        names = (queries,) if isinstance(queries, str) else queries
        for row in rows:
            for query in names:
                await self.execute(query, **row)

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        """See `Tx`."""
        values = [value for _, params in changes for value in params.values()]
        wanted: dict[str, Any] = {value.query: None for value in values if type(value) is ResultOf}
        counts: list[int] = []
        for query, params in changes:
            given = {name: wanted[value.query] if type(value) is ResultOf else value for name, value in params.items()}
            if query in wanted:
                row = await self.fetch_one(query, **given)
                wanted[query] = None if row is None else row[0]
                counts.append(int(row is not None))
            else:
                counts.append(await self.execute(query, **given))
        return counts


class SqliteWriteTransaction(SqliteTransaction):
    """A `Tx` of several works in one transaction, one after the other. After each: `keep`, or `undo` when it raised."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        super().__init__(connection, sql)
        self._connection = connection
        self._kept = connection.total_changes
        self.changes = 0  # pages of them, roughly

    async def execute(self, query: str, /, **params: Any) -> int:
        """See `Tx`."""
        self.changes += 1 + len(params.get("body", b"")) // 4096
        return self._execute(self._sql[query].sql, params).rowcount

    def release_savepoint(self) -> None:
        """The work ended well."""
        self._kept = self._connection.total_changes

    def rollback_to_savepoint(self) -> bool:
        """Whether nothing is left of the work. Here that is so when it had changed nothing, as most that raise."""
        return self._connection.total_changes == self._kept


class SavepointTransaction(SqliteWriteTransaction):
    """The same with a savepoint before the first statement of each work: whatever it changed can be undone."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        super().__init__(connection, sql)
        self._saved = False
        self._execute = self._saved_execute

    def _saved_execute(self, sql: str, params: dict[str, Any]) -> Any:
        if not self._saved:
            self._connection.execute("SAVEPOINT work")
            self._saved = True
        return self._connection.execute(sql, params)

    def release_savepoint(self) -> None:
        """See `SqliteWriteTransaction`."""
        if self._saved:
            self._connection.execute("RELEASE work")
            self._saved = False

    def rollback_to_savepoint(self) -> bool:
        """See `SqliteWriteTransaction`."""
        if self._saved:
            self._connection.execute("ROLLBACK TO work")
            self.release_savepoint()
        return True
