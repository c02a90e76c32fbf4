"""Batches: entries about a visit as they were submitted, byte by byte. Insert-only."""

from typing import Literal
from uuid import UUID

import msgspec

from service.audit_log import log, merkle
from service.audit_log.receipts import LogEntry, LogProver
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import BatchStatement, Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.judge.batches import SignatureStatus

BatchKind = Literal["record", "office", "link", "scan", "callback"]
CUSTOMER_WRITER = "the customer"  # writer of batches of kind `link` and `scan`; no login contains a blank
SERVICE_WRITER = "the service"  # writer of batches of kind `office` that record complaints, and of automatic messages


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. `writer` is a login; `received_at` is ms UTC; `salt` is the salt of its leaf.

    `number` counts the batches of a visit from 1, `revision` the changes of the visit before it. Both are assigned
    under the visit's lock: the order does not depend on clocks. `signed` is the status of the `device`'s `signature`
    over the bytes; `taken_in_by` is who imported the record from a file.
    """

    id: UUID
    visit: UUID
    number: int
    revision: int | None  # None in old rows, whose leaves do not commit to `number` and `revision`
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


def batch_commitment(row: BatchRow) -> bytes:
    """What the leaf commits to in addition to the bytes."""
    order = {} if row.revision is None else {"number": row.number, "revision": row.revision}
    return log.row_commitment(
        **order,
        visit=row.visit,
        kind=row.kind,
        writer=row.writer,
        checklist_version=row.checklist_version,
        device=row.device,
        signature=row.signature.hex() if row.signature else None,
        signed=row.signed,
        taken_in_by=row.taken_in_by,
    )


def leaf_of(row: BatchRow) -> bytes:
    """The leaf of a batch."""
    kind = "visit.submitted" if row.kind == "record" else "visit.amended"
    return merkle.leaf(kind, row.salt, row.sha256, row.received_at, batch_commitment(row))


async def log_entry(prover: LogProver, row: BatchRow, *, with_body: bool = False) -> LogEntry:
    """The batch in the log."""
    return await prover.entry(row.id, leaf_of(row), row.salt, row.sha256, row.body if with_body else b"")


def batch_insert(row: BatchRow) -> BatchStatement:
    """The statement that inserts a batch unless it exists."""
    return "add_batch", to_params(row)


async def get_batch(tx: Transaction, id: UUID) -> BatchRow | None:
    """One batch."""
    return await fetch_struct(tx, BatchRow, "batch", id=id.bytes)


async def batches_of(tx: Transaction, visit_id: UUID) -> list[BatchRow]:
    """All batches of a visit, by number."""
    return await fetch_structs(tx, BatchRow, "batches_of", visit=visit_id.bytes)


async def next_number(tx: Transaction, visit_id: UUID) -> int:
    """The number of the next batch of a locked visit."""
    row = await tx.fetch_one("last_batch", visit=visit_id.bytes)
    return 1 if row is None or row[0] is None else row[0] + 1


@finds_rows_of("visit.submitted", "visit.amended")
async def find_logged_batch(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A batch, as its leaf commits to it."""
    row = await get_batch(tx, id)
    if row is None:
        return None
    kind = "visit.submitted" if row.kind == "record" else "visit.amended"
    return LoggedRow(kind, row.received_at, row.body, row.sha256, row.salt, batch_commitment(row))
