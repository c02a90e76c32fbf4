"""Changes of a visit: numbered from 1 for each visit, byte by byte, only ever added."""

from typing import Literal
from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

ChangeKind = Literal["window", "technician", "details", "due", "cancellation"]


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change. `writer` is a login; `at` ms UTC; `salt` is of its leaf in the log."""

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
    """What its leaf commits to beside its bytes."""
    return log.row_commitment(visit=row.visit, number=row.number, kind=row.kind, writer=row.writer)


async def add_change(tx: Transaction, row: ChangeRow) -> None:
    """Add a change; the visit is locked, so the number is free."""
    await tx.execute("add_change", **to_params(row))


async def get_change(tx: Transaction, id: UUID) -> ChangeRow | None:
    """One change."""
    return await fetch_struct(tx, ChangeRow, "change", id=id.bytes)


async def changes_of(tx: Transaction, visit_id: UUID) -> list[ChangeRow]:
    """All changes of a visit in their order."""
    return await fetch_structs(tx, ChangeRow, "changes_of", visit=visit_id.bytes)


@finds_rows_of("visit.amended")
async def find_logged_change(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A change, as its leaf commits to it."""
    row = await get_change(tx, id)
    return row and LoggedRow("visit.amended", row.at, row.body, row.sha256, row.salt, change_commitment(row))
