"""Batches: what somebody wrote about a visit, byte by byte. A batch is only ever added."""

from typing import Literal
from uuid import UUID

import msgspec

from .database import Row, Tx

Kind = Literal["record", "office"]


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. `writer` is a login; `received_at` ms UTC; `salt` is of its leaf in the log."""

    id: UUID
    visit: UUID
    kind: Kind
    writer: str
    received_at: int
    checklist_version: str
    sha256: bytes
    body: bytes
    salt: bytes


def _batch(row: Row) -> BatchRow:
    return BatchRow(
        id=UUID(bytes=row[0]),
        visit=UUID(bytes=row[1]),
        kind=row[2],
        writer=row[3],
        received_at=row[4],
        checklist_version=row[5],
        sha256=row[6],
        body=row[7],
        salt=row[8],
    )


async def add_batch(tx: Tx, row: BatchRow) -> bool:
    """Add a batch; False when there is one with this id."""
    return (
        await tx.run(
            "add_batch",
            id=row.id.bytes,
            visit=row.visit.bytes,
            kind=row.kind,
            writer=row.writer,
            received_at=row.received_at,
            checklist_version=row.checklist_version,
            sha256=row.sha256,
            body=row.body,
            salt=row.salt,
        )
        == 1
    )


async def batch(tx: Tx, id: UUID) -> BatchRow | None:
    """One batch."""
    row = await tx.one("batch", id=id.bytes)
    return None if row is None else _batch(row)


async def batches_of(tx: Tx, visit: UUID) -> list[BatchRow]:
    """All batches of a visit in the order they came."""
    return [_batch(row) for row in await tx.all("batches_of", visit=visit.bytes)]
