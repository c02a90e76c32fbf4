"""The codes that customers get by SMS for their link, and where technicians' devices were seen."""

from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct


class CodeRow(msgspec.Struct, frozen=True):
    """The last code that a browser asked for; times are ms UTC."""

    digest: bytes
    expires_at: int
    tries: int
    passed_at: int | None
    passed_from: bytes | None


async def renew(tx: Transaction, link: UUID, seat: bytes, digest: bytes, expires_at: int) -> None:
    """A new code for a browser; its one before ends. What is open stays open."""
    await tx.execute("set_link_otp", link=link.bytes, seat=seat, digest=digest, expires_at=expires_at)


async def code(tx: Transaction, link: UUID, seat: bytes) -> CodeRow | None:
    """The last code of a browser."""
    return await fetch_struct(tx, CodeRow, "link_otp", link=link.bytes, seat=seat)


async def count(tx: Transaction, link: UUID, seat: bytes, most: int, now: int, latest: int) -> bool:
    """Count one try; False when there is no living code (one that ends after `latest` is none) or it was tried too
    often."""
    given = {"link": link.bytes, "seat": seat, "most": most}
    return await tx.execute("count_link_otp", **given, now=now, latest=latest) == 1


async def passed(tx: Transaction, link: UUID, seat: bytes, address: bytes, most: int, now: int) -> None:
    """The right code came, from this address. It is used up: its tries are one more than there are."""
    await tx.execute("pass_link_otp", link=link.bytes, seat=seat, address=address, most=most, now=now)
