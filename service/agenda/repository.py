"""Secret addresses of calendars: one a person, stored as the SHA-256 of its token."""

from service.db.database import Transaction


async def set_calendar(tx: Transaction, login: str, digest: bytes, at: int) -> None:
    """A new address; the one before is no longer good."""
    await tx.execute("set_calendar", login=login, digest=digest, at=at)


async def drop_calendar(tx: Transaction, login: str) -> None:
    """No address any more."""
    await tx.execute("delete_calendar", login=login)


async def owner(tx: Transaction, digest: bytes) -> str | None:
    """Whose calendar it is; nobody's once he left."""
    row = await tx.fetch_one("calendar", digest=digest)
    return row[0] if row else None
