"""A full disk: writes are refused clearly, reads go on, nothing acknowledged is lost, writes come back by themselves.

In three ways: a file that SQLite may not enlarge, a file that the system may not enlarge (neither needs rights), and,
where the machine lets us mount one, a small disk that is really full.
"""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service import errors
from service.db.sqlite import Sqlite
from service.visits.batches import batches_of, get_batch
from tests.support.row_factories import a_batch, add_batch, plan, uid

BODY = bytes(20_000)


class Limited(Sqlite):
    """A database whose writer's connection a test can reach."""

    def __init__(self, path: Path) -> None:
        self.connections: list[sqlite3.Connection] = []
        super().__init__(path, self._remember)

    def _remember(self, path: str) -> sqlite3.Connection:
        self.connections.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        return self.connections[-1]

    def limit(self, pages: int) -> None:
        """Let the file have so many pages (the writer opened its connection first)."""
        self.connections[0].execute(f"PRAGMA max_page_count={pages}").fetchall()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Limited]:
    database = Limited(tmp_path / "doorstep.db")
    await database.start()
    await plan(database)
    yield database
    await database.close()


async def fill(database: Sqlite, first: int, last: int) -> tuple[list[int], int]:
    """Write until it is full and a while longer: the numbers that were acknowledged, and how many were refused."""
    outcomes: list[Any] = []
    for start in range(first, last, 16):
        numbers = range(start, min(start + 16, last))
        outcomes += await asyncio.gather(
            *(database.write(lambda tx, n=n: add_batch(tx, a_batch(n, body=BODY))) for n in numbers),
            return_exceptions=True,
        )
    assert {type(outcome) for outcome in outcomes} <= {bool, errors.StorageFull}, outcomes
    return [first + n for n, outcome in enumerate(outcomes) if outcome is True], len(outcomes) - outcomes.count(True)


async def prove(database: Sqlite, path: Path, room: Callable[[], object]) -> None:
    """The whole promise. `room` makes room again."""
    stored, refused = await fill(database, 1, 401)
    assert stored
    assert refused > 50
    kept = await database.read(lambda tx: batches_of(tx, uid(1)))
    assert [row.id.int for row in kept] == stored
    assert all(row.body == BODY for row in kept)
    assert await database.read(lambda tx: get_batch(tx, uid(stored[-1]))) is not None

    room()
    again, refused = await fill(database, 1001, 1101)
    assert (len(again), refused) == (100, 0)
    await database.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = connection.execute("SELECT id FROM batches").fetchall()
    connection.close()
    assert {int.from_bytes(row[0]) for row in rows} == {*stored, *again}


async def test_when_sqlite_may_not_enlarge_the_file(database: Limited) -> None:
    database.limit(600)
    await prove(database, database.path, lambda: database.limit(100_000))


@pytest.fixture
def file_limit() -> Iterator[Callable[[int], None]]:
    """Sets how large this process may make a file; a write beyond it fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


async def test_when_the_system_may_not_enlarge_the_file(database: Limited, file_limit: Callable[[int], None]) -> None:
    file_limit(3_000_000)
    await prove(database, database.path, lambda: file_limit(1_000_000_000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of twenty megabytes, if we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "doorstep-test", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_when_the_disk_is_really_full(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(15_000_000))
    database = Sqlite(small_disk / "doorstep.db")
    await database.start()
    await plan(database)
    await prove(database, database.path, ballast.unlink)
