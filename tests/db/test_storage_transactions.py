"""What `Database.write` and `read` promise, on both engines."""

import asyncio

import pytest

from service.accounts.permissions import Person
from service.accounts.repository import add_person, person
from service.db.connect import open_database
from service.db.database import Database, Transaction
from service.visits.batches import BatchRow, batches_of, get_batch
from service.visits.repository import add_visit, get_visit
from tests.support.row_factories import LI, NOON, a_batch, a_visit, add_batch, plan, uid


async def count(database: Database) -> int:
    return len(await database.read(lambda tx: batches_of(tx, uid(1))))


async def test_what_was_written_is_there_after_opening_again(database: Database, address: str) -> None:
    await plan(database)
    row = a_batch(1, body=bytes(range(256)) * 20)
    assert await database.write(lambda tx: add_batch(tx, row))
    other = open_database(address)
    await other.start()
    assert await other.read(lambda tx: get_batch(tx, row.id)) == row
    await other.close()


async def test_a_work_that_raises_leaves_nothing(database: Database) -> None:
    await plan(database)

    async def work(tx: Transaction) -> None:
        await add_batch(tx, a_batch(1))
        await add_batch(tx, a_batch(2))
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await database.write(work)
    assert await count(database) == 0


async def test_a_work_that_raises_does_not_touch_its_neighbours(database: Database) -> None:
    await plan(database)

    async def work(tx: Transaction, number: int) -> int:
        await add_batch(tx, a_batch(number))
        if number % 3 == 0:
            raise LookupError(str(number))
        return number

    outcomes = await asyncio.gather(
        *(database.write(lambda tx, n=number: work(tx, n)) for number in range(1, 101)), return_exceptions=True
    )
    for number, outcome in enumerate(outcomes, 1):
        if number % 3 == 0:
            assert isinstance(outcome, LookupError)
            assert str(outcome) == str(number)
        else:
            assert outcome == number
    kept = await database.read(lambda tx: batches_of(tx, uid(1)))
    assert [row.id for row in kept] == [uid(number) for number in range(1, 101) if number % 3]


async def test_a_statement_that_fails_does_not_touch_the_neighbours(database: Database) -> None:
    await plan(database)
    rows = [a_batch(number, visit=1 if number != 7 else 99) for number in range(1, 21)]  # there is no visit 99

    outcomes = await asyncio.gather(
        *(database.write(lambda tx, row=row: add_batch(tx, row)) for row in rows), return_exceptions=True
    )
    assert [number for number, outcome in enumerate(outcomes, 1) if outcome is not True] == [7]
    assert await count(database) == 19


async def test_the_same_id_twice_is_stored_once(database: Database) -> None:
    await plan(database)
    first, second = a_batch(1, body=b"first"), a_batch(1, body=b"second")
    outcomes = await asyncio.gather(
        *(database.write(lambda tx, r=row: add_batch(tx, r)) for row in [first, second] * 8)
    )
    assert outcomes.count(True) == 1
    kept = await database.read(lambda tx: get_batch(tx, uid(1)))
    assert kept in (first, second)


async def test_a_work_reads_what_it_wrote_and_others_do_not_until_it_ends(database: Database) -> None:
    await plan(database)

    async def work(tx: Transaction) -> BatchRow | None:
        await add_batch(tx, a_batch(1))
        return await get_batch(tx, uid(1))

    assert await database.write(work) == a_batch(1)
    assert await database.read(lambda tx: get_batch(tx, uid(1))) == a_batch(1)


async def test_a_read_sees_one_state(database: Database) -> None:
    """A row written between two statements of a read is not seen by the second."""
    await plan(database)
    loop = asyncio.get_running_loop()

    async def work(tx: Transaction) -> tuple[int, int]:
        before = len(await batches_of(tx, uid(1)))
        if database.engine == "sqlite":  # a read has a thread of its own there
            asyncio.run_coroutine_threadsafe(database.write(lambda tx: add_batch(tx, a_batch(1))), loop).result(60)
        else:
            await database.write(lambda tx: add_batch(tx, a_batch(1)))
        return before, len(await batches_of(tx, uid(1)))

    assert await database.read(work) == (0, 0)
    assert await count(database) == 1


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await database.read(lambda tx: add_person(tx, LI, NOON))
    assert await database.read(lambda tx: person(tx, "li")) is None


async def test_many_concurrent_reads_and_writes_all_come_back(database: Database) -> None:
    await plan(database)

    async def one(number: int) -> None:
        await database.write(lambda tx: add_batch(tx, a_batch(number)))
        assert await database.read(lambda tx: get_batch(tx, uid(number))) == a_batch(number)

    await asyncio.gather(*map(one, range(300)))
    assert await count(database) == 300


async def test_callers_who_go_away_leave_nothing_behind(database: Database) -> None:
    """200 requests are cut off in the middle; the next ones are served."""
    await plan(database)
    tasks = [asyncio.create_task(database.write(lambda tx, n=n: add_batch(tx, a_batch(n)))) for n in range(200)]
    await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is True or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    done = [n for n, outcome in enumerate(outcomes) if outcome is True]
    for n in done:
        assert await database.read(lambda tx, n=n: get_batch(tx, uid(n))) is not None
    assert all(
        await asyncio.gather(*(database.write(lambda tx, n=n: add_batch(tx, a_batch(n))) for n in range(200, 250)))
    )


async def test_close_finishes_what_was_taken(address: str) -> None:
    database = open_database(address)
    await database.start()
    await plan(database)
    tasks = [asyncio.create_task(database.write(lambda tx, n=n: add_batch(tx, a_batch(n)))) for n in range(300)]
    await asyncio.sleep(0)  # every task has asked
    await asyncio.wait_for(database.close(), 60)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    again = open_database(address)
    await again.start()
    kept = {row.id for row in await again.read(lambda tx: batches_of(tx, uid(1)))}
    await again.close()
    assert {uid(n) for n, outcome in enumerate(outcomes) if outcome is True} <= kept
    if database.engine == "sqlite":
        assert len(kept) == 300


async def test_numbers_and_text_come_back_as_they_were(database: Database) -> None:
    row = a_visit(1, created_at=2**53, window_from=-1, window_to=None, crew=("wang", "chen\u2028x"), area="%_'\"片")
    await database.write(lambda tx: add_visit(tx, row))
    someone = Person("x-1", "欧阳䶮", ("technician", "dispatcher"), ("a b", "城东"))
    await database.write(lambda tx: add_person(tx, someone, NOON))
    assert await database.read(lambda tx: get_visit(tx, row.id)) == row
    assert await database.read(lambda tx: person(tx, "x-1")) == someone


def test_an_address_that_is_none_is_refused() -> None:
    for address in ("mysql://x", "sqlite:x", "sqlite://", "sqlite:///", ""):
        with pytest.raises(ValueError, match="must look like"):
            open_database(address)
