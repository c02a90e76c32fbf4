"""Runs a transaction function on a SQLite connection: on a thread, in one go."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from service import errors

from .damage import CORRUPT
from .database import BatchStatement, ResultOf, Row
from .queries import Query

Connect = Callable[[str], Any]
"""Opens a connection like one of sqlite3. A test replaces it to simulate a power cut."""

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
    """The error for the caller: a problem for a full disk, a lasting lock or a failing file, else the same error."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in FULL_CODES:
        problem: errors.Problem = errors.StorageFull()
    elif is_busy(error):
        problem = errors.ServiceUnavailable()
    elif code & 0xFF in FAILED_CODES:
        problem = errors.StorageFailed(getattr(error, "sqlite_errorname", ""))
    else:
        return error
    problem.__cause__ = error
    return problem


@contextmanager
def errors_as_problems() -> Generator[None]:
    """Raises the problem for an error, if there is one."""
    try:
        yield
    except BaseException as error:
        problem = to_problem(error)
        if problem is error:
            raise
        raise problem from error


def is_busy(error: BaseException) -> bool:
    """Whether another connection holds a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES


def run_without_event_loop(work: Any) -> Any:
    """The result of a coroutine that never suspends."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("a transaction function must await nothing but its transaction")


class SqliteTransaction:
    """A `Transaction` that never suspends, so that a thread can run a function without an event loop."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        self._execute, self._sql = connection.execute, sql

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        return self._execute(self._sql[query].sql, params).fetchone()

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        return self._execute(self._sql[query].sql, params).fetchall()

    async def execute(self, query: str, /, **params: Any) -> int:
        return self._execute(self._sql[query].sql, params).rowcount

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        names = (queries,) if isinstance(queries, str) else queries
        for row in rows:
            for query in names:
                await self.execute(query, **row)

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        values = [value for _, params in changes for value in params.values()]
        results: dict[str, Any] = {value.query: None for value in values if type(value) is ResultOf}
        counts: list[int] = []
        for query, params in changes:
            given = {name: results[value.query] if type(value) is ResultOf else value for name, value in params.items()}
            if query in results:
                row = await self.fetch_one(query, **given)
                results[query] = None if row is None else row[0]
                counts.append(int(row is not None))
            else:
                counts.append(await self.execute(query, **given))
        return counts


class SqliteWriteTransaction(SqliteTransaction):
    """One transaction for several functions in turn. After each call `release_savepoint`, or `rollback_to_savepoint`
    when it raised."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        super().__init__(connection, sql)
        self._connection = connection
        self._total_changes = connection.total_changes
        self.changes = 0  # a rough number of changed pages

    async def execute(self, query: str, /, **params: Any) -> int:
        self.changes += 1 + len(params.get("body", b"")) // 4096
        return self._execute(self._sql[query].sql, params).rowcount

    def release_savepoint(self) -> None:
        """Keep the changes of the function."""
        self._total_changes = self._connection.total_changes

    def rollback_to_savepoint(self) -> bool:
        """Whether the function left no change behind: here, when it made none, as most that raise."""
        return self._connection.total_changes == self._total_changes


class SavepointTransaction(SqliteWriteTransaction):
    """The same with a savepoint before the first statement of each function, so that its changes can be undone."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        super().__init__(connection, sql)
        self._has_savepoint = False
        self._execute = self._execute_with_savepoint

    def _execute_with_savepoint(self, sql: str, params: dict[str, Any]) -> Any:
        if not self._has_savepoint:
            self._connection.execute("SAVEPOINT work")
            self._has_savepoint = True
        return self._connection.execute(sql, params)

    def release_savepoint(self) -> None:
        if self._has_savepoint:
            self._connection.execute("RELEASE work")
            self._has_savepoint = False

    def rollback_to_savepoint(self) -> bool:
        if self._has_savepoint:
            self._connection.execute("ROLLBACK TO work")
            self.release_savepoint()
        return True
