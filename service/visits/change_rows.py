"""Changes of a visit: numbered from 1 for each visit, byte by byte, only ever added."""

from typing import Literal
from uuid import UUID

import msgspec

from service.audit_log import log
from service.db.database import Row, Transaction

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


def _change(row: Row) -> ChangeRow:
    return ChangeRow(
        id=UUID(bytes=row[0]),
        visit=UUID(bytes=row[1]),
        number=row[2],
        kind=row[3],
        at=row[4],
        writer=row[5],
        sha256=row[6],
        body=row[7],
        salt=row[8],
    )


def change_commitment(row: ChangeRow) -> bytes:
    """What its leaf commits to beside its bytes."""
    return log.row_commitment(visit=row.visit, number=row.number, kind=row.kind, writer=row.writer)


async def add_change(tx: Transaction, row: ChangeRow) -> None:
    """Add a change; the visit is locked, so the number is free."""
    given = msgspec.structs.asdict(row)
    await tx.execute("add_change", **(given | {"id": row.id.bytes, "visit": row.visit.bytes}))


async def get_change(tx: Transaction, id: UUID) -> ChangeRow | None:
    """One change."""
    row = await tx.fetch_one("change", id=id.bytes)
    return None if row is None else _change(row)


async def changes_of(tx: Transaction, visit_id: UUID) -> list[ChangeRow]:
    """All changes of a visit in their order."""
    return [_change(row) for row in await tx.fetch_all("changes_of", visit=visit_id.bytes)]
