"""What every flow works with: the database, the clock, and checklists made ready for judging."""

from asyncio import Semaphore, Task
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from secrets import token_bytes
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import field

from service.allowance import DailyAllowance
from service.blobs.vault import EvidenceStorage, open_evidence_storage
from service.db.database import Database, Transaction
from service.judge.moments import from_ms
from service.judge.rules import CompiledChecklist
from service.judge.volume import VisitLimits
from service.rate_limit import TokenBucket

P = ParamSpec("P")
T = TypeVar("T")


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it goes out. `id` is the same at every attempt, so that a gateway can leave out repetitions."""

    id: str
    channel: str
    to: str
    subject: str
    text: str
    at: datetime


Gateway = Callable[[OutgoingMessage], Awaitable[str]]
"""Sends, and returns what the other side said of it (an id, or nothing)."""


class CompanyProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What customers are told and how: `url` without a slash at its end; by channel the way out, the file's for all."""

    url: str = "http://127.0.0.1:8000"
    company: str = "供水公司"
    hotline: str = ""
    cutoff_hours: int = 2
    gateways: Mapping[str, Gateway] = {}


class ReviewPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When visits close by themselves, how many of those without any fault are reviewed, how days of answer count."""

    close_days: int = 7
    sample_percent: float = 0.0
    working_days: bool = False


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

    records: DailyAllowance = field(default_factory=DailyAllowance)
    entries: DailyAllowance = field(default_factory=DailyAllowance)
    size: DailyAllowance = field(default_factory=DailyAllowance)
    kept: DailyAllowance = field(default_factory=DailyAllowance)
    kept_size: DailyAllowance = field(default_factory=DailyAllowance)
    photos: DailyAllowance = field(default_factory=DailyAllowance)
    photos_size: DailyAllowance = field(default_factory=DailyAllowance)
    unnamed_size: int = 0
    waiting_rows: int = 0
    waiting_size: int = 0
    waiting: Waiting = field(default_factory=Waiting)

    def record_wait(self, who: str, entries: int, size: int, now: int) -> int:
        """0, or the seconds after which somebody may write a batch of so many entries and bytes."""
        return max(
            self.records.retry_after(who, 1, now),
            self.entries.retry_after(who, entries, now),
            self.size.retry_after(who, size, now),
        )

    def record_spent(self, who: str, entries: int, size: int, now: int) -> None:
        """A batch was written."""
        self.records.spend(who, 1, now)
        self.entries.spend(who, entries, now)
        self.size.spend(who, size, now)

    def kept_wait(self, who: str, size: int, now: int) -> int:
        """0, or the seconds after which so many bytes of somebody may be kept in quarantine."""
        return max(self.kept.retry_after(who, 1, now), self.kept_size.retry_after(who, size, now))

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
        return max(self.photos.retry_after(who, 1, now), self.photos_size.retry_after(who, size, now))

    def photo_spent(self, who: str, count: int, size: int, now: int) -> None:
        """Photos of so many bytes go into the store; below 0: they do not."""
        self.photos.spend(who, count, now)
        self.photos_size.spend(who, size, now)


class AppContext(msgspec.Struct, kw_only=True):
    """Everything a flow needs. `clock` gives ms UTC, `new_id` an id that sorts by time (UUID 7)."""

    db: Database
    clock: Callable[[], int]
    new_id: Callable[[], UUID]
    zone: ZoneInfo
    max_entries: int = 2000
    visit_limits: VisitLimits = VisitLimits()  # how much a visit may hold
    company: CompanyProfile = CompanyProfile()
    review_policy: ReviewPolicy = ReviewPolicy()
    evidence_storage: EvidenceStorage = open_evidence_storage(Path("data"))
    rules_cache: dict[tuple[str, str], CompiledChecklist] = {}
    token_rate_limit: TokenBucket = msgspec.field(
        default_factory=lambda: TokenBucket(0)
    )  # of each token (`accounts/middleware`)
    address_rate_limit: TokenBucket = msgspec.field(
        default_factory=lambda: TokenBucket(0)
    )  # of each address without one
    daily_quota: Quota = msgspec.field(default_factory=Quota)  # of each person and day
    recently_seen_tokens: dict[
        tuple[bytes, str], tuple[int, int]
    ] = {}  # token, address: looked at when, good until (`access`)
    keeping_probe: KeepingProbe = field(default_factory=KeepingProbe)  # (`health`)
    thumbnail_semaphore: Semaphore = field(
        default_factory=lambda: Semaphore(2)
    )  # how many copies of photos are made at once
    table_semaphore: Semaphore = field(default_factory=lambda: Semaphore(2))  # how many tables are read at once
    active_uploads: dict[UUID, Task[None]] = {}  # uploads in parts that are receiving bytes just now (`uploads`)

    def now(self) -> datetime:
        """The time now, in the utility's zone."""
        return self.to_local_time(self.clock())

    def to_local_time(self, ms: int) -> datetime:
        """Milliseconds UTC as a time in the utility's zone."""
        return from_ms(ms, self.zone)

    def new_salt(self) -> bytes:
        """32 random bytes for a leaf."""
        return token_bytes(32)


def transaction(
    work: Callable[Concatenate[AppContext, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AppContext, P], Coroutine[Any, Any, T]]:
    """Runs a function in a transaction of its own (`Database.write`): callers leave out `tx`."""

    @wraps(work)
    async def run(ctx: AppContext, *args: P.args, **kwargs: P.kwargs) -> T:
        return await ctx.db.write(lambda tx: work(ctx, tx, *args, **kwargs))

    return run


def read_only(
    work: Callable[Concatenate[AppContext, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AppContext, P], Coroutine[Any, Any, T]]:
    """Runs a function on one unmoving state of the database (`Database.read`): callers leave out `tx`."""

    @wraps(work)
    async def run(ctx: AppContext, *args: P.args, **kwargs: P.kwargs) -> T:
        return await ctx.db.read(lambda tx: work(ctx, tx, *args, **kwargs))

    return run
