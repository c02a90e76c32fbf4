"""Published versions of checklists. A version never changes."""

from uuid import UUID

import msgspec

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params


class ChecklistRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published version: its exact bytes, by whom, when (ms UTC) and why it was published, its leaf of the log (None
    for versions older than the log) and the salt of that leaf."""

    id: str
    version: str
    sha256: bytes
    body: bytes
    published_at: int
    published_by: str
    reason: str
    leaf: UUID | None = None
    salt: bytes | None = None


def checklist_commitment(row: ChecklistRow) -> bytes:
    """What the leaf commits to besides the bytes."""
    return log.row_commitment(id=row.id, version=row.version, published_by=row.published_by, reason=row.reason)


async def add_checklist(tx: Transaction, row: ChecklistRow) -> bool:
    """Add a version; False when it exists."""
    return await tx.execute("add_checklist", **to_params(row)) == 1


async def get_checklist(tx: Transaction, id: str, version: str) -> ChecklistRow | None:
    """One version."""
    return await fetch_struct(tx, ChecklistRow, "checklist", id=id, version=version)


async def latest_published(tx: Transaction, id: str) -> ChecklistRow | None:
    """The version published last."""
    return await fetch_struct(tx, ChecklistRow, "newest_checklist", id=id)


async def list_checklists(tx: Transaction) -> list[ChecklistRow]:
    """All versions, by id and time."""
    return await fetch_structs(tx, ChecklistRow, "all_checklists")


@finds_rows_of("policy")
async def find_logged_checklist(tx: Transaction, leaf: UUID) -> LoggedRow | None:
    """A version for the verification of its leaf."""
    row = await fetch_struct(tx, ChecklistRow, "checklist_of_leaf", leaf=leaf.bytes)
    return row and LoggedRow("policy", row.published_at, row.body, row.sha256, row.salt, checklist_commitment(row))
