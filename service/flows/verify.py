"""`doorstep verify`: everything that is kept, held against the log: nothing changed, nothing missing, no gap."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.domain.merkle import Peaks, leaf
from service.storage import batches, changes, log, visits
from service.storage.database import Tx
from service.storage.log import LeafRow

from .house import House

MANY = 1000  # leaves looked at in one transaction
_KINDS = {
    "record": "visit.submitted",
    "office": "visit.amended",
    "link": "visit.amended",
    "scan": "visit.amended",
}


class Verified(msgspec.Struct, frozen=True):
    """How many leaves have a number, their root (RFC 9162, hex), and what is wrong, if anything."""

    leaves: int
    root: str
    faults: list[str]


async def verify(house: House) -> Verified:
    """Look at all. It takes the server's reads, not its writes: it may run beside it."""
    while await log.number_leaves(house.db, MANY):
        pass
    faults = [f"{UUID(bytes=row[0])}: no leaf in the log" for row in await house.db.read(_without_leaf)]
    peaks, first = Peaks(), 0
    while True:
        rows, found = await house.db.read(lambda tx, first=first: _page(tx, first))
        faults += found
        for row in rows:
            peaks.add(row.leaf)
        first += len(rows)
        if len(rows) < MANY:
            return Verified(first, peaks.root().hex(), faults)


async def _without_leaf(tx: Tx) -> list[tuple[bytes]]:
    return await tx.all("without_leaf")


async def _page(tx: Tx, first: int) -> tuple[list[LeafRow], list[str]]:
    """The next leaves, and what is wrong with them or with what they are about."""
    rows = await log.leaves_from(tx, first, MANY)
    faults: list[str] = []
    for place, row in enumerate(rows, first):
        if row.number != place:
            faults.append(f"leaf {place} is missing from the log")
            break
        faults += [f"leaf {place}, {row.id}: {fault}" for fault in await _faults(tx, row)]
    return rows, faults


async def _faults(tx: Tx, row: LeafRow) -> list[str]:
    """A leaf of a batch or a visit commits to its bytes. (Leaves of looks and of checklists have no such row.)"""
    kind = _kind(row.leaf)
    kept: batches.BatchRow | changes.ChangeRow | visits.VisitRow | None
    if kind == "visit.planned":
        kept = await visits.visit(tx, row.id)
        made = "visit.planned", kept.created_at if kept else 0
    elif kind in _KINDS.values():
        kept = batch = await batches.batch(tx, row.id)
        made = (_KINDS[batch.kind], batch.received_at) if batch else ("", 0)
        if batch is None and kind == "visit.amended":
            kept = change = await changes.change(tx, row.id)
            made = kind, change.at if change else 0
    else:
        return []
    if kept is None:
        return ["what it is about is gone"]
    wrong: list[str] = []
    if sha256(kept.body).digest() != kept.sha256:
        wrong.append("the bytes were changed")
    if leaf(made[0], kept.salt, kept.sha256, made[1]) != row.leaf:
        wrong.append("the row is not the one that the log saw")
    return wrong


def _kind(data: bytes) -> str:
    try:
        return str(msgspec.json.decode(data)["t"])
    except (msgspec.DecodeError, TypeError, KeyError):
        return ""
