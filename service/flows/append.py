"""Entries that the service itself writes: what a delivery proves, what a customer answers. One batch, one leaf."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

from service.domain.entry import Entry
from service.domain.merkle import leaf
from service.domain.visit import OfficeEntries
from service.storage import batches, log
from service.storage.batches import BatchRow, Kind
from service.storage.database import Tx
from service.storage.visits import VisitRow

from .house import House
from .judging import load
from .standing import written_now

CUSTOMER = "the customer"  # writer of what comes by link or scan; a login has no blank


async def append(
    house: House, tx: Tx, row: VisitRow, batch_id: UUID, kind: Kind, writer: str, entries: Sequence[Entry]
) -> bool:
    """Add a batch to a locked visit; False when it is there already: its id makes it repeatable."""
    body = msgspec.json.encode(OfficeEntries(tuple(entries)))
    new = BatchRow(
        id=batch_id,
        visit=row.id,
        kind=kind,
        writer=writer,
        received_at=house.clock(),
        checklist_version=row.checklist_version,
        sha256=sha256(body).digest(),
        body=body,
        salt=house.salt(),
    )
    if not await batches.add_batch(tx, new):
        return False
    await log.add_leaf(tx, new.id, leaf("visit.amended", new.salt, new.sha256, new.received_at), new.received_at)
    await written_now(house, tx, await load(house, tx, row))
    return True
