"""What became of people and devices: exact bytes, only ever added, each committed to by a leaf of the log."""

from typing import Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, to_params

from . import log
from .sources import LoggedRow, finds_rows_of

EventKind = Literal["access", "key"]
"""`access`: who works here and as what. `key`: what somebody holds that lets him in or signs."""


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became of somebody. `at` is ms UTC, `sha256` that of the body."""

    id: UUID
    kind: EventKind
    at: int
    sha256: bytes
    body: bytes
    salt: bytes


async def add_event(tx: Transaction, row: EventRow) -> None:
    """Keep it, with its leaf."""
    await tx.execute("add_event", **to_params(row))
    await log.append_leaf(tx, row.kind, row.id, row.salt, row.sha256, row.at)


async def event(tx: Transaction, id: UUID) -> EventRow | None:
    """One of them."""
    return await fetch_struct(tx, EventRow, "event", id=id.bytes)


@finds_rows_of("access", "key")
async def find_logged_event(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An event, as its leaf commits to it."""
    row = await event(tx, id)
    return row and LoggedRow(row.kind, row.at, row.body, row.sha256, row.salt)
