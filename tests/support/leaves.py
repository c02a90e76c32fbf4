"""Leaves of the log, as tests write and read them."""

from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs


class LeafRow(msgspec.Struct, frozen=True):
    """A leaf. `number` counts from 0; None until the sequencer assigns it."""

    id: UUID
    leaf: bytes
    at: int
    number: int | None


async def insert_leaf(tx: Transaction, id: UUID, leaf: bytes, at: int) -> bool:
    return await tx.execute("add_leaf", id=id.bytes, leaf=leaf, at=at) == 1


async def get_leaf(tx: Transaction, id: UUID) -> LeafRow | None:
    return await fetch_struct(tx, LeafRow, "leaf", id=id.bytes)


async def leaves_from(tx: Transaction, first: int, size: int = 1000) -> list[LeafRow]:
    return await fetch_structs(tx, LeafRow, "leaves_from", first=first, size=size)
