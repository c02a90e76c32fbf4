"""What one person may send within a day, and what may wait in quarantine: beyond it 429 or 507 with `Retry-After`.

Days are counted in memory, each process for itself, as the pace of requests is. What was taken before is answered as
ever: a quota stops nothing but what is new.
"""

import msgspec
from msgspec import field

from service.domain.allowance import Allowance
from service.domain.errors import DayFull, PhotosUnnamed
from service.storage import evidence
from service.storage.database import Tx

DAY = 86_400_000  # ms


class Waiting(msgspec.Struct):
    """How much waits in quarantine: counted now and then, and added to in between. Times in ms UTC."""

    rows: int = 0
    size: int = 0
    counted_at: int = 0
    settled_at: int = 0


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """The limits, and how far each is used. 0: no limit."""

    records: Allowance = field(default_factory=Allowance)
    entries: Allowance = field(default_factory=Allowance)
    size: Allowance = field(default_factory=Allowance)
    kept: Allowance = field(default_factory=Allowance)
    kept_size: Allowance = field(default_factory=Allowance)
    photos: Allowance = field(default_factory=Allowance)
    photos_size: Allowance = field(default_factory=Allowance)
    unnamed_size: int = 0
    waiting_rows: int = 0
    waiting_size: int = 0
    waiting: Waiting = field(default_factory=Waiting)

    def record_wait(self, who: str, entries: int, size: int, now: int) -> int:
        """0, or the seconds after which somebody may write a batch of so many entries and bytes."""
        return max(self.records.wait(who, 1, now), self.entries.wait(who, entries, now), self.size.wait(who, size, now))

    def record_spent(self, who: str, entries: int, size: int, now: int) -> None:
        """A batch was written."""
        self.records.spend(who, 1, now)
        self.entries.spend(who, entries, now)
        self.size.spend(who, size, now)

    def kept_wait(self, who: str, size: int, now: int) -> int:
        """0, or the seconds after which so many bytes of somebody may be kept in quarantine."""
        return max(self.kept.wait(who, 1, now), self.kept_size.wait(who, size, now))

    def kept_spent(self, who: str, size: int, now: int) -> None:
        """So many bytes were kept in quarantine."""
        self.kept.spend(who, 1, now)
        self.kept_size.spend(who, size, now)
        self.waiting.rows += 1
        self.waiting.size += size

    def is_full(self, size: int) -> bool:
        """Whether so many bytes more are too much for the quarantine."""
        rows = 0 < self.waiting_rows <= self.waiting.rows
        return rows or 0 < self.waiting_size < self.waiting.size + size

    def photo_wait(self, who: str, size: int, now: int) -> int:
        """0, or the seconds after which somebody may send a photo of so many bytes."""
        return max(self.photos.wait(who, 1, now), self.photos_size.wait(who, size, now))

    def photo_spent(self, who: str, count: int, size: int, now: int) -> None:
        """Photos of so many bytes go into the store; below 0: they do not."""
        self.photos.spend(who, count, now)
        self.photos_size.spend(who, size, now)


def day_full(seconds: int) -> DayFull:
    """The problem, with when to come again."""
    return DayFull(f"come again in {seconds} seconds", retry_after=seconds)


async def check_unnamed(quota: Quota, tx: Tx, who: str, size: int, now: int) -> None:
    """PhotosUnnamed when so many bytes more would be too many within a day that no record names."""
    if quota.unnamed_size and await evidence.unnamed_size(tx, who, now - DAY) + size > quota.unnamed_size:
        raise PhotosUnnamed(f"at most {quota.unnamed_size} bytes within a day", retry_after=3600)
