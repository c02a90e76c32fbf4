"""Batches beside the records: of the office, and what the service writes itself when a customer answers."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from service.audit_log import log
from service.context import House
from service.db.database import Tx
from service.errors import ContentDiffers
from service.judge.entries import Entry, named_files
from service.web.decoding import encoded

from . import batches, evidence_files, volume
from .batches import BatchKind, BatchRow
from .loading import load, offices, senders
from .repository import VisitRow
from .status import written_now
from .wire import OfficeEntries

CUSTOMER = "the customer"  # writer of what comes by link or scan; a login has no blank


async def append(
    house: House, tx: Tx, row: VisitRow, batch_id: UUID, kind: BatchKind, writer: str, entries: Sequence[Entry]
) -> bool:
    """Add a batch to a locked visit; False when it is there already: its id makes it repeatable."""
    if not await put(house, tx, row, batch_id, kind, writer, encoded(OfficeEntries(tuple(entries)))):
        return False
    file = await load(house, tx, row)
    if kind != "office":  # what the service notes of its own messages is not refused
        volume.check(house, file, kind)
    await written_now(tx, file)
    return True


async def put(house: House, tx: Tx, row: VisitRow, batch_id: UUID, kind: BatchKind, writer: str, body: bytes) -> bool:
    """Keep the bytes of a batch that is no record, with its leaf. Whoever calls says so on the board."""
    new = BatchRow(
        id=batch_id,
        visit=row.id,
        number=await batches.next_number(tx, row.id),
        revision=row.revision,
        kind=kind,
        writer=writer,
        received_at=house.clock(),
        checklist_version=row.checklist_version,
        sha256=sha256(body).digest(),
        body=body,
        salt=house.salt(),
    )
    leaf = log.noting("visit.amended", new.id, new.salt, new.sha256, new.received_at, batches.beside(new))
    added, noted = await tx.together(batches.adding(new), leaf)  # one that is there has its leaf
    if added and (named := named_files(offices.decode(body).entries)):
        await evidence_files.expect(tx, row.id, senders(new), named)
    if added and not noted:
        raise ContentDiffers  # the id is that of something else in the log
    return added == 1
