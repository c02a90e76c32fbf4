"""Daily quotas of a person: beyond them 429 or 507 with `Retry-After`.

Days are counted in memory, by each process for itself, like request rates. A quota applies only to new input: repeated
requests are answered as before.
"""

from collections.abc import Iterable

from service.context import Quota
from service.db.database import Transaction
from service.errors import DayFull, PhotosUnnamed

from . import evidence_files

DAY_MS = 86_400_000


def daily_quota_exceeded(seconds: int) -> DayFull:
    """The problem to raise, with the time after which to retry."""
    return DayFull(f"come again in {seconds} seconds", retry_after=seconds)


def daily_wait(times: Iterable[int], most: int, now: int) -> int:
    """0, or the seconds until fewer than `most` of these times (ms) are within the last day."""
    recent = sorted(at for at in times if at > now - DAY_MS)
    return 0 if len(recent) < most else -(-(recent[-most] + DAY_MS - now) // 1000)


async def check_unnamed_photos(quota: Quota, tx: Transaction, who: str, size: int, now: int) -> None:
    """PhotosUnnamed if, with `size` more bytes, a person sent too much within a day that no record names."""
    if quota.unnamed_size and await evidence_files.unnamed_size(tx, who, now - DAY_MS) + size > quota.unnamed_size:
        raise PhotosUnnamed(f"at most {quota.unnamed_size} bytes within a day", retry_after=3600)
