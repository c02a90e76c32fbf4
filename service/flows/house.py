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

from service.domain.checklist import Checklist
from service.domain.errors import UnknownChecklist
from service.domain.moments import from_ms
from service.domain.pace import Pace
from service.domain.rules import Rules
from service.domain.volume import VisitLimits
from service.storage import checklists
from service.storage.blobs import Blobs, open_blobs
from service.storage.database import Database, Tx

from .gateways import Gateway
from .quota import Quota

ONSITE = "onsite"  # the checklist that visits take


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


class Vault(msgspec.Struct, frozen=True):
    """Where files are: the store, and in the data folder what is coming in and copies that can be made anew."""

    blobs: Blobs
    data: Path
    max_file: int = 8 * 2**20

    @property
    def incoming(self) -> Path:
        """Files that are being received."""
        return self.data / "evidence" / "incoming"

    @property
    def copies(self) -> Path:
        """Copies that are served; whoever deletes the folder loses nothing."""
        return self.data / "copies"


def vault(data: Path, address: str = "", max_file: int = 8 * 2**20, scratch: Path | None = None) -> Vault:
    """Files in the data folder, or in the store of an address."""
    data = data.absolute()  # the copier runs elsewhere
    return Vault(open_blobs(address, data / "evidence", scratch), data, max_file)


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
    requests: Pace = msgspec.field(default_factory=lambda: Pace(0))  # of each token (`http/auth`)
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

    async def rules(self, tx: Tx, checklist: str, version: str) -> Rules:
        """A published version, made ready once and kept: it never changes."""
        known = self.ready.get((checklist, version))
        if known is None:
            row = await checklists.checklist(tx, checklist, version)
            if row is None:
                raise UnknownChecklist
            known = self.ready[checklist, version] = Rules(msgspec.json.decode(row.body, type=Checklist))
        return known
