"""What is special about the SQLite writer: one commit for many, and what happens when it fails."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service import errors
from service.db.database import Transaction, TransactionFn
from service.db.sqlite import Sqlite
from service.visits.batches import batches_of, get_batch
from service.visits.repository import get_visit
from tests.support.row_factories import a_batch, a_visit, add_batch, plan, uid


class Counted(Sqlite):
    """Counts its commits; `fail` makes the next one fail, `gate` holds them back once they `arrived`."""

    def __init__(self, path: Path, **other: Any) -> None:
        super().__init__(path, **other)
        self.commits, self.fail, self.gate, self.arrived = 0, False, threading.Event(), threading.Event()
        self.gate.set()

    def commit(self, connection: Any) -> None:
        self.arrived.set()
        assert self.gate.wait(60)
        self.commits += 1
        if self.fail:
            self.fail = False
            raise sqlite3.OperationalError("the disk is gone")
        super().commit(connection)


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    database = Counted(tmp_path / "doorstep.db", max_queued=500)
    await database.start()
    await plan(database)
    yield database
    await database.close()


async def write_many(database: Sqlite, numbers: range) -> list[Any]:
    return await asyncio.gather(
        *(database.write(lambda tx, n=n: add_batch(tx, a_batch(n))) for n in numbers), return_exceptions=True
    )


async def held_at_its_commit(database: Counted, work: TransactionFn[Any]) -> asyncio.Task[Any]:
    """A write whose commit has come, and waits until the gate opens."""
    database.arrived.clear()
    database.gate.clear()
    task = asyncio.create_task(database.write(work))
    assert await asyncio.to_thread(database.arrived.wait, 60)
    return task


async def test_what_waits_shares_a_commit(counted: Counted) -> None:
    before = counted.commits
    assert await write_many(counted, range(256)) == [True] * 256
    assert counted.commits - before <= 4


async def test_a_commit_that_fails_fails_all_of_its_batch_and_the_next_works(counted: Counted) -> None:
    first = await held_at_its_commit(counted, lambda tx: add_batch(tx, a_batch(1000)))  # what comes now is one batch

    async def refuse(tx: Transaction) -> None:
        await add_batch(tx, a_batch(1001))
        counted.fail = True  # the commit that comes next
        raise LookupError

    rest = asyncio.create_task(write_many(counted, range(20)))
    refused = asyncio.create_task(counted.write(refuse))
    await asyncio.sleep(0.05)
    counted.gate.set()

    assert await first is True
    outcomes = [*await rest, *await asyncio.gather(refused, return_exceptions=True)]
    assert [str(outcome) for outcome in outcomes] == ["the disk is gone"] * 21  # also the one that raised
    assert [row.id for row in await counted.read(lambda tx: batches_of(tx, uid(1)))] == [uid(1000)]
    assert await write_many(counted, range(20)) == [True] * 20


async def test_a_work_that_waits_for_something_else_is_told_so(counted: Counted) -> None:
    async def work(tx: Transaction) -> None:
        await add_batch(tx, a_batch(1))
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="must await nothing but its transaction"):
        await counted.write(work)
    with pytest.raises(RuntimeError, match="must await nothing but its transaction"):
        await counted.read(lambda tx: asyncio.sleep(0))
    assert await counted.read(lambda tx: get_batch(tx, uid(1))) is None


async def test_a_full_queue_is_busy_and_takes_again_later(counted: Counted) -> None:
    first = await held_at_its_commit(counted, lambda tx: get_visit(tx, uid(1)))  # the rest waits in the queue
    waiting = asyncio.create_task(write_many(counted, range(700)))
    await asyncio.sleep(0.1)
    with pytest.raises(errors.ServiceUnavailable):
        await counted.write(lambda tx: get_visit(tx, uid(1)))
    counted.gate.set()
    assert await first == a_visit()
    outcomes = await waiting
    assert {type(outcome) for outcome in outcomes} == {bool, errors.ServiceUnavailable}
    kept = await counted.read(lambda tx: batches_of(tx, uid(1)))
    assert len(kept) == outcomes.count(True)
    assert await counted.write(lambda tx: add_batch(tx, a_batch(1000))) is True


async def test_a_work_whose_caller_went_away_before_its_turn_is_not_run(counted: Counted) -> None:
    first = await held_at_its_commit(counted, lambda tx: add_batch(tx, a_batch(1)))
    gone = asyncio.create_task(counted.write(lambda tx: add_batch(tx, a_batch(2))))
    await asyncio.sleep(0.05)
    gone.cancel()
    await asyncio.sleep(0)
    counted.gate.set()
    assert await first is True
    assert await counted.write(lambda tx: get_batch(tx, uid(2))) is None


async def test_a_work_that_only_reads_makes_no_sync(counted: Counted) -> None:
    wal = counted.path.with_name("doorstep.db-wal")
    before = wal.stat()
    assert await counted.write(lambda tx: get_visit(tx, uid(1))) == a_visit()
    after = wal.stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


async def test_another_process_that_holds_the_lock_makes_it_busy(counted: Counted, tmp_path: Path) -> None:
    database = Sqlite(counted.path, lambda path: sqlite3.connect(path, isolation_level=None, check_same_thread=False))
    await database.start()
    other = sqlite3.connect(counted.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    await database._writer.execute("PRAGMA busy_timeout=50")
    with pytest.raises(errors.ServiceUnavailable):
        await database.write(lambda tx: add_batch(tx, a_batch(1)))
    other.execute("ROLLBACK")
    other.close()
    assert await database.write(lambda tx: add_batch(tx, a_batch(1))) is True
    await database.close()


async def test_the_wal_stays_short_and_is_gone_after_close(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "doorstep.db", checkpoint_pages=200)
    await database.start()
    await plan(database)
    for start in range(0, 2000, 100):
        rows = [a_batch(n, body=bytes(3000)) for n in range(start, start + 100)]
        await asyncio.gather(*(database.write(lambda tx, row=row: add_batch(tx, row)) for row in rows))
    wal = tmp_path / "doorstep.db-wal"
    assert wal.stat().st_size < 4 * 200 * 4096
    await database.close()
    assert os.listdir(tmp_path) == ["doorstep.db"]  # noqa: PTH208


async def test_every_connection_syncs_fully(tmp_path: Path) -> None:
    opened: list[sqlite3.Connection] = []

    def connect(path: str) -> sqlite3.Connection:
        opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return opened[-1]

    database = Sqlite(tmp_path / "doorstep.db", connect)
    await database.start()
    assert len(opened) == 4  # the writer, its checkpoints, two readers
    for connection in opened:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    await database.close()


async def test_a_file_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "doorstep.db").write_bytes(b"this is not a database, and long enough to be seen as none" * 20)
    database = Sqlite(tmp_path / "doorstep.db")
    with pytest.raises(OSError, match=r"不是 SQLite 数据库.*NOTADB"):
        await database.start()
    with pytest.raises(errors.ServiceUnavailable):
        await database.write(lambda tx: get_visit(tx, uid(1)))
    await database.close()
