"""SQLite through aiosqlite: one connection writes and commits what is waiting together, others read.

A work runs whole on a connection's own thread: one hop, however many statements it has. Durable means: WAL with
synchronous=FULL. NORMAL loses acknowledged writes when the power fails (`tests/db/test_powercut.py` shows both). Reads
do not wait for the writer, nor the writer for them.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from service import errors

from .damage import FileGuard, retry_while_busy
from .database import T, TransactionFn
from .migrate import migrate_sqlite
from .queries import load_queries
from .sqlite_checkpoints import BUSY_TIMEOUT_MS, Checkpoints
from .sqlite_transaction import (
    Connect,
    SavepointTransaction,
    SqliteTransaction,
    SqliteWriteTransaction,
    connect,
    is_busy,
    run_without_event_loop,
    to_problem,
)

WAIT = BUSY_TIMEOUT_MS / 1000  # seconds for what SQLite's own patience does not cover
CANTOPEN_WAIT = 2.0  # seconds: the last process to close a file removes its WAL, which another one may just open
PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=0",  # see `checkpoints`
    "fullfsync=ON",  # macOS: there a plain sync does not reach the disk
    "secure_delete=ON",  # what is deleted is overwritten
    "foreign_keys=ON",
    "temp_store=memory",  # what a savepoint or a sort keeps aside needs no file
)
R = TypeVar("R")
Job = tuple[TransactionFn[Any], asyncio.Future[Any]]
Outcome = tuple[Any, BaseException | None]


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that also runs whole functions on its thread, as its own methods run one statement."""

    def __init__(self, connector: Callable[[], Any]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # a process that ends without closing must not hang

    async def open(self) -> None:
        """Connect. When that fails, the thread is gone too (it would tell the result to a loop that may be closed)."""
        try:
            await self
        except BaseException:
            self._thread.join()
            raise

    async def close(self) -> None:
        """Close, and see the thread end."""
        await super().close()
        if self._thread.is_alive():
            self._thread.join()

    async def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """`function(connection, *arguments)` with sqlite3's connection, on the thread."""
        return await self._execute(function, self._conn, *arguments)

    def reconnect(self) -> None:
        """Replace a broken connection by a new one; for functions that `run` on the thread."""
        with suppress(Exception):
            self._conn.close()
        with suppress(Exception):  # the next one to find it closed tries again
            self._connection = self._connector()


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
        readers: int = 2,
        batch: int = 128,
        waiting: int = 10_000,
        checkpoint_pages: int = 500,
    ) -> None:
        self.path, self._connect, self._sql = Path(path), connect, load_queries(self.engine)
        self._guard = FileGuard(self.path)
        self._batch, self._waiting = batch, waiting
        self._writer = Connection(self._open)
        self._readers = [Connection(self._open) for _ in range(readers)]
        self._beside = Connection(self._open)  # moves pages from the WAL into the file
        self._checkpoints = Checkpoints(checkpoint_pages)
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._idle: asyncio.Queue[Connection] = asyncio.Queue()
        self._taking = False

    @property
    def name(self) -> str:
        """See `Database`."""
        return str(self.path.absolute())

    def _open(self) -> Any:
        connection = self._connect(str(self.path))
        try:
            for pragma in PRAGMAS:
                _patiently(lambda pragma=pragma: connection.execute(f"PRAGMA {pragma}").fetchall())
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
        try:
            await self._writer.open()
            await self._writer.run(self._prepare)
            await self._beside.open()
            self._guard.remember()
            for reader in self._readers:
                await reader.open()
                await reader.run(lambda connection: connection.execute("PRAGMA query_only=ON").fetchall())
                self._idle.put_nowait(reader)
        except BaseException as error:
            for connection in (*self._readers, self._beside, self._writer):
                await connection.close()  # does nothing with one that was never opened
            found = to_problem(error)
            if found is error:
                raise
            raise found from error
        self._taking = True
        self._committer = asyncio.create_task(self._commit_what_waits())

    def _prepare(self, connection: Any) -> None:
        self._guard.examine(connection)
        _patiently(lambda: migrate_sqlite(connection))

    async def close(self) -> None:
        """Write what was taken, and close the file."""
        if not self._taking:
            return
        self._taking = False
        for _ in self._readers:
            await (await self._idle.get()).close()
        self._jobs.put_nowait(None)
        await self._committer
        await self._checkpoints.ended()
        await self._beside.close()
        await self._writer.close()  # last: the last connection empties the WAL into the file

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:  # noqa: ARG002 - for PostgreSQL
        """See `Database.write`."""
        self._guard.is_sound()
        if not self._taking or self._jobs.qsize() >= self._waiting:
            raise errors.ServiceUnavailable
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait((work, future))
        return await future

    async def read(self, work: TransactionFn[T]) -> T:
        """See `Database.read`."""
        if not self._taking:
            raise errors.ServiceUnavailable
        reader = await self._idle.get()
        try:
            return await reader.run(self._read, work)
        finally:
            self._idle.put_nowait(reader)  # if the caller went away, its thread first ends this work

    def _read(self, connection: Any, work: TransactionFn[T]) -> T:
        try:
            connection.execute("BEGIN")
            return run_without_event_loop(work(SqliteTransaction(connection, self._sql)))
        except Exception as error:
            self._guard.record_error(error)
            found = to_problem(error)
            if found is error:
                raise
            raise found from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    async def _commit_what_waits(self) -> None:
        """The one who has works written: takes what is waiting, has it committed together, and tells everybody."""
        last = False
        while not last:
            taken = [await self._jobs.get()]
            while len(taken) < self._batch and not self._jobs.empty():
                taken.append(self._jobs.get_nowait())
            last = None in taken  # nothing comes after it
            jobs = [job for job in taken if job is not None and not job[1].cancelled()]
            if not jobs:
                continue
            outcomes = await self._writer.run(self._write, [work for work, _ in jobs])
            for (_, future), (value, error) in zip(jobs, outcomes, strict=True):
                if future.done():  # the caller went away
                    continue
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)
            await self._checkpoints.maybe_checkpoint(self._writer, self._beside)

    def _write(
        self,
        connection: Any,
        works: Sequence[TransactionFn[Any]],
        transaction: type[SqliteWriteTransaction] = SqliteWriteTransaction,
    ) -> list[Outcome]:
        """One transaction for all, at first without savepoints: when what one work changed has to be undone, all of
        them run again, each behind a savepoint. When the commit fails, all fail, also those that raised: they may have
        seen what is not there now."""
        outcomes: list[Outcome] = []
        raised: BaseException | None = None
        try:
            connection.execute("BEGIN IMMEDIATE")
            tx = transaction(connection, self._sql)
            for work in works:
                value, raised = _attempt(tx, work)
                outcomes.append((value, raised and to_problem(raised)))
                if raised is None:
                    continue
                self._guard.record_error(raised)
                self._guard.is_sound()
                if not (connection.in_transaction and tx.rollback_to_savepoint()):
                    break
            else:
                self.commit(connection)
                self._guard.check()
                self._checkpoints.changes += tx.changes
                return outcomes
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - everybody is told, and the writer lives on
            self._guard.record_error(error)
            self._recover(connection)
            return [(None, to_problem(error)) for _ in works]
        if len(works) > 1 and transaction is SqliteWriteTransaction:
            return self._write(connection, works, SavepointTransaction)
        rest = works[len(outcomes) :]  # SQLite dropped the transaction, and with it those before
        dropped: list[Outcome] = [(None, raised and to_problem(raised)) for _ in outcomes]
        return dropped + (self._write(connection, rest, SavepointTransaction) if rest else [])

    def _recover(self, connection: Any) -> None:
        """Back to no transaction, if need be with a new connection."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - what is wrong with the connection does not matter any more
            self._writer.reconnect()
            return
        if self._guard.only_the_log_is_gone:
            with suppress(Exception):  # what was acknowledged is in the open log alone: now it gets into the file
                connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()


def _attempt(tx: SqliteWriteTransaction, work: TransactionFn[Any]) -> Outcome:
    """Run one work. (It knows nothing of futures, so that a traceback keeps none of them alive.)"""
    try:
        value = run_without_event_loop(work(tx))
        tx.release_savepoint()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller, and the writer lives on
        return None, error
    return value, None


def _patiently(function: Callable[[], Any]) -> Any:
    """Open or prepare a file that other processes open, prepare and close at the same time."""
    return retry_while_busy(lambda: retry_while_busy(function, is_busy, WAIT), _is_cantopen, CANTOPEN_WAIT)


def _is_cantopen(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
