"""Changes of visits, numbered from 1 for each visit, byte by byte. Insert-only."""

from typing import Literal
from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

ChangeKind = Literal["window", "technician", "details", "due", "cancellation"]


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change. `writer` is a login; `at` is ms UTC; `salt` is the salt of its leaf."""

    id: UUID
    visit: UUID
    number: int
    kind: ChangeKind
    at: int
    writer: str
    sha256: bytes
    body: bytes
    salt: bytes


def change_commitment(row: ChangeRow) -> bytes:
    """What the leaf commits to in addition to the bytes."""
    return log.row_commitment(visit=row.visit, number=row.number, kind=row.kind, writer=row.writer)


async def add_change(tx: Transaction, row: ChangeRow) -> None:
    """Insert a change. The visit must be locked, so that the number is free."""
    await tx.execute("add_change", **to_params(row))


async def changes_of(tx: Transaction, visit_id: UUID) -> list[ChangeRow]:
    """All changes of a visit, by number."""
    return await fetch_structs(tx, ChangeRow, "changes_of", visit=visit_id.bytes)


@finds_rows_of("visit.amended")
async def find_logged_change(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A change, as its leaf commits to it."""
    row = await fetch_struct(tx, ChangeRow, "change", id=id.bytes)
    return row and LoggedRow("visit.amended", row.at, row.body, row.sha256, row.salt, change_commitment(row))
