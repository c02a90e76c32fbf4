"""SQLite through aiosqlite: one connection writes, committing what is waiting together; others read.

A transaction function runs entirely on a connection's own thread: one hop, however many statements it has. "Durable"
means WAL with synchronous=FULL; NORMAL loses acknowledged writes in a power cut (`tests/db/test_powercut.py` shows
both). Readers and the writer do not block each other.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from service import errors
from service.measurements import COMMIT_SECONDS, COMMITTED

from .damage import CANTOPEN_SECONDS, FileGuard, is_cantopen, retry_while_busy
from .database import T, TransactionFn
from .migrate import migrate_sqlite
from .queries import load_queries
from .sqlite_checkpoints import BUSY_TIMEOUT_MS, Checkpoints
from .sqlite_failures import cannot_open
from .sqlite_transaction import (
    Connect,
    SavepointTransaction,
    SqliteTransaction,
    SqliteWriteTransaction,
    connect,
    errors_as_problems,
    is_busy,
    run_without_event_loop,
    to_problem,
)

BUSY_SECONDS = BUSY_TIMEOUT_MS / 1000  # for locks that busy_timeout does not cover
PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",  # see `sqlite_checkpoints`
    "fullfsync=ON",  # macOS, where a plain fsync does not reach the disk
    "secure_delete=ON",  # overwrite what is deleted
    "foreign_keys=ON",
    "temp_store=memory",  # savepoints and sorts need no file
)
R = TypeVar("R")
WriteJob = tuple[TransactionFn[Any], asyncio.Future[Any]]
Outcome = tuple[Any, BaseException | None]


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that can also run whole functions on its thread."""

    def __init__(self, connector: Callable[[], Any]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # a process that ends without closing must not hang

    async def open(self) -> None:
        """Connect. On failure wait for the thread, which would otherwise report to a loop that may be closed."""
        try:
            await self
        except BaseException:
            self._thread.join()
            raise

    async def close(self) -> None:
        """Close, and wait for the thread."""
        await super().close()
        if self._thread.is_alive():
            self._thread.join()

    async def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """`function(connection, *arguments)` with sqlite3's connection, on the thread."""
        return await self._execute(function, self._conn, *arguments)  # pyright: ignore[reportUnknownMemberType]

    def reconnect(self) -> None:
        """Replace a broken connection; to be called on the thread."""
        with suppress(Exception):
            self._conn.close()
        with suppress(Exception):  # the next one to find it closed tries again
            self._connection = self._connector()


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, durably, and only for us. SQLite syncs what is inside."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(0o700, exist_ok=True)
    if os.name == "posix":
        parent = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)


class Sqlite:
    """A SQLite file. At most `max_batch` functions share a commit; with `max_queued` waiting, ServiceUnavailable."""

    engine = "sqlite"
    failures = (sqlite3.Error,)

    def __init__(
        self,
        path: str | Path,
        connect: Connect = connect,
        *,
        readers: int = 2,
        max_batch: int = 128,
        max_queued: int = 10_000,
        checkpoint_pages: int = 500,
    ) -> None:
        self.path, self._connect, self._sql = Path(path), connect, load_queries(self.engine)
        self._guard = FileGuard(self.path)
        self._max_batch, self._max_queued = max_batch, max_queued
        self._writer = Connection(self._open)
        self._readers = [Connection(self._open) for _ in range(readers)]
        self._checkpointer = Connection(self._open)
        self._checkpoints = Checkpoints(checkpoint_pages)
        self._jobs: asyncio.Queue[WriteJob | None] = asyncio.Queue()
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        self._is_open = False

    @property
    def name(self) -> str:
        return str(self.path.absolute())

    @property
    def waiting(self) -> int:
        return self._jobs.qsize()

    def _open(self) -> Any:
        connection = self._connect(str(self.path))
        try:
            for pragma in PRAGMAS:
                _retrying(lambda pragma=pragma: connection.execute(f"PRAGMA {pragma}").fetchall())
        except BaseException:
            connection.close()
            raise
        return connection

    def commit(self, connection: Any) -> None:
        """Make the writer's transaction durable. A benchmark overrides it to simulate a slower disk."""
        connection.execute("COMMIT")

    async def start(self) -> None:
        try:
            await self._start()
        except Exception as error:
            if said := cannot_open(self.path, error):
                raise said from error
            raise

    async def _start(self) -> None:
        _make_folder(self.path.parent)
        with suppress(OSError):  # SQLite says what is wrong; its other files get the rights of this one
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with errors_as_problems():
            try:
                await self._writer.open()
                await self._writer.run(self._prepare)
                await self._checkpointer.open()
                self._guard.remember()
                for reader in self._readers:
                    await reader.open()
                    await reader.run(_make_read_only)
                    self._idle.put_nowait(reader)
            except BaseException:
                for connection in (*self._readers, self._checkpointer, self._writer):
                    await connection.close()  # does nothing with one that was never opened
                raise
        self._is_open = True
        self._committer = asyncio.create_task(self._commit_jobs())

    def _prepare(self, connection: Any) -> None:
        self._guard.examine(connection)
        _retrying(lambda: migrate_sqlite(connection))

    async def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        for _ in self._readers:
            await (await self._idle.get()).close()
        self._jobs.put_nowait(None)
        await self._committer
        await self._checkpoints.finish()
        await self._checkpointer.close()
        await self._writer.close()  # last: the last connection empties the WAL into the file

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:  # noqa: ARG002 - for PostgreSQL
        self._guard.require_sound()
        if not self._is_open or self._jobs.qsize() >= self._max_queued:
            raise errors.ServiceUnavailable
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait((work, future))
        return await future

    async def read(self, work: TransactionFn[T]) -> T:
        if not self._is_open:
            raise errors.ServiceUnavailable
        reader = await self._idle.get()
        try:
            return await reader.run(self._read, work)
        finally:
            self._idle.put_nowait(reader)  # if the caller was cancelled, the thread finishes this function first

    async def purge(self) -> bool:
        """See `Database.purge`. What is deleted is overwritten at once (`secure_delete`), in the WAL: the file has it
        after a checkpoint, which also empties the WAL of what was in it before."""
        if not self._is_open:
            raise errors.ServiceUnavailable
        return await self._checkpointer.run(_empty_wal)

    def _read(self, connection: Any, work: TransactionFn[T]) -> T:
        try:
            with errors_as_problems():
                connection.execute("BEGIN")
                return run_without_event_loop(work(SqliteTransaction(connection, self._sql)))
        except Exception as error:
            self._guard.record_error(error.__cause__ or error)
            raise
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    async def _commit_jobs(self) -> None:
        """Take the waiting jobs, commit them together, and resolve their futures, until `close`."""
        last = False
        while not last:
            taken = [await self._jobs.get()]
            while len(taken) < self._max_batch and not self._jobs.empty():
                taken.append(self._jobs.get_nowait())
            last = None in taken  # nothing follows it
            jobs = [job for job in taken if job is not None and not job[1].cancelled()]
            if not jobs:
                continue
            outcomes = await self._writer.run(self._write, [work for work, _ in jobs])
            for (_, future), (value, error) in zip(jobs, outcomes, strict=True):
                if future.done():  # the caller was cancelled
                    continue
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)
            await self._checkpoints.maybe_checkpoint(self._writer, self._checkpointer)

    def _write(
        self,
        connection: Any,
        works: Sequence[TransactionFn[Any]],
        transaction: type[SqliteWriteTransaction] = SqliteWriteTransaction,
    ) -> list[Outcome]:
        """Run functions in one transaction, at first without savepoints: when the changes of one have to be undone, all
        run again, each behind a savepoint. When the commit fails, all fail, also those that raised: they may have read
        changes that are gone."""
        outcomes: list[Outcome] = []
        raised: BaseException | None = None
        begun = time.perf_counter()
        try:
            connection.execute("BEGIN IMMEDIATE")
            tx = transaction(connection, self._sql)
            for work in works:
                value, raised = _attempt(tx, work)
                outcomes.append((value, raised and to_problem(raised)))
                if raised is None:
                    continue
                self._guard.record_error(raised)
                self._guard.require_sound()
                if not (connection.in_transaction and tx.rollback_to_savepoint()):
                    break
            else:
                self.commit(connection)
                self._guard.check()
                self._checkpoints.changes += tx.changes
                COMMIT_SECONDS.observe(time.perf_counter() - begun)
                COMMITTED.inc(len(works))
                return outcomes
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - every caller gets it, and the writer survives
            self._guard.record_error(error)
            self._recover(connection)
            return [(None, to_problem(error)) for _ in works]
        if len(works) > 1 and transaction is SqliteWriteTransaction:
            return self._write(connection, works, SavepointTransaction)
        rest = works[len(outcomes) :]  # SQLite rolled back the whole transaction, with all functions so far
        dropped: list[Outcome] = [(None, raised and to_problem(raised)) for _ in outcomes]
        return dropped + (self._write(connection, rest, SavepointTransaction) if rest else [])

    def _recover(self, connection: Any) -> None:
        """End the transaction, if necessary with a new connection."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - the connection is replaced, whatever is wrong with it
            self._writer.reconnect()
            return
        if self._guard.only_wal_is_gone:
            with suppress(Exception):  # only the open WAL holds what was acknowledged: move it into the file
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()


def _empty_wal(connection: Any) -> bool:
    connection.execute("PRAGMA busy_timeout=1000").fetchall()
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").fetchall()
    return busy == 0


def _make_read_only(connection: Any) -> None:
    connection.execute("PRAGMA query_only=ON").fetchall()


def _attempt(tx: SqliteWriteTransaction, work: TransactionFn[Any]) -> Outcome:
    """Run one function. (No future is in scope, so that a traceback keeps none alive.)"""
    try:
        value = run_without_event_loop(work(tx))
        tx.release_savepoint()
    except BaseException as error:  # noqa: BLE001 - any exception belongs to the caller, and the writer survives
        return None, error
    return value, None


def _retrying(function: Callable[[], Any]) -> Any:
    """Retry while other processes open, prepare or close the same file."""
    return retry_while_busy(lambda: retry_while_busy(function, is_busy, BUSY_SECONDS), is_cantopen, CANTOPEN_SECONDS)
