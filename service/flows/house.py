"""What every flow works with: the database, the clock, and checklists made ready for judging."""

from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_bytes
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from service.domain.checklist import Checklist
from service.domain.errors import UnknownChecklist
from service.domain.rules import Rules
from service.storage import checklists
from service.storage.database import Database, Tx

from .gateways import Gateway

ONSITE = "onsite"  # the checklist that visits take


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What customers are told and how: `url` without a slash at its end; by channel the way out, the file's for all."""

    url: str = "http://127.0.0.1:8000"
    company: str = "供水公司"
    hotline: str = ""
    cutoff_hours: int = 2
    gateways: Mapping[str, Gateway] = {}


class House(msgspec.Struct, kw_only=True):
    """Everything a flow needs. `clock` gives ms UTC, `new_id` an id that sorts by time (UUID 7)."""

    db: Database
    clock: Callable[[], int]
    new_id: Callable[[], UUID]
    zone: ZoneInfo
    max_entries: int = 2000
    desk: Desk = Desk()
    ready: dict[tuple[str, str], Rules] = {}
    admitted: dict[bytes, tuple[int, int]] = {}  # tokens that were looked at since when and are good until (`access`)

    def now(self) -> datetime:
        """The time now, in the utility's zone."""
        return self.time(self.clock())

    def time(self, ms: int) -> datetime:
        """Milliseconds UTC as a time in the utility's zone."""
        return datetime.fromtimestamp(ms / 1000, self.zone)

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
