"""Events about people and devices: exact bytes, insert-only, each committed to by a leaf of the log."""

from typing import Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, to_params

from . import log
from .sources import LoggedRow, finds_rows_of

EventKind = Literal["access", "key", "act"]


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event. `at` is ms UTC, `sha256` the digest of the body.

    Kind `access`: who works here, what lets them in, and who signed in. Kind `key`: a device. Kind `act`: anything
    else. `what`, `person` (whom it is about) and `author` repeat the body, for lists.
    """

    id: UUID
    kind: EventKind
    at: int
    sha256: bytes
    body: bytes
    salt: bytes
    what: str = ""
    person: str = ""
    author: str = ""


async def add_event(tx: Transaction, row: EventRow) -> None:
    """Insert an event and its leaf."""
    await tx.execute("add_event", **to_params(row))
    await log.append_leaf(tx, row.kind, row.id, row.salt, row.sha256, row.at, event_commitment(row))


async def get_event(tx: Transaction, id: UUID) -> EventRow | None:
    """One event."""
    return await fetch_struct(tx, EventRow, "event", id=id.bytes)


def event_commitment(row: EventRow) -> bytes:
    """What its leaf commits to beside the bytes."""
    return log.row_commitment(what=row.what, person=row.person, author=row.author)


@finds_rows_of("access", "key", "act")
async def find_logged_event(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An event, as its leaf commits to it."""
    row = await get_event(tx, id)
    return row and LoggedRow(row.kind, row.at, row.body, row.sha256, row.salt, event_commitment(row))
