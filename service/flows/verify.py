"""`doorstep verify`: everything that is kept, held against the log: nothing changed, nothing missing, no gap."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.domain.merkle import Peaks, leaf
from service.storage import batches, changes, events, evidence, log, visits
from service.storage.blobs import digest_of
from service.storage.database import Tx
from service.storage.disk import on_disk
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
            return Verified(first, peaks.root().hex(), faults + await _files(house))


async def _without_leaf(tx: Tx) -> list[tuple[bytes]]:
    return await tx.all("without_leaf")


async def _files(house: House) -> list[str]:
    """Every file that the database says is in the store is there, with its bytes."""
    faults: list[str] = []
    after = b""
    while rows := await house.db.read(lambda tx, after=after: evidence.blobs_after(tx, after, MANY)):
        for row in rows:
            try:
                async with house.vault.blobs.local(row.sha256) as path:
                    if await on_disk(digest_of, path) != row.sha256:
                        faults.append(f"file {row.sha256.hex()}: the bytes were changed")
            except FileNotFoundError:
                faults.append(f"file {row.sha256.hex()}: it is gone from the store")
        after = rows[-1].sha256
    return faults


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
    """A leaf commits to the bytes that are kept. (Those of a look or a checklist are not kept with a salt.)"""
    kind = _kind(row.leaf)
    kept: batches.BatchRow | changes.ChangeRow | events.EventRow | evidence.LostRow | visits.VisitRow | None
    if kind == "visit.planned":
        kept = await visits.visit(tx, row.id)
        made = "visit.planned", kept.created_at if kept else 0
    elif kind in _KINDS.values():
        kept = batch = await batches.batch(tx, row.id)
        made = (_KINDS[batch.kind], batch.received_at) if batch else ("", 0)
        if batch is None and kind == "visit.amended":
            kept = change = await changes.change(tx, row.id)
            made = kind, change.at if change else 0
            if change is None:
                kept = lost = await evidence.lost(tx, row.id)
                made = kind, lost.at if lost else 0
    elif kind in ("access", "key"):
        kept = event = await events.event(tx, row.id)
        made = (event.kind, event.at) if event else ("", 0)
        if event is None and kind == "access" and await log.looked(tx, row.id):
            return []
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
