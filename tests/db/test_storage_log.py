"""Leaves are numbered without gaps by one sequencer, and no writer waits for it."""

import asyncio

from service.audit_log import log
from service.db.database import Database, Transaction
from service.db.postgres import Postgres
from tests.support import leaves
from tests.support.row_factories import NOON, a_batch, add_batch, plan, uid


def add(number: int, at: int = NOON) -> object:
    return lambda tx: leaves.insert_leaf(tx, uid(number), b'{"n":%d}' % number, at)


async def numbers(database: Database) -> list[int | None]:
    return [row.number for row in await database.read(lambda tx: leaves.leaves_from(tx, 0))]


async def test_leaves_are_numbered_from_zero_by_time_and_id(database: Database) -> None:
    for number, at in [(3, NOON), (1, NOON + 5), (2, NOON), (4, NOON - 1)]:
        assert await database.write(add(number, at))
    assert not await database.write(add(4))
    leaf = await database.read(lambda tx: leaves.get_leaf(tx, uid(3)))
    assert leaf == leaves.LeafRow(uid(3), b'{"n":3}', NOON, None)
    assert await log.assign_sequence_numbers(database, 3) == 3
    assert await log.assign_sequence_numbers(database, 3) == 1
    assert await log.assign_sequence_numbers(database, 3) == 0
    rows = await database.read(lambda tx: leaves.leaves_from(tx, 0))
    assert [(row.number, row.id.int) for row in rows] == [(0, 4), (1, 2), (2, 3), (3, 1)]
    assert [row.number for row in await database.read(lambda tx: leaves.leaves_from(tx, 1, 2))] == [1, 2]


async def test_numbers_have_no_gaps_under_concurrent_writers_and_sequencers(database: Database) -> None:
    await plan(database)
    writing = True

    async def write(number: int) -> None:
        async def work(tx: Transaction) -> None:
            await add_batch(tx, a_batch(number))
            await leaves.insert_leaf(tx, uid(number), b"{}", NOON + number)
            if number % 7 == 0:
                raise LookupError

        await asyncio.gather(database.write(work), return_exceptions=True)

    async def sequence() -> None:
        while writing:
            await log.assign_sequence_numbers(database, 10)
            await asyncio.sleep(0)

    sequencers = [asyncio.create_task(sequence()) for _ in range(3)]
    await asyncio.gather(*(write(number) for number in range(300)))
    writing = False
    await asyncio.gather(*sequencers)
    while await log.assign_sequence_numbers(database):
        pass
    assert await numbers(database) == list(range(300 - 43))


async def test_a_number_once_given_stays(database: Database) -> None:
    await database.write(add(5, NOON + 5))
    await log.assign_sequence_numbers(database)
    await database.write(add(1, NOON))  # older, but it came later
    await log.assign_sequence_numbers(database)
    rows = await database.read(lambda tx: leaves.leaves_from(tx, 0))
    assert [row.id.int for row in rows] == [5, 1]


async def test_a_long_transaction_on_postgres_holds_up_nobody(postgres_database: Postgres) -> None:
    """Others commit and are numbered while it is open; its own leaf is numbered after it ends."""
    database, opened, end = postgres_database, asyncio.Event(), asyncio.Event()

    async def long(tx: Transaction) -> None:
        await leaves.insert_leaf(tx, uid(1), b"{}", NOON)
        opened.set()
        await end.wait()

    waiting = asyncio.create_task(database.write(long))
    await opened.wait()
    async with asyncio.timeout(5):
        for number in range(2, 30):
            await database.write(add(number, NOON + number))
        assert await log.assign_sequence_numbers(database) == 28
        await database.write(add(30, NOON + 30))
    assert await database.read(lambda tx: leaves.get_leaf(tx, uid(1))) is None
    end.set()
    await waiting
    assert await log.assign_sequence_numbers(database) == 2
    rows = await database.read(lambda tx: leaves.leaves_from(tx, 0))
    assert [row.number for row in rows] == list(range(30))
    assert [row.id.int for row in rows] == [*range(2, 30), 1, 30]


async def test_writers_on_postgres_do_not_wait_for_the_sequencer(postgres_database: Postgres) -> None:
    database, numbered, end = postgres_database, asyncio.Event(), asyncio.Event()
    await database.write(add(1))

    async def sequence(tx: Transaction) -> None:
        assert await tx.fetch_one("lock_sequencer") == (1,)
        assert await tx.execute("number_leaves", first=0, size=1000) == 1
        numbered.set()
        await end.wait()

    waiting = asyncio.create_task(database.write(sequence))
    await numbered.wait()
    async with asyncio.timeout(5):
        for number in range(2, 30):
            await database.write(add(number, NOON + number))
        assert await log.assign_sequence_numbers(database) == 0  # one at a time
    end.set()
    await waiting
    assert await log.assign_sequence_numbers(database) == 28
    assert await numbers(database) == list(range(29))
