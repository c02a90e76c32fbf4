"""Batches: what somebody wrote about a visit, byte by byte. A batch is only ever added."""

from typing import Literal
from uuid import UUID

import msgspec

from . import log
from .database import Change, Row, Tx

Kind = Literal["record", "office", "link", "scan"]
Signed = Literal["verified", "wrong", "none"]


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. `writer` is a login; `received_at` ms UTC; `salt` is of its leaf in the log.

    `signed` is what the `device`'s `signature` over the bytes is worth; `taken_in_by` brought it in from a file.
    """

    id: UUID
    visit: UUID
    kind: Kind
    writer: str
    received_at: int
    checklist_version: str
    sha256: bytes
    body: bytes
    salt: bytes
    device: UUID | None = None
    signature: bytes | None = None
    signed: Signed = "none"
    taken_in_by: str | None = None


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
        device=None if row[9] is None else UUID(bytes=row[9]),
        signature=row[10],
        signed=row[11],
        taken_in_by=row[12],
    )


def beside(row: BatchRow) -> bytes:
    """What its leaf commits to beside its bytes: whose they are, of which visit, and what their signature is worth."""
    return log.beside(
        visit=row.visit,
        kind=row.kind,
        writer=row.writer,
        checklist_version=row.checklist_version,
        device=row.device,
        signature=row.signature.hex() if row.signature else None,
        signed=row.signed,
        taken_in_by=row.taken_in_by,
    )


def adding(row: BatchRow) -> Change:
    """A batch is added, unless there is one with this id."""
    return "add_batch", {
        "id": row.id.bytes,
        "visit": row.visit.bytes,
        "kind": row.kind,
        "writer": row.writer,
        "received_at": row.received_at,
        "checklist_version": row.checklist_version,
        "sha256": row.sha256,
        "body": row.body,
        "salt": row.salt,
        "device": row.device.bytes if row.device else None,
        "signature": row.signature,
        "signed": row.signed,
        "taken_in_by": row.taken_in_by,
    }


async def add_batch(tx: Tx, row: BatchRow) -> bool:
    """Add a batch; False when there is one with this id."""
    query, given = adding(row)
    return await tx.run(query, **given) == 1


async def batch(tx: Tx, id: UUID) -> BatchRow | None:
    """One batch."""
    row = await tx.one("batch", id=id.bytes)
    return None if row is None else _batch(row)


async def batches_of(tx: Tx, visit: UUID) -> list[BatchRow]:
    """All batches of a visit in the order they came."""
    return [_batch(row) for row in await tx.all("batches_of", visit=visit.bytes)]
