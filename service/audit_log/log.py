"""The append-only log: leaves, their numbers, and who looked at what.

A writer adds its leaf without a number, in the transaction of what the leaf is about. Numbers without gaps would make
PostgreSQL's writers wait for one another, so one sequencer gives them afterwards.
"""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.db.database import BatchStatement, Database, Transaction
from service.db.rows import fetch_struct, fetch_structs

from . import merkle


class LeafRow(msgspec.Struct, frozen=True):
    """A leaf. `number` counts from 0 without gaps; None until the sequencer came by."""

    id: UUID
    leaf: bytes
    at: int
    number: int | None


async def insert_leaf(tx: Transaction, id: UUID, leaf: bytes, at: int) -> bool:
    """Add a leaf; `id` is that of what it is about. False when that has one."""
    return await tx.execute("add_leaf", id=id.bytes, leaf=leaf, at=at) == 1


async def append_leaf(
    tx: Transaction, kind: str, id: UUID, salt: bytes, digest: bytes, at: int, beside: bytes = b""
) -> bool:
    """Add the leaf of something that was just kept: of its kind, committing to its bytes and to what stands beside
    them. False when it has one."""
    return await insert_leaf(tx, id, merkle.leaf(kind, salt, digest, at, beside), at)


def leaf_insert(kind: str, id: UUID, salt: bytes, digest: bytes, at: int, beside: bytes = b"") -> BatchStatement:
    """The same, with other changes."""
    return "add_leaf", {"id": id.bytes, "leaf": merkle.leaf(kind, salt, digest, at, beside), "at": at}


def row_commitment(**columns: UUID | str | int | None) -> bytes:
    """The digest of what stands beside the bytes in a row, as canonical JSON (RFC 8785)."""
    return sha256(msgspec.json.encode(columns, order="sorted")).digest()


async def get_leaf(tx: Transaction, id: UUID) -> LeafRow | None:
    """The leaf of something."""
    return await fetch_struct(tx, LeafRow, "leaf", id=id.bytes)


async def leaves_from(tx: Transaction, first: int, size: int = 1000) -> list[LeafRow]:
    """Numbered leaves from a number on."""
    return await fetch_structs(tx, LeafRow, "leaves_from", first=first, size=size)


async def assign_sequence_numbers(db: Database, size: int = 1000) -> int:
    """Number up to `size` leaves that have no number, oldest first; how many.

    0 also when another sequencer is at it. One transaction; writers do not wait for it on PostgreSQL.
    """

    async def work(tx: Transaction) -> int:
        if await tx.fetch_one("lock_sequencer") != (1,):
            return 0
        last = await tx.fetch_one("last_number")
        first = 0 if last is None or last[0] is None else last[0] + 1
        return await tx.execute("number_leaves", first=first, size=size)

    return await db.write(work)


async def record_access(tx: Transaction, id: UUID, at: int, who: str, what: str, reason: str) -> None:
    """Note that somebody looked at something, and why."""
    await tx.execute("add_access", id=id.bytes, at=at, who=who, what=what, reason=reason)


async def access_exists(tx: Transaction, id: UUID) -> bool:
    """Whether there is such a look."""
    return await tx.fetch_one("access", id=id.bytes) is not None
