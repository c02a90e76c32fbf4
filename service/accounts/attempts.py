"""Counts attempts in the database, for all processes and across restarts."""

from typing import NamedTuple

from service.db.database import Transaction

DAY = 86_400_000
SKEW = 60_000  # ms by which the clocks of two servers may differ


class Counted(NamedTuple):
    """An attempt was counted: 0, or the seconds to wait, and whether it is the first one that has to."""

    wait: int
    is_first: bool = False


async def increment(tx: Transaction, key: str, limit: int, seconds: int, now: int) -> int:
    """Count an attempt of `key`; 0, or the seconds to wait when there were more than `limit` within `seconds`.

    Count first, in a separate transaction, so that no later error undoes it.
    """
    return (await count(tx, key, limit, seconds, now)).wait


async def count(tx: Transaction, key: str, limit: int, seconds: int, now: int) -> Counted:
    """The same, and whether it is the first one beyond the limit."""
    await tx.execute("increment_attempts", key=key, now=now, gone=now - seconds * 1000, latest=now + SKEW)
    row = await tx.fetch_one("attempts", key=key)
    if row is None or row[1] <= limit:
        return Counted(0)
    return Counted(max(1, _seconds(row[0] + seconds * 1000 - now)), row[1] == limit + 1)


async def count_with_delay(tx: Transaction, key: str, free: int, first: int, longest: int, now: int) -> Counted:
    """Count an attempt of `key`, of which so many are `free` in a day. Then each has to wait twice as long after the
    one before: `first` ms, and at most `longest`. One that comes too early is not counted, except the first one.
    """
    await tx.fetch_one("lock_attempts", key=key)
    row = await tx.fetch_one("attempts", key=key)
    since, tries = (row[0], row[1]) if row is not None and now - DAY < row[0] <= now + SKEW else (now, 0)
    delay = min(first << min(max(0, tries - free - 1), 20), longest)
    wait = since + delay - now if tries >= free else 0
    if wait > 0 and tries > free:
        return Counted(_seconds(wait))
    await tx.execute("set_attempts", key=key, tries=tries + 1, since=since if wait > 0 else now)
    return Counted(max(0, _seconds(wait)), wait > 0)


def _seconds(ms: int) -> int:
    return -(-ms // 1000)


async def refund(tx: Transaction, key: str) -> None:
    """Take an attempt back, because it succeeded."""
    await tx.execute("refund_attempt", key=key)


async def reset(tx: Transaction, key: str) -> None:
    """Forget all attempts."""
    await tx.execute("reset_attempts", key=key)


async def delete_old(tx: Transaction, now: int) -> None:
    """Delete counters older than a day, or too far in the future for any correct clock."""
    await tx.execute("delete_old_attempts", at=now - DAY, latest=now + DAY)
