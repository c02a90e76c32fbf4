"""Customers' links, doorstep codes that were confirmed, the keys of the house, and what is on an ID card."""

from uuid import UUID

import msgspec

from .database import Tx


class LinkRow(msgspec.Struct, frozen=True):
    """A customer's link; times are ms UTC."""

    id: UUID
    visit: UUID
    expires_at: int
    ended_at: int | None


class Card(msgspec.Struct, frozen=True):
    """What is on somebody's ID card."""

    name: str
    badge: str
    title: str
    photo: bytes | None = None  # SHA-256 of a stored file


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


async def add_scan(tx: Tx, code: bytes, visit: UUID, login: str, at: int) -> bool:
    """A customer confirmed a doorstep code; False when it was used before."""
    return await tx.run("add_scan", code=code, visit=visit.bytes, login=login, at=at) == 1


async def scanned(tx: Tx, code: bytes) -> bool:
    """Whether a doorstep code was used."""
    return await tx.one("scan", code=code) is not None


async def last_scan(tx: Tx, visit: UUID) -> int | None:
    """When a customer last confirmed who stands at the door."""
    row = await tx.one("last_scan", visit=visit.bytes)
    return None if row is None else row[0]


async def secret(tx: Tx, name: str) -> bytes | None:
    """A key of the house."""
    row = await tx.one("secret", name=name)
    return None if row is None else row[0]


async def add_secret(tx: Tx, name: str, value: bytes) -> None:
    """A new key, unless another process was faster."""
    await tx.run("add_secret", name=name, value=value)


async def drop_secret(tx: Tx, name: str, value: bytes) -> None:
    """Let go of a key, if it is still this one."""
    await tx.run("drop_secret", name=name, value=value)


async def card(tx: Tx, login: str) -> Card | None:
    """The ID card of somebody, also after he left."""
    row = await tx.one("card", login=login)
    return None if row is None else Card(*row)


async def set_card(tx: Tx, login: str, badge: str, title: str) -> bool:
    """What is on somebody's ID card from now on."""
    return await tx.run("set_card", login=login, badge=badge, title=title) == 1


async def set_face(tx: Tx, login: str, photo: bytes) -> None:
    """The photo on somebody's ID card from now on."""
    await tx.run("set_face", login=login, photo=photo)
