"""Adding batches other than records: those of the office, and those the service writes when a customer answers."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from service.audit_log import log
from service.context import AppContext
from service.db.database import Transaction
from service.errors import IdReusedWithOtherContent
from service.judge.entries import Entry, named_files
from service.web.decoding import to_json

from . import batches, evidence_files, volume
from .batches import BatchKind, BatchRow
from .loading import OFFICE_ENTRIES_DECODER, batch_senders, load_visit
from .repository import VisitRow
from .status import recompute_status
from .wire import OfficeEntries


async def append_entries(
    ctx: AppContext,
    tx: Transaction,
    row: VisitRow,
    batch_id: UUID,
    kind: BatchKind,
    writer: str,
    entries: Sequence[Entry],
) -> bool:
    """Add a batch to a locked visit and recompute its status. False, and no change, if the batch exists."""
    if not await insert_batch(ctx, tx, row, batch_id, kind, writer, to_json(OfficeEntries(tuple(entries)))):
        return False
    visit = await load_visit(ctx, tx, row)
    if kind != "office":  # what the service itself writes about its messages has no limit
        volume.check_visit_size(ctx, visit, kind)
    await recompute_status(tx, visit)
    return True


async def insert_batch(
    ctx: AppContext, tx: Transaction, row: VisitRow, batch_id: UUID, kind: BatchKind, writer: str, body: bytes
) -> bool:
    """Insert the bytes of a batch, with its leaf; False if the batch exists. The caller recomputes the status."""
    new = BatchRow(
        id=batch_id,
        visit=row.id,
        number=await batches.next_number(tx, row.id),
        revision=row.revision,
        kind=kind,
        writer=writer,
        received_at=ctx.clock(),
        checklist_version=row.checklist_version,
        sha256=sha256(body).digest(),
        body=body,
        salt=ctx.new_salt(),
    )
    commitment = batches.batch_commitment(new)
    leaf = log.leaf_insert("visit.amended", new.id, new.salt, new.sha256, new.received_at, commitment)
    inserted, leaf_inserted = await tx.execute_batch(batches.batch_insert(new), leaf)
    if inserted and (named := named_files(OFFICE_ENTRIES_DECODER.decode(body).entries)):
        await evidence_files.expect_files(tx, row.id, batch_senders(new), named)
    if inserted and not leaf_inserted:
        raise IdReusedWithOtherContent  # another kind of row in the log has this id
    return inserted == 1
