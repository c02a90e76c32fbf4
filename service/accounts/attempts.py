"""Counts attempts in the database, for all processes and across restarts."""

from service.db.database import Transaction

DAY = 86_400_000
SKEW = 60_000  # ms by which the clocks of two servers may differ


async def increment(tx: Transaction, key: str, limit: int, seconds: int, now: int) -> int:
    """Count an attempt of `key`; 0, or the seconds to wait when there were more than `limit` within `seconds`.

    Count first, in a separate transaction, so that no later error undoes it.
    """
    await tx.execute("increment_attempts", key=key, now=now, gone=now - seconds * 1000, latest=now + SKEW)
    row = await tx.fetch_one("attempts", key=key)
    if row is None or row[1] <= limit:
        return 0
    return max(1, -(-(row[0] + seconds * 1000 - now) // 1000))


async def refund(tx: Transaction, key: str) -> None:
    """Take an attempt back, because it succeeded."""
    await tx.execute("refund_attempt", key=key)


async def reset(tx: Transaction, key: str) -> None:
    """Forget all attempts."""
    await tx.execute("reset_attempts", key=key)


async def delete_old(tx: Transaction, now: int) -> None:
    """Delete counters older than a day, or too far in the future for any correct clock."""
    await tx.execute("delete_old_attempts", at=now - DAY, latest=now + DAY)
