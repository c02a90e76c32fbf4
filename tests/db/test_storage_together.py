"""Changes that are made together, on both engines; and how often a record asks PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.audit_log import log
from service.blobs.evidence_storage import open_evidence_storage
from service.db.database import Database, ResultOf, Transaction
from service.db.postgres import STATEMENTS, Postgres
from service.db.queries import load_queries
from service.visits import batches, sync_feed
from tests.support import leaves
from tests.support.factories import Town, a_record, said
from tests.support.row_factories import NOON, a_batch, a_visit, plan, uid

LEAF = log.leaf_insert("visit.submitted", uid(1), bytes(32), bytes(32), NOON)
PHOTO = {"kind": "photo", "sha256": "a" * 64}


async def on_agenda(database: Database, login: str) -> list[tuple[int, int]]:
    changed = await database.read(lambda tx: sync_feed.changes_after(tx, login, 0, 100))
    return [(visit.int, number) for visit, number, _ in changed]


async def test_each_change_says_how_many_rows_it_changed(database: Database) -> None:
    await plan(database)
    row = a_batch(1)
    assert await database.write(lambda tx: tx.execute_batch(LEAF, batches.batch_insert(row))) == [1, 1]
    other = a_batch(1, body=b"[]")
    touched = ("bump_sync_feed", {"login": "li", "visit": uid(1).bytes, "number": 7})
    assert await database.write(lambda tx: tx.execute_batch(batches.batch_insert(other), touched, LEAF)) == [0, 1, 0]
    assert await database.read(lambda tx: batches.get_batch(tx, uid(1))) == row
    assert await on_agenda(database, "li") == [(1, 7)]


async def test_a_change_takes_what_an_earlier_one_returned(database: Database) -> None:
    await plan(database, a_visit(1), a_visit(2))
    number = ("next_sync_number", {"login": "li"})
    touch = ("bump_sync_feed", {"login": "li", "visit": uid(1).bytes, "number": ResultOf("next_sync_number")})
    assert await database.write(lambda tx: tx.execute_batch(LEAF, number, touch)) == [1, 1, 1]
    assert await on_agenda(database, "li") == [(2, 2), (1, 3)]


async def test_changes_of_a_work_that_raises_are_undone(database: Database) -> None:
    await plan(database)

    async def work(tx: Transaction) -> None:
        await tx.execute_batch(batches.batch_insert(a_batch(1)), LEAF)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await database.write(work)
    assert await database.read(lambda tx: batches.get_batch(tx, uid(1))) is None
    assert await database.read(lambda tx: leaves.get_leaf(tx, uid(1))) is None


async def test_numbers_of_an_agenda_are_never_given_twice(database: Database) -> None:
    """Nobody holds the visit here: the counter's row alone makes writers take turns."""
    visits = [a_visit(number, crew=("sun",)) for number in range(1, 11)]
    await plan(database, *visits)

    def touching(number: int) -> Any:
        return database.write(lambda tx: sync_feed.bump(tx, ("sun", "li"), uid(number), also=[_leaf(number)]))

    counts = await asyncio.gather(*(touching(1 + number % 10) for number in range(40)))
    assert sum(count for (count,) in counts) == 10  # each leaf once
    for login in ("li", "sun"):
        numbers = [number for _, number in await on_agenda(database, login)]
        assert len(set(numbers)) == 10
        assert max(numbers) == 50


def _leaf(number: int) -> Any:
    return log.leaf_insert("visit.submitted", uid(number), bytes(32), bytes(32), NOON)


async def test_what_is_made_on_the_way_is_made_also_when_nobody_goes(database: Database) -> None:
    await plan(database)
    assert await database.write(lambda tx: sync_feed.bump(tx, (), uid(1), also=[LEAF])) == [1]


async def test_a_record_asks_postgresql_eight_times(postgres_database: Postgres, tmp_path: Path) -> None:
    """Begin, whose token, which visit, what is there, which files, what was sent, all that is new, commit."""
    town = await Town(postgres_database).open()
    town.ctx.evidence_storage = open_evidence_storage(tmp_path / "files")
    visit = await town.planned()
    await town.submitted(a_record("first", visit, said("09:04", "door_signal")))
    asked: list[str] = []
    for holder in postgres_database._pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(lambda query: asked.append(query.query.split()[0]))
    raw = a_record("r", visit, said("09:05", "arrived"))
    await town.submitted(raw)
    assert asked == ["BEGIN", "SELECT", "SELECT", "SELECT", "WITH", "COMMIT;"]
    asked.clear()
    await town.submitted(raw)  # again: then also the last checkpoint, and where its leaf is in the log
    assert asked == ["BEGIN", "SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "COMMIT;"]
    asked.clear()
    await town.submitted(a_record("photos", visit, said("09:06", "shoe_covers_on", evidence=[PHOTO])))
    assert asked == ["BEGIN", "SELECT", "SELECT", "SELECT", "WITH", "SELECT", "WITH", "COMMIT;"]


def test_a_connection_keeps_all_statements_prepared() -> None:
    assert len(load_queries("postgres")) < STATEMENTS / 2  # and those that are made together
