"""How often something may be tried, counted in the database: for all processes, and beyond a restart."""

from service.db.database import Transaction

DAY = 86_400_000
SKEW = 60_000  # ms that the clocks of two servers may differ by


async def increment(tx: Transaction, key: str, limit: int, seconds: int, now: int) -> int:
    """Count one try of `key`; 0, or the seconds to wait when there were more than `limit` within `seconds`.

    Count first and in a transaction of its own: what raises afterwards must not undo it.
    """
    await tx.execute("increment_attempts", key=key, now=now, gone=now - seconds * 1000, latest=now + SKEW)
    row = await tx.fetch_one("attempts", key=key)
    if row is None or row[1] <= limit:
        return 0
    return max(1, -(-(row[0] + seconds * 1000 - now) // 1000))


async def refund(tx: Transaction, key: str) -> None:
    """One try did not count: it was a good one."""
    await tx.execute("refund_attempt", key=key)


async def reset(tx: Transaction, key: str) -> None:
    """Begin anew."""
    await tx.execute("reset_attempts", key=key)


async def delete_old(tx: Transaction, now: int) -> None:
    """Drop what is older than a day, or further ahead than any clock that is right."""
    await tx.execute("delete_old_attempts", at=now - DAY, latest=now + DAY)
