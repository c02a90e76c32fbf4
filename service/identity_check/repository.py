"""Codes that customers confirmed."""

from uuid import UUID

from service.db.database import Transaction


async def add_door_confirmation(tx: Transaction, code: bytes, visit_id: UUID, login: str, at: int) -> bool:
    """A customer confirmed a doorstep code; False when it was used before."""
    return await tx.execute("add_door_confirmation", code=code, visit=visit_id.bytes, login=login, at=at) == 1


async def is_used(tx: Transaction, code: bytes) -> bool:
    """Whether a doorstep code was used."""
    return await tx.fetch_one("door_confirmation", code=code) is not None


async def last_confirmed_at(tx: Transaction, visit_id: UUID) -> int | None:
    """When a customer last confirmed who stands at the door."""
    row = await tx.fetch_one("last_door_confirmation", visit=visit_id.bytes)
    return None if row is None else row[0]
