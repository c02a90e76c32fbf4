"""Batches: what somebody wrote about a visit, byte by byte. A batch is only ever added."""

from typing import Literal
from uuid import UUID

import msgspec

from service.audit_log import log
from service.db.database import BatchStatement, Row, Transaction
from service.judge.batches import SignatureStatus

BatchKind = Literal["record", "office", "link", "scan"]


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. `writer` is a login; `received_at` ms UTC; `salt` is of its leaf in the log.

    `number` counts the batches of a visit from 1, in the order in which they were written; `revision` is how many
    changes of the visit came before it. Both are given under the visit's lock: no clock decides about an order.
    `signed` is what the `device`'s `signature` over the bytes is worth; `taken_in_by` brought it in from a file.
    """

    id: UUID
    visit: UUID
    number: int
    revision: int | None  # None: it is from before its leaf committed to either
    kind: BatchKind
    writer: str
    received_at: int
    checklist_version: str
    sha256: bytes
    body: bytes
    salt: bytes
    device: UUID | None = None
    signature: bytes | None = None
    signed: SignatureStatus = "none"
    taken_in_by: str | None = None


def _batch(row: Row) -> BatchRow:
    return BatchRow(
        id=UUID(bytes=row[0]),
        visit=UUID(bytes=row[1]),
        number=row[2],
        revision=row[3],
        kind=row[4],
        writer=row[5],
        received_at=row[6],
        checklist_version=row[7],
        sha256=row[8],
        body=row[9],
        salt=row[10],
        device=None if row[11] is None else UUID(bytes=row[11]),
        signature=row[12],
        signed=row[13],
        taken_in_by=row[14],
    )


def batch_commitment(row: BatchRow) -> bytes:
    """What its leaf commits to beside its bytes: whose they are, of which visit, in what place, and what their
    signature is worth."""
    place = {} if row.revision is None else {"number": row.number, "revision": row.revision}
    return log.row_commitment(
        **place,
        visit=row.visit,
        kind=row.kind,
        writer=row.writer,
        checklist_version=row.checklist_version,
        device=row.device,
        signature=row.signature.hex() if row.signature else None,
        signed=row.signed,
        taken_in_by=row.taken_in_by,
    )


def batch_insert(row: BatchRow) -> BatchStatement:
    """A batch is added, unless there is one with this id."""
    return "add_batch", {
        "id": row.id.bytes,
        "visit": row.visit.bytes,
        "number": row.number,
        "revision": row.revision,
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


async def add_batch(tx: Transaction, row: BatchRow) -> bool:
    """Add a batch; False when there is one with this id."""
    query, given = batch_insert(row)
    return await tx.execute(query, **given) == 1


async def get_batch(tx: Transaction, id: UUID) -> BatchRow | None:
    """One batch."""
    row = await tx.fetch_one("batch", id=id.bytes)
    return None if row is None else _batch(row)


async def batches_of(tx: Transaction, visit_id: UUID) -> list[BatchRow]:
    """All batches of a visit in the order in which they were written."""
    return [_batch(row) for row in await tx.fetch_all("batches_of", visit=visit_id.bytes)]


async def next_number(tx: Transaction, visit_id: UUID) -> int:
    """The number of the next batch of a locked visit."""
    row = await tx.fetch_one("last_batch", visit=visit_id.bytes)
    return 1 if row is None or row[0] is None else row[0] + 1
