"""Visits as they were planned. Later entries are in `batches`, changes of the plan in `changes`."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import Lines, fetch_struct, fetch_structs, to_params

from . import sync_feed

NO_RECORD_AFTER_MS = 12 * 3_600_000  # after its window a visit without a record calls for a person


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit. `body` is what the dispatcher sent, byte by byte; times are ms UTC; `salt` is the salt of its leaf.

    `technician`, `crew`, `revision` (the number of changes), `state`, `flags`, `reviews` (the number of decisions and
    answers) and `departures` (their number) are current, from the summary; the rest is as planned.
    """

    id: UUID
    sha256: bytes
    body: bytes
    type: str
    technician: str
    crew: Lines = ()
    area: str = ""
    checklist: str
    checklist_version: str
    window_from: int | None = None
    window_to: int | None = None
    created_at: int
    created_by: str
    salt: bytes
    revision: int = 0
    state: str = "planned"
    flags: str = ""
    reviews: int = 0
    departures: int = 0

    @property
    def planned_at(self) -> int:
        """The start of the first window or the time of creation (ms UTC)."""
        return self.created_at if self.window_from is None else self.window_from


def visit_commitment(row: VisitRow) -> bytes:
    """What the leaf commits to in addition to the bytes, which include the technician and the crew."""
    return log.row_commitment(
        type=row.type,
        area=row.area,
        checklist=row.checklist,
        checklist_version=row.checklist_version,
        window_from=row.window_from,
        window_to=row.window_to,
        created_by=row.created_by,
    )


async def add_visit(tx: Transaction, row: VisitRow, follows: UUID | None = None) -> bool:
    """Insert a visit with its summary, and into the sync feeds of those assigned; False if it exists."""
    params = to_params(row) | {"planned_at": row.planned_at, "follows": follows.bytes if follows else None}
    wait = 0 if row.flags else NO_RECORD_AFTER_MS  # flags of a new visit hold until its window is over
    params["ends_at"] = max(row.planned_at + 1, row.window_to or 0)
    params["valid_until"] = None if row.window_to is None else row.window_to + wait
    added = await tx.execute("add_visit", **params)
    if added:
        await tx.execute("add_summary", **params)
        await sync_feed.assign(tx, (row.technician, *row.crew), row.id, planned_at=row.planned_at, active=True)
    return added == 1


async def get_visit(tx: Transaction, id: UUID) -> VisitRow | None:
    """One visit."""
    return await fetch_struct(tx, VisitRow, "visit", id=id.bytes)


async def get_visits(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, VisitRow]:
    """Several visits, in one query."""
    rows = await fetch_structs(tx, VisitRow, "visits_with_ids", ids=b"".join(one.bytes for one in ids))
    return {row.id: row for row in rows}


async def lock_visit(tx: Transaction, id: UUID) -> VisitRow | None:
    """One visit, locked until the transaction ends."""
    return await fetch_struct(tx, VisitRow, "locked_visit", id=id.bytes)


@finds_rows_of("visit.planned")
async def find_logged_visit(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A visit, as its leaf commits to it."""
    row = await get_visit(tx, id)
    return row and LoggedRow("visit.planned", row.created_at, row.body, row.sha256, row.salt, visit_commitment(row))
