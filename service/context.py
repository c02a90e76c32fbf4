"""What every flow works with: the database, the clock, and checklists made ready for judging."""

from asyncio import Semaphore, Task
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import field

from service.allowance import Allowance
from service.blobs.vault import Vault, vault
from service.db.database import Database
from service.judge.moments import from_ms
from service.judge.rules import Rules
from service.judge.volume import VisitLimits
from service.rate_limit import Pace


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it goes out. `id` is the same at every attempt, so that a gateway can leave out repetitions."""

    id: str
    channel: str
    to: str
    subject: str
    text: str
    at: datetime


Gateway = Callable[[Letter], str]
"""Sends, and returns what the other side said of it (an id, or nothing)."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What customers are told and how: `url` without a slash at its end; by channel the way out, the file's for all."""

    url: str = "http://127.0.0.1:8000"
    company: str = "供水公司"
    hotline: str = ""
    cutoff_hours: int = 2
    gateways: Mapping[str, Gateway] = {}


class KeepingProbe(msgspec.Struct):
    """When something was last kept to see whether that works: when it ended, what was wrong, whether it goes on."""

    at: float = float("-inf")
    wrong: str = ""
    running: Task[None] | None = None


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


class House(msgspec.Struct, kw_only=True):
    """Everything a flow needs. `clock` gives ms UTC, `new_id` an id that sorts by time (UUID 7)."""

    db: Database
    clock: Callable[[], int]
    new_id: Callable[[], UUID]
    zone: ZoneInfo
    max_entries: int = 2000
    most: VisitLimits = VisitLimits()  # how much a visit may hold
    desk: Desk = Desk()
    vault: Vault = vault(Path("data"))
    ready: dict[tuple[str, str], Rules] = {}
    requests: Pace = msgspec.field(default_factory=lambda: Pace(0))  # of each token (`accounts/middleware`)
    strangers: Pace = msgspec.field(default_factory=lambda: Pace(0))  # of each address without one
    quota: Quota = msgspec.field(default_factory=Quota)  # of each person and day
    admitted: dict[tuple[bytes, str], tuple[int, int]] = {}  # token, address: looked at when, good until (`access`)
    kept: KeepingProbe = field(default_factory=KeepingProbe)  # (`health`)
    copying: Semaphore = field(default_factory=lambda: Semaphore(2))  # how many copies of photos are made at once
    reading: Semaphore = field(default_factory=lambda: Semaphore(2))  # how many tables are read at once
    sending: dict[UUID, Task[None]] = {}  # uploads in parts that are receiving bytes just now (`uploads`)

    def now(self) -> datetime:
        """The time now, in the utility's zone."""
        return self.time(self.clock())

    def time(self, ms: int) -> datetime:
        """Milliseconds UTC as a time in the utility's zone."""
        return from_ms(ms, self.zone)

    def salt(self) -> bytes:
        """32 random bytes for a leaf."""
        return token_bytes(32)
