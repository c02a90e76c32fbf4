"""Customers' links, doorstep codes that were confirmed, the keys of the house, and what is on an ID card."""

from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct


class LinkRow(msgspec.Struct, frozen=True):
    """A customer's link; times are ms UTC."""

    id: UUID
    visit: UUID
    expires_at: int
    ended_at: int | None


async def renew(tx: Transaction, id: UUID, visit_id: UUID, digest: bytes, by: str, at: int, expires_at: int) -> None:
    """A new link of a visit; the one before ends."""
    await tx.execute("expire_links", visit=visit_id.bytes, at=at)
    await tx.execute(
        "add_link",
        id=id.bytes,
        visit=visit_id.bytes,
        digest=digest,
        created_at=at,
        created_by=by,
        expires_at=expires_at,
    )


async def get_link(tx: Transaction, digest: bytes) -> LinkRow | None:
    """The link whose token has this SHA-256."""
    return await fetch_struct(tx, LinkRow, "link", digest=digest)


async def link_expiry(tx: Transaction, id: UUID) -> int | None:
    """When a link expires."""
    row = await tx.fetch_one("link_expires", id=id.bytes)
    return None if row is None else row[0]
