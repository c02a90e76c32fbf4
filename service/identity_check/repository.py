"""Codes that customers confirmed."""

from uuid import UUID

from service.db.database import Tx


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
