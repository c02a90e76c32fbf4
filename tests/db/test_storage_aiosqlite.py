"""The service's use of aiosqlite: what of it is not public, its threads, and works that run again."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from service.db.database import Transaction
from service.db.sqlite import Sqlite
from service.visits.batches import batches_of, get_batch
from service.visits.repository import get_visit
from tests.support.row_factories import a_batch, a_visit, add_batch, plan, uid


class Breaking(Sqlite):
    """A database whose next commit finds its connection broken."""

    broken = False

    def commit(self, connection: Any) -> None:
        if self.broken:
            self.broken = False
            connection.close()
        super().commit(connection)


async def test_a_writer_that_broke_connects_again(tmp_path: Path) -> None:
    database = Breaking(tmp_path / "doorstep.db")
    await database.start()
    await plan(database)
    assert await database.write(lambda tx: add_batch(tx, a_batch(1)))
    database.broken = True
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await database.write(lambda tx: add_batch(tx, a_batch(2)))
    assert await database.write(lambda tx: add_batch(tx, a_batch(3)))
    assert [row.id for row in await database.read(lambda tx: batches_of(tx, uid(1)))] == [uid(1), uid(3)]
    await database.close()


async def test_a_start_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    for many in range(1, 5):  # the connection that fails is each of them in turn
        opened: list[str] = []

        def connect(path: str, opened: list[str] = opened, many: int = many) -> sqlite3.Connection:
            opened.append(path)
            if len(opened) == many:
                raise sqlite3.OperationalError("unable to open database file")
            return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            await Sqlite(tmp_path / "doorstep.db", connect).start()
    assert set(threading.enumerate()) == before


FORGETFUL = """
import asyncio, sys
from service.db.sqlite import Sqlite

async def main():
    await Sqlite(sys.argv[1]).start()
    raise LookupError("and nothing is closed")

asyncio.run(main())
"""


def test_a_process_that_forgets_to_close_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORGETFUL, str(tmp_path / "doorstep.db")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert "and nothing is closed" in ended.stderr


async def test_works_run_again_only_when_something_has_to_be_undone(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "doorstep.db")
    await database.start()
    await plan(database)
    runs: Counter[int] = Counter()

    async def work(tx: Transaction, number: int, changes: bool) -> int:
        runs[number] += 1
        if changes or number % 5:
            await add_batch(tx, a_batch(number))
        else:
            await get_visit(tx, a_visit().id)
        if number % 5 == 0:
            raise LookupError(number)
        return number

    for first, changes, most in ((100, False, 1), (200, True, 2)):
        numbers = range(first, first + 100)
        outcomes = await asyncio.gather(
            *(database.write(lambda tx, n=n, c=changes: work(tx, n, c)) for n in numbers), return_exceptions=True
        )
        assert [isinstance(outcome, LookupError) for outcome in outcomes] == [n % 5 == 0 for n in numbers]
        assert max(runs[n] for n in numbers) == most
        for n in numbers:
            assert (await database.read(lambda tx, n=n: get_batch(tx, uid(n))) is not None) == bool(n % 5)
    await database.close()
