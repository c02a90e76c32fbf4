"""What every feature works with: the database, the clock, limits and caches; and decorators for transactions."""

from asyncio import Semaphore, Task
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, time
from functools import wraps
from pathlib import Path
from secrets import token_bytes
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import field

from service.allowance import DailyAllowance
from service.blobs.evidence_storage import EvidenceStorage, open_evidence_storage
from service.db.database import Database, Transaction
from service.judge.moments import from_ms
from service.judge.rules import CompiledChecklist
from service.judge.volume import VisitLimits
from service.keys import Keys
from service.rate_limit import TokenBucket
from service.spreadsheets.words import TableWords, load_table_words

P = ParamSpec("P")
T = TypeVar("T")


class OutgoingMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be sent. `id` is the same for every attempt, so that a gateway can drop duplicates.

    `template` is the id under which its kind is registered with the gateway, and `variables` are the values in it; both
    are empty for a text of somebody's own.
    """

    id: str
    channel: str
    to: str
    subject: str
    text: str
    at: datetime
    about: str = ""
    template: str = ""
    variables: Mapping[str, str] = {}


Gateway = Callable[[OutgoingMessage], Awaitable[str]]
"""Sends a message and returns the provider's answer (an id, or nothing)."""


class Receiver(msgspec.Struct, frozen=True):
    """A system that gets events about visits (`webhooks`), by its name in the settings. What is sent to it is signed
    with each of the secrets, so that one can be replaced by another."""

    name: str
    url: str
    secrets: tuple[bytes, ...]

    @property
    def host(self) -> str:
        """The part of the address that may be shown: the rest may be secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Logo(msgspec.Struct, frozen=True):
    """A picture, its media type, and the first digits of its SHA-256, by which it is kept in caches."""

    content: bytes
    kind: bytes
    digest: str


class CompanyProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The utility, as customers know it, and the gateways by channel. `url` has no trailing slash.

    `origins`: other origins whose pages may use the API.

    `colour`: of customers' pages, dark enough to be read on white. `official`: how customers know that a page is the
    utility's. `privacy_contact`: who answers for personal data. `offered_days`: on how many days times are offered to
    who needs another one.

    `duty_mail`: addresses of the office, which get the daily mail about duties. `automatic`: the kinds of message that
    are sent by themselves; `templates`: their ids at the gateway; `quiet_hours`: from when until when other than urgent
    messages wait; `report_secret`: of the gateway, if it reports what becomes of messages.
    """

    url: str = "http://127.0.0.1:8000"
    origins: tuple[str, ...] = ()
    company: str = "供水公司"
    hotline: str = ""
    privacy_contact: str = ""
    price_list: str = ""
    logo: Logo | None = None
    colour: str = "#0b5cad"
    official: str = ""
    offered_days: int = 3
    cutoff_hours: int = 2
    gateways: Mapping[str, Gateway] = {}
    duty_mail: tuple[str, ...] = ()
    automatic: frozenset[str] = frozenset()
    templates: Mapping[str, str] = {}
    quiet_hours: tuple[time, time] | None = None
    report_secret: str = ""


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider (OpenID Connect). `claim` has a person's login; `factor`: when its second factor counts."""

    issuer: str
    client: str
    secret: str = ""
    claim: str = "preferred_username"
    scope: str = "openid profile"
    factor: Literal["amr", "always", "never"] = "amr"


class WecomSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A WeCom application whose users sign in. `api`, `page`: its addresses, which differ in private installations."""

    corp: str
    agent: str
    secret: str
    factor: Literal["always", "never"] = "never"
    api: str = "https://qyapi.weixin.qq.com"
    page: str = "https://login.work.weixin.qq.com"


class SignInPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long what lets people in lasts: the token of a script, that of a phone without use; and for how many minutes
    after signing in a person need not prove again who they are for grave acts. Where else people sign in."""

    script_days: int = 365
    device_days: int = 180
    proof_minutes: int = 15
    oidc: OidcSettings | None = None
    wecom: WecomSettings | None = None


class ReviewPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When visits close by themselves, how many of those without any fault are reviewed, how days of answer count."""

    close_days: int = 7
    sample_percent: float = 0.0
    working_days: bool = False


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days data are kept; 0: for good. See `service/privacy/inventory.toml` for the reasons."""

    visits: int = 1826
    positions: int = 90
    quarantine: int = 180
    uploads: int = 30
    looks: int = 1096
    sign_ins: int = 180
    mails: int = 90
    staff: int = 1826


class KeepingProbe(msgspec.Struct):
    """The last test write: when it ended, its error, and the task while it runs (`health`)."""

    at: float = float("-inf")
    wrong: str = ""
    running: Task[None] | None = None


class LogHealth(msgspec.Struct):
    """Why no checkpoint of the log is signed (`refused`), or none is kept in its file (`unkept`), as
    `audit_log.checkpoints` found last; empty while all is well."""

    refused: str = ""
    unkept: str = ""


class Waiting(msgspec.Struct):
    """How much is undecided in quarantine: counted now and then, and added to in between. Times are ms UTC."""

    rows: int = 0
    size: int = 0
    counted_at: int = 0
    settled_at: int = 0


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """The daily limits of each person and what they have used. 0: no limit. `kept` is what goes into quarantine."""

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
        """0, or the seconds until a person may write a batch with so many entries and bytes."""
        return max(
            self.records.retry_after(who, 1, now),
            self.entries.retry_after(who, entries, now),
            self.size.retry_after(who, size, now),
        )

    def record_spent(self, who: str, entries: int, size: int, now: int) -> None:
        """Count a batch that was written."""
        self.records.spend(who, 1, now)
        self.entries.spend(who, entries, now)
        self.size.spend(who, size, now)

    def kept_wait(self, who: str, size: int, now: int) -> int:
        """0, or the seconds until so many bytes of a person may go into quarantine."""
        return max(self.kept.retry_after(who, 1, now), self.kept_size.retry_after(who, size, now))

    def kept_spent(self, who: str, size: int, now: int) -> None:
        """Count bytes that went into quarantine."""
        self.kept.spend(who, 1, now)
        self.kept_size.spend(who, size, now)
        self.waiting.rows += 1
        self.waiting.size += size

    def is_full(self, size: int) -> bool:
        """Whether the quarantine has no room for so many more bytes."""
        rows = 0 < self.waiting_rows <= self.waiting.rows
        return rows or 0 < self.waiting_size < self.waiting.size + size

    def photo_wait(self, who: str, size: int, now: int) -> int:
        """0, or the seconds until a person may send a photo of so many bytes."""
        return max(self.photos.retry_after(who, 1, now), self.photos_size.retry_after(who, size, now))

    def photo_spent(self, who: str, count: int, size: int, now: int) -> None:
        """Count photos that are stored; negative numbers take them back."""
        self.photos.spend(who, count, now)
        self.photos_size.spend(who, size, now)


class AppContext(msgspec.Struct, kw_only=True):
    """What every feature works with."""

    db: Database
    clock: Callable[[], int]  # ms UTC
    new_id: Callable[[], UUID]  # version 7: sorts by time
    zone: ZoneInfo
    max_entries: int = 2000
    visit_limits: VisitLimits = VisitLimits()
    company: CompanyProfile = CompanyProfile()
    review_policy: ReviewPolicy = ReviewPolicy()
    retention: RetentionPolicy = RetentionPolicy()
    evidence_storage: EvidenceStorage = open_evidence_storage(Path("data"))
    rules_cache: dict[tuple[str, str], CompiledChecklist] = {}
    token_rate_limit: TokenBucket = field(default_factory=lambda: TokenBucket(0))
    address_rate_limit: TokenBucket = field(default_factory=lambda: TokenBucket(0))  # of requests without a token
    daily_quota: Quota = field(default_factory=Quota)
    keys: Keys = field(default_factory=Keys)
    checkpoint_targets: tuple[str, ...] = ()  # see `transparency.targets`
    log_health: LogHealth = field(default_factory=LogHealth)
    sign_in: SignInPolicy = SignInPolicy()
    # by token and address: when last checked, until when that is good, and when it ends if that is soon
    # (`accounts/authentication`)
    recent_tokens: dict[tuple[bytes, str], tuple[int, int, int]] = {}
    keeping_probe: KeepingProbe = field(default_factory=KeepingProbe)
    thumbnail_semaphore: Semaphore = field(default_factory=lambda: Semaphore(2))
    receivers: tuple[Receiver, ...] = ()  # of events about visits
    metrics_secret: str = ""  # with which Prometheus reads /metrics; without one there is no such page
    table_words: TableWords = field(default_factory=load_table_words)
    table_semaphore: Semaphore = field(default_factory=lambda: Semaphore(2))  # spreadsheets being read
    # looks at visits (login, visit, day): those to be written before the response, and those that are (`visits/looks`)
    noted_looks: dict[tuple[str, UUID, str], None] = {}
    written_looks: set[tuple[str, UUID, str]] = set()
    active_uploads: dict[UUID, Task[None]] = {}  # uploads in parts that are receiving bytes

    def now(self) -> datetime:
        """The time now, in the utility's zone."""
        return self.to_local_time(self.clock())

    def to_local_time(self, ms: int) -> datetime:
        """Milliseconds UTC as a time in the utility's zone."""
        return from_ms(ms, self.zone)

    def new_salt(self) -> bytes:
        """32 random bytes for a leaf of the log."""
        return token_bytes(32)


def transaction(
    work: Callable[Concatenate[AppContext, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AppContext, P], Coroutine[Any, Any, T]]:
    """Run the function in its own transaction (`Database.write`); callers leave out `tx`."""

    @wraps(work)
    async def run(ctx: AppContext, *args: P.args, **kwargs: P.kwargs) -> T:
        return await ctx.db.write(lambda tx: work(ctx, tx, *args, **kwargs))

    return run


def read_only(
    work: Callable[Concatenate[AppContext, Transaction, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AppContext, P], Coroutine[Any, Any, T]]:
    """Run the function on a snapshot of the database (`Database.read`); callers leave out `tx`."""

    @wraps(work)
    async def run(ctx: AppContext, *args: P.args, **kwargs: P.kwargs) -> T:
        return await ctx.db.read(lambda tx: work(ctx, tx, *args, **kwargs))

    return run
