"""Rows for storage tests: 李 is the technician, 赵 the dispatcher. Everything is derived from small numbers."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from service.accounts.permissions import Person
from service.db.database import Database, Transaction
from service.records.repository import QuarantineRow
from service.visits.batches import BatchRow, batch_insert
from service.visits.repository import VisitRow, add_visit

NOON = 1_767_240_000_000  # 2026-01-01 12:00 in Shanghai
LI = Person("li", "李", ("technician",), ("城东",))
ZHAO = Person("zhao", "赵", ("dispatcher",), ("城东", "城西"))


def uid(number: int) -> UUID:
    """An id that contains the number."""
    return UUID(int=number)


def a_visit(number: int = 1, **other: Any) -> VisitRow:
    """A visit of 李 in 城东."""
    body = b'{"visit":%d}' % number
    given: dict[str, Any] = {
        "id": uid(number),
        "sha256": sha256(body).digest(),
        "body": body,
        "type": "meter_reading",
        "technician": "li",
        "area": "城东",
        "checklist": "norm-4.3",
        "checklist_version": "1",
        "created_at": NOON,
        "created_by": "zhao",
        "salt": bytes(32),
    }
    return VisitRow(**(given | other))


def a_batch(number: int = 1, visit: int = 1, body: bytes = b"{}", **other: Any) -> BatchRow:
    """A record about a visit."""
    given: dict[str, Any] = {
        "id": uid(number),
        "visit": uid(visit),
        "number": number,
        "revision": 0,
        "kind": "record",
        "writer": "li",
        "received_at": NOON + number,
        "checklist_version": "1",
        "sha256": sha256(body).digest(),
        "body": body,
        "salt": bytes(32),
    }
    return BatchRow(**(given | other))


def an_input(number: int = 1, body: bytes = b"\xff{", **other: Any) -> QuarantineRow:
    """An input in quarantine."""
    given: dict[str, Any] = {
        "id": uid(number),
        "device": b"device",
        "sha256": sha256(body).digest(),
        "path_id": str(uid(number)),
        "code": "malformed-json",
        "body": body,
        "received_at": NOON + number,
        "received_from": "li",
    }
    return QuarantineRow(**(given | other))


async def plan(database: Database, *visits: VisitRow) -> None:
    """Store visits."""

    async def work(tx: Transaction) -> None:
        for visit in visits or (a_visit(),):
            assert await add_visit(tx, visit)

    await database.write(work)


async def add_batch(tx: Transaction, row: BatchRow) -> bool:
    """Insert a batch; False if it exists."""
    query, params = batch_insert(row)
    return await tx.execute(query, **params) == 1
