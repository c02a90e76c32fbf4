"""Quarantine: what a device sent and nobody could take, byte by byte, until somebody decides."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

FIRST = (-(2**62), UUID(int=0))
"""The key before every row."""

DecisionKind = Literal["take", "discard"]


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """An input that was refused with the problem `code`. `device` says who sent it, `path_id` is the address's id.

    `sent_by` is the enrolled device, if it was one, and `signature` what it gave beside the bytes.
    """

    id: UUID
    device: bytes
    sha256: bytes
    path_id: str
    code: str
    body: bytes
    received_at: int
    received_from: str
    decision: DecisionKind | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    reason: str | None = None
    sent_by: UUID | None = None
    signature: bytes | None = None
    length: int | None = None  # of the bytes, where the row was read without them

    @property
    def size(self) -> int:
        """How many bytes came."""
        return len(self.body) if self.length is None else self.length

    @property
    def key(self) -> tuple[int, UUID]:
        """Its place in a list, for `page`."""
        return self.received_at, self.id


async def insert_input(tx: Transaction, row: QuarantineRow) -> UUID:
    """Keep an input; the id of the one row that this device and digest have."""
    if await tx.execute("insert_quarantine", **to_params(row)):
        return row.id
    found = await kept_as(tx, row.device, row.sha256)
    if found is None:
        raise ValueError("another input has this id")
    return found


async def kept_as(tx: Transaction, device: bytes, digest: bytes) -> UUID | None:
    """The input that this device and digest have."""
    row = await tx.fetch_one("find_quarantine", device=device, sha256=digest)
    return None if row is None else UUID(bytes=row[0])


async def waiting(tx: Transaction) -> tuple[int, int]:
    """How many inputs are not decided, and their bytes."""
    row = await tx.fetch_one("count_undecided_quarantine")
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def taken_again(tx: Transaction) -> list[tuple[UUID, str, int]]:
    """What is not decided and came again as the record that its address names, and was taken: by whom, and when."""
    found: list[tuple[UUID, str, int]] = []
    for row_id, path_id, digest in await tx.fetch_all("undecided_quarantine"):
        try:
            record = UUID(path_id)
        except ValueError:
            continue
        row = await tx.fetch_one("taken_as", id=record.bytes, sha256=digest)
        if row is not None:
            found.append((UUID(bytes=row_id), row[0], row[1]))
    return found


async def one(tx: Transaction, id: UUID) -> QuarantineRow | None:
    """One input."""
    return await fetch_struct(tx, QuarantineRow, "quarantine", id=id.bytes)


async def page(
    tx: Transaction, after: tuple[int, UUID] = FIRST, size: int = 50, *, decided: bool = True
) -> list[QuarantineRow]:
    """The next `size` inputs after a key, oldest first, without their bytes; with those that were decided, or not."""
    start: dict[str, Any] = {"after_at": after[0], "after_id": after[1].bytes}
    return await fetch_structs(tx, QuarantineRow, "quarantine_page", **start, size=size, decided=int(decided))


async def decide(tx: Transaction, id: UUID, decision: DecisionKind, by: str, at: int, reason: str) -> bool:
    """Write the decision; False when there is no such input or it was decided already."""
    return await tx.execute("decide_quarantine", id=id.bytes, decision=decision, by=by, at=at, reason=reason) == 1
