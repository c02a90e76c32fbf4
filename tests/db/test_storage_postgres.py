"""What is special about PostgreSQL: locks, deadlocks, connections that break."""

import asyncio

import asyncpg
import pytest

from service import errors
from service.db.database import Transaction
from service.db.migrate import NoDatabase
from service.db.postgres import Postgres
from service.visits.batches import get_batch
from service.visits.repository import get_visit, lock_visit
from service.visits.search_index import force_custom_plan
from tests.support.databases import empty_schema
from tests.support.row_factories import a_batch, a_visit, add_batch, plan, uid


async def test_a_locked_visit_waits_for_the_other_writer(postgres_database: Postgres) -> None:
    await plan(postgres_database)
    order: list[str] = []

    async def work(tx: Transaction, name: str) -> None:
        await lock_visit(tx, uid(1))
        order.append(f"{name} begins")
        await asyncio.sleep(0.02)
        order.append(f"{name} ends")

    await asyncio.gather(*(postgres_database.write(lambda tx, name=name: work(tx, name)) for name in "ab"))
    assert order in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])


async def test_a_server_that_is_away_and_a_database_that_is_not_there_are_named(postgres: str) -> None:
    for only_read in (False, True):
        away = Postgres("postgresql://doorstep:secret@127.0.0.1:1/utility", only_read=only_read)
        with pytest.raises(OSError, match=r"doorstep@127\.0\.0\.1:1/utility: 连不上 PostgreSQL") as told:
            await away.start()
        assert "secret" not in str(told.value)
        missing = Postgres(postgres.replace("/postgres?", "/missing?"), only_read=only_read)
        with pytest.raises((OSError, NoDatabase), match="服务器上没有这个数据库"):
            await missing.start()


async def test_works_that_lock_each_other_out_are_tried_again(postgres_database: Postgres) -> None:
    await plan(postgres_database, a_visit(1), a_visit(2))
    tries: list[int] = []
    both = asyncio.Barrier(2)

    async def work(tx: Transaction, first: int, second: int) -> bool:
        again = first in tries
        tries.append(first)
        await lock_visit(tx, uid(first))
        if not again:
            await both.wait()  # each has what the other one wants next
        await lock_visit(tx, uid(second))
        return await add_batch(tx, a_batch(first))

    one = postgres_database.write(lambda tx: work(tx, 1, 2))
    two = postgres_database.write(lambda tx: work(tx, 2, 1))
    assert await asyncio.gather(one, two) == [True, True]
    assert len(tries) >= 3


async def test_a_connection_that_breaks_is_busy_and_the_next_works(postgres_database: Postgres, postgres: str) -> None:
    await plan(postgres_database)
    stranger = await asyncpg.connect(postgres)

    async def work(tx: Transaction) -> None:
        await add_batch(tx, a_batch(1))
        await stranger.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        await get_visit(tx, uid(1))

    with pytest.raises(errors.ServiceUnavailable):
        await postgres_database.write(work)
    await stranger.close()
    assert await postgres_database.read(lambda tx: get_batch(tx, uid(1))) is None
    assert await postgres_database.write(lambda tx: add_batch(tx, a_batch(1)))


async def test_a_mistake_in_the_program_is_no_busy(postgres_database: Postgres) -> None:
    with pytest.raises(asyncpg.DataError):
        await postgres_database.read(lambda tx: tx.fetch_one("visit", id="not bytes"))


async def test_waiting_for_every_connection_ends(postgres: str) -> None:
    database = Postgres(postgres, connections=1, timeout=1)
    await database.start()
    begun, end = asyncio.Event(), asyncio.Event()

    async def work(tx: Transaction) -> None:
        begun.set()
        await end.wait()

    waiting = asyncio.create_task(database.write(work))
    await begun.wait()
    with pytest.raises(errors.ServiceUnavailable):
        await database.read(lambda tx: get_visit(tx, uid(1)))
    end.set()
    await waiting
    await database.close()


async def test_a_server_that_is_not_there_is_told_at_the_start() -> None:
    with pytest.raises(OSError, match=r"(?i)no such file|connect"):
        await Postgres("postgresql://postgres@/postgres?host=/nowhere").start()


@pytest.mark.parametrize("end", ["well", "raised", "cancelled"])
async def test_a_work_leaves_its_connection_as_it_was(postgres: str, end: str) -> None:
    """The driver is not asked to put it right, which would cost a question more."""
    async with empty_schema(postgres) as address:
        database = Postgres(address, connections=1)
        await database.start()
        begun = asyncio.Event()

        async def work(tx: Transaction) -> None:
            await force_custom_plan(tx, custom=True)
            assert await setting(tx) == "force_custom_plan"
            begun.set()
            if end == "raised":
                raise LookupError
            if end == "cancelled":
                await asyncio.Event().wait()

        running = asyncio.create_task(database.read(work))
        await begun.wait()
        if end == "cancelled":
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await database.read(setting) == "auto"
        await plan(database)  # and a transaction can begin
        await database.close()


async def setting(tx: Transaction) -> str:
    """How the connection of a work plans."""
    return await tx._connection.fetchval("SHOW plan_cache_mode")  # type: ignore[attr-defined]
