"""What the measurements among many visits share: a database that is filled once, on one engine or both."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

from service.db.connect import open_database
from service.db.database import Database
from service.lifecycle import current_millis
from tests.load.fill import fill
from tests.load.utility import AREAS
from tests.support.pgserver import postgres_server
from tests.support.sql import run_sql

AREA, WHO = AREAS[0], "t003"  # one of that area
Measure = Callable[[Database, str, argparse.Namespace], Awaitable[None]]


def parser(description: str | None, visits: int) -> argparse.ArgumentParser:
    """The arguments that all of them have. `visits`: how many by default."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument("--visits", type=int, default=visits)
    found.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    found.add_argument("--database", default="", help="an address to fill when empty, and keep")
    found.add_argument("--samples", type=int, default=40, help="how often each is asked")
    found.add_argument("--cpu", action="store_true", help="count processor time: others use the machine too")
    return found


def measure_all(given: argparse.Namespace, measure: Measure, more: Sequence[str] = ()) -> None:
    """Measure on one engine or both. `more`: statements that complete a database that was just filled."""
    kept = ["sqlite" if given.database.startswith("sqlite") else "postgres"] if given.database else None
    for engine in kept or given.engine or ["sqlite", "postgres"]:
        with _place(engine, given.database) as address:
            asyncio.run(_run(address, given, measure, more))


async def _run(address: str, given: argparse.Namespace, measure: Measure, more: Sequence[str]) -> None:
    """Fill, unless it is full, and measure."""
    db = open_database(address)
    await db.start()
    if await db.read(lambda tx: tx.fetch_one("last_sync_number", login=WHO)) is None:
        await db.close()
        begun = time.perf_counter()
        await fill(db.engine, address.removeprefix("sqlite:///"), given.visits, current_millis())
        for statement in (*more, "ANALYZE" if db.engine == "postgres" else "PRAGMA optimize") if more else ():
            await run_sql(address, statement)
        print(f"{db.engine}: {given.visits} visits filled in {time.perf_counter() - begun:.0f} s", flush=True)
        db = open_database(address)
        await db.start()
    await measure(db, address, given)
    await db.close()


async def busy(db: Database, address: str) -> Callable[[], float]:
    """A clock of processor time (s): of this process and, with PostgreSQL on the same Linux, of all of its."""
    if db.engine == "sqlite":
        return time.process_time
    connection = await asyncpg.connect(address)
    served = await connection.fetchval("SELECT pg_backend_pid()")
    server = Path(f"/proc/{served}/stat").read_text().rpartition(")")[2].split()[1]
    await connection.close()

    def clock() -> float:
        spent = time.process_time()
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            with suppress(OSError):  # it may end meanwhile
                spent += int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) / 1e9
        return spent

    return clock


@contextmanager
def _place(engine: str, given: str) -> Iterator[str]:
    """The address of a database: the given one, or one that is gone afterwards."""
    if given:
        yield given
    elif engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="doorstep-search-") as folder:
            yield f"sqlite:///{Path(folder) / 'search.db'}"
    else:
        with postgres_server("fsync=off", "max_wal_size=4GB", "shared_buffers=512MB") as address:
            yield address
