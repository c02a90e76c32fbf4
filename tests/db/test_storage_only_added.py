"""What was taken is never changed: the tables refuse it, on both engines."""

import sqlite3

import asyncpg
import pytest

from service.audit_log import events, log
from service.audit_log.events import EventRow
from service.blobs import announcements
from service.checklists import repository as checklists_repository
from service.checklists.repository import ChecklistRow
from service.db.database import Database, Transaction
from service.records import repository as records_repository
from service.visits import departures, evidence_files
from service.visits.departures import DepartureRow
from service.visits.evidence_files import BlobRow, MissingFileRow
from tests.support import leaves
from tests.support.row_factories import NOON, a_batch, add_batch, an_input, plan, uid
from tests.support.sql import run_sql

CHANGES = [
    "UPDATE batches SET body = salt",
    "UPDATE batches SET writer = 'chen'",
    "DELETE FROM batches",
    "UPDATE visits SET body = salt",
    "DELETE FROM visits",
    "UPDATE checklists SET body = sha256",
    "DELETE FROM checklists",
    "UPDATE quarantine SET body = sha256",
    "UPDATE access_log SET who = 'chen'",
    "DELETE FROM access_log",
    "UPDATE events SET body = salt",
    "DELETE FROM events",
    "UPDATE departures SET body = salt",
    "DELETE FROM departures",
    "UPDATE log_leaves SET leaf = id",
    "UPDATE log_leaves SET number = number + 7",
    "UPDATE log_leaves SET number = NULL",
    "DELETE FROM log_leaves",
    "UPDATE given_up_files SET body = salt",
    "DELETE FROM given_up_files",
    "UPDATE blobs SET size = 1",
    "DELETE FROM blobs",
    "UPDATE received_files SET sent_at = NULL",
    "DELETE FROM received_files",
]


async def test_tables_refuse_what_is_not_an_addition(database: Database, address: str) -> None:
    await plan(database)

    async def work(tx: Transaction) -> None:
        await add_batch(tx, a_batch(1))
        await checklists_repository.add_checklist(
            tx,
            ChecklistRow(id="c", version="1", sha256=b"1", body=b"2", published_at=1, published_by="zhao", reason=""),
        )
        await records_repository.insert_input(tx, an_input(1))
        await log.record_access(tx, uid(7), NOON, "wang", "quarantine", "a question")
        await leaves.insert_leaf(tx, uid(9), b"{}", NOON)
        assert await announcements.announce_blob(tx, b"file", NOON)
        assert await evidence_files.mark_received(tx, BlobRow(b"file", 9, "image/jpeg", 1, 1, NOON), "li")
        await evidence_files.add_given_up(
            tx, MissingFileRow(uid(1), uid(1), uid(1), b"file", NOON, "li", b"1", b"2", b"3")
        )
        await events.add_event(tx, EventRow(id=uid(2), kind="key", at=1, sha256=b"1", body=b"{}", salt=b"2"))
        left = {"revision": 0, "at": 1, "writer": "li", "sha256": b"1", "body": b"{}", "salt": b"2"}
        await departures.add_departure(tx, DepartureRow(id=uid(3), visit=uid(1), number=1, **left))

    await database.write(work)
    assert await log.assign_sequence_numbers(database) == 6
    for sql in CHANGES:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match="only ever added"):
            await run_sql(address, sql)
    if database.engine == "postgres":
        with pytest.raises(asyncpg.RaiseError, match="only ever added"):
            await run_sql(address, "TRUNCATE batches")
