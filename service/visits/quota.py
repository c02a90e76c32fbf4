"""What one person may send within a day, and what may wait in quarantine: beyond it 429 or 507 with `Retry-After`.

Days are counted in memory, each process for itself, as the pace of requests is. What was taken before is answered as
ever: a quota stops nothing but what is new.
"""

from service.context import Quota
from service.db.database import Transaction
from service.errors import DayFull, PhotosUnnamed

from . import evidence_files

DAY = 86_400_000  # ms


def daily_quota_exceeded(seconds: int) -> DayFull:
    """The problem, with when to come again."""
    return DayFull(f"come again in {seconds} seconds", retry_after=seconds)


async def check_unnamed_photos(quota: Quota, tx: Transaction, who: str, size: int, now: int) -> None:
    """PhotosUnnamed when so many bytes more would be too many within a day that no record names."""
    if quota.unnamed_size and await evidence_files.unnamed_size(tx, who, now - DAY) + size > quota.unnamed_size:
        raise PhotosUnnamed(f"at most {quota.unnamed_size} bytes within a day", retry_after=3600)
