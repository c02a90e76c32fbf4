"""Quarantine: what a device sent and nobody could take, byte by byte, until somebody decides."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from .database import Row, Tx

FIRST = (-(2**62), UUID(int=0))
"""The key before every row."""

Decision = Literal["take", "discard"]


class KeptRow(msgspec.Struct, frozen=True, kw_only=True):
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
    decision: Decision | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    reason: str | None = None
    sent_by: UUID | None = None
    signature: bytes | None = None

    @property
    def key(self) -> tuple[int, UUID]:
        """Its place in a list, for `page`."""
        return self.received_at, self.id


def _kept(row: Row) -> KeptRow:
    given: dict[str, Any] = dict(zip(KeptRow.__struct_fields__[1:], row[1:], strict=True))
    sent_by: bytes | None = given.pop("sent_by")
    return KeptRow(id=UUID(bytes=row[0]), sent_by=None if sent_by is None else UUID(bytes=sent_by), **given)


async def keep(tx: Tx, row: KeptRow) -> UUID:
    """Keep an input; the id of the one row that this device and digest have."""
    added = await tx.run(
        "keep",
        id=row.id.bytes,
        device=row.device,
        sha256=row.sha256,
        path_id=row.path_id,
        code=row.code,
        body=row.body,
        received_at=row.received_at,
        received_from=row.received_from,
        sent_by=row.sent_by.bytes if row.sent_by else None,
        signature=row.signature,
    )
    if added:
        return row.id
    found = await tx.one("kept_as", device=row.device, sha256=row.sha256)
    if found is None:
        raise ValueError("another input has this id")
    return UUID(bytes=found[0])


async def one(tx: Tx, id: UUID) -> KeptRow | None:
    """One input."""
    row = await tx.one("kept", id=id.bytes)
    return None if row is None else _kept(row)


async def page(tx: Tx, after: tuple[int, UUID] = FIRST, size: int = 50, *, decided: bool = True) -> list[KeptRow]:
    """The next `size` inputs after a key, oldest first; with those that were decided, or without."""
    start: dict[str, Any] = {"after_at": after[0], "after_id": after[1].bytes}
    return [_kept(row) for row in await tx.all("kept_page", **start, size=size, decided=int(decided))]


async def decide(tx: Tx, id: UUID, decision: Decision, by: str, at: int, reason: str) -> bool:
    """Write the decision; False when there is no such input or it was decided already."""
    return await tx.run("decide", id=id.bytes, decision=decision, by=by, at=at, reason=reason) == 1
