"""Visits as dispatch created them. What is written about them later is in `batches`, what is changed in `changes`."""

from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import Lines, fetch_struct, to_params

from . import summaries, sync_feed


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit. `body` is what the dispatcher sent, byte by byte; times are ms UTC; `salt` is of its leaf.

    `technician` and `crew` are those of now; the rest is as it was planned. `revision`: how many changes there are;
    `state` and `flags`: as they were when something was last written about it.
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

    @property
    def planned_at(self) -> int:
        """When it is planned for; lists are in this order."""
        return self.created_at if self.window_from is None else self.window_from


def visit_commitment(row: VisitRow) -> bytes:
    """What its leaf commits to beside its bytes. Who goes is in the bytes."""
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
    """Add a visit, with its place on the board and in the agenda of who goes; False when there is one with this id."""
    added = await tx.execute("add_visit", **to_params(row), planned_at=row.planned_at)
    if added:
        await summaries.insert_summary(
            tx, row.id, row.type, row.technician, row.crew, row.area, row.planned_at, follows, row.body
        )
        await sync_feed.assign(tx, (row.technician, *row.crew), row.id, planned_at=row.planned_at, active=True)
    return added == 1


async def get_visit(tx: Transaction, id: UUID) -> VisitRow | None:
    """One visit."""
    return await fetch_struct(tx, VisitRow, "visit", id=id.bytes)


async def lock_visit(tx: Transaction, id: UUID) -> VisitRow | None:
    """One visit, with nobody else writing about it until this transaction ends."""
    return await fetch_struct(tx, VisitRow, "locked_visit", id=id.bytes)


@finds_rows_of("visit.planned")
async def find_logged_visit(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A visit, as its leaf commits to it."""
    row = await get_visit(tx, id)
    return row and LoggedRow("visit.planned", row.created_at, row.body, row.sha256, row.salt, visit_commitment(row))
