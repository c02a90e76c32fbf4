"""Customers' links, doorstep codes that were confirmed, the keys of the house, and what is on an ID card."""

from uuid import UUID

import msgspec

from service.db.database import Tx


class LinkRow(msgspec.Struct, frozen=True):
    """A customer's link; times are ms UTC."""

    id: UUID
    visit: UUID
    expires_at: int
    ended_at: int | None


async def renew(tx: Tx, id: UUID, visit: UUID, digest: bytes, by: str, at: int, expires_at: int) -> None:
    """A new link of a visit; the one before ends."""
    await tx.run("end_links", visit=visit.bytes, at=at)
    await tx.run(
        "add_link",
        id=id.bytes,
        visit=visit.bytes,
        digest=digest,
        created_at=at,
        created_by=by,
        expires_at=expires_at,
    )


async def link(tx: Tx, digest: bytes) -> LinkRow | None:
    """The link whose token has this SHA-256."""
    row = await tx.one("link", digest=digest)
    return None if row is None else LinkRow(UUID(bytes=row[0]), UUID(bytes=row[1]), *row[2:])


async def living_until(tx: Tx, id: UUID) -> int | None:
    """When a link expires."""
    row = await tx.one("link_expires", id=id.bytes)
    return None if row is None else row[0]
