"""The one writer of a SQLite file: a thread that takes what is waiting and commits it together (group commit).

Waiting for the disk is what a commit costs, so many works share one. Each work has a savepoint: what it raises undoes
only itself. When the commit fails, all of them fail, also those that raised: they may have seen what is not there now.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from ..domain import errors
from .checkpoints import PATIENCE, Checkpoints
from .damage import Guard, patiently
from .database import T, Work
from .migrate import migrate_sqlite
from .sqlite_tx import WriteTx, drive, is_busy, problem
from .statements import Statement

Job = tuple[Work[Any], asyncio.Future[Any]]
Outcome = tuple[Any, BaseException | None]


def attempt(tx: WriteTx, work: Work[Any]) -> Outcome:
    """Run one work. (It knows nothing of futures, so that a traceback keeps none of them alive.)"""
    try:
        value = drive(work(tx))
        tx.keep()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller, and the writer lives on
        return None, error
    return value, None


def answer(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Resolve the futures; runs on the event loop, once for a batch."""
    for (_, future), (value, error) in zip(jobs, outcomes, strict=True):
        if future.done():  # the caller went away
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


class Writer:
    """The thread. `open_` gives a connection, `commit` makes its transaction durable."""

    def __init__(
        self,
        open_: Callable[[], Any],
        commit: Callable[[Any], None],
        sql: dict[str, Statement],
        guard: Guard,
        *,
        batch: int,
        waiting: int,
        checkpoint_pages: int,
    ) -> None:
        self._open, self._commit, self._sql, self._guard = open_, commit, sql, guard
        self._batch, self._waiting = batch, waiting
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="sqlite-write", daemon=True)
        self._taking = False
        self._checkpoints = Checkpoints(open_, checkpoint_pages)

    async def start(self) -> None:
        """Open the file and bring the tables up to date; raises what went wrong."""
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._thread.start()
        await self._started
        self._taking = True

    async def close(self) -> None:
        """Write what was taken, then close the file."""
        self._taking = False
        if self._thread.is_alive():
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def put(self, work: Work[T]) -> asyncio.Future[T]:
        """Have a work written. The future is done when it is durable."""
        self._guard.sound()
        if not self._taking or self._queue.qsize() >= self._waiting:
            raise errors.Busy
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((work, future))
        return future

    def _run(self) -> None:
        try:
            self._connection = self._open()
            self._guard.examine(self._connection)
            patiently(lambda: migrate_sqlite(self._connection), is_busy, PATIENCE / 1000)
            self._checkpoints.start()
            self._guard.remember()
        except BaseException as error:  # noqa: BLE001 - raised by `start`
            self._call(self._started.set_exception, problem(error))
            return
        self._call(self._started.set_result, None)
        while jobs := self._take():
            self._call(answer, jobs, self._write(jobs))
            self._checkpoints.between_batches(self._connection)
        self._checkpoints.close()
        self._connection.close()

    def _call(self, function: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *args)

    def _take(self) -> list[Job]:
        """What is waiting, up to a batch. Empty when it is time to go."""
        first = self._queue.get()
        jobs: list[Job] = []
        while first is not None:
            if not first[1].cancelled():
                jobs.append(first)
            if len(jobs) == self._batch:
                return jobs
            try:
                first = self._queue.get_nowait()
            except Empty:
                if jobs:
                    return jobs
                first = self._queue.get()
        self._queue.put(None)  # for the next time, when this batch is written
        return jobs

    def _write(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One transaction for all. A statement that makes SQLite drop the transaction fails those up to it only."""
        outcomes: list[Outcome] = []
        tx = WriteTx(self._connection, self._sql)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for work, _ in jobs:
                outcomes.append(attempt(tx, work))
                error = outcomes[-1][1]
                if error is None:
                    continue
                self._guard.note(error)
                self._guard.sound()
                if not self._connection.in_transaction:
                    failed: list[Outcome] = [(None, problem(error)) for _ in outcomes]
                    return failed + (self._write(jobs[len(outcomes) :]) if len(outcomes) < len(jobs) else [])
                outcomes[-1] = (None, problem(error))
                tx.undo()
            self._commit(self._connection)
            self._guard.check()
        except BaseException as error:  # noqa: BLE001 - everybody is told, and the writer lives on
            self._guard.note(error)
            self._recover()
            return [(None, problem(error)) for _ in jobs]
        self._checkpoints.changes += tx.changes
        return outcomes

    def _recover(self) -> None:
        """Back to no transaction, if need be with a new connection."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - what is wrong with the connection does not matter any more
            with suppress(Exception):
                self._connection.close()
            with suppress(Exception):
                self._connection = self._open()
            return
        if self._guard.only_the_log_is_gone:
            with suppress(Exception):  # what was acknowledged is in the open log alone: now it gets into the file
                self._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
