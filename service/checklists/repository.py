"""Published versions of checklists. A version never changes."""

from uuid import UUID

import msgspec

from service.audit_log import log
from service.db.database import Row, Transaction


class ChecklistRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published version: its exact bytes, and who published it when (ms UTC) and why.

    `leaf` is the id of its leaf in the log and `salt` that leaf's; None of versions published before there were any.
    """

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
    """What its leaf commits to beside its bytes."""
    return log.row_commitment(id=row.id, version=row.version, published_by=row.published_by, reason=row.reason)


def _checklist(row: Row) -> ChecklistRow:
    given = dict(zip(ChecklistRow.__struct_fields__, row, strict=True))
    given["leaf"] = None if given["leaf"] is None else UUID(bytes=given["leaf"])
    return ChecklistRow(**given)


async def add_checklist(tx: Transaction, row: ChecklistRow) -> bool:
    """Publish; False when there is such a version (compare its `sha256`)."""
    given = msgspec.structs.asdict(row) | {"leaf": row.leaf.bytes if row.leaf else None}
    return await tx.execute("add_checklist", **given) == 1


async def get_checklist(tx: Transaction, id: str, version: str) -> ChecklistRow | None:
    """One version."""
    row = await tx.fetch_one("checklist", id=id, version=version)
    return None if row is None else _checklist(row)


async def find_by_leaf(tx: Transaction, leaf: UUID) -> ChecklistRow | None:
    """The version that a leaf of the log is about."""
    row = await tx.fetch_one("checklist_of_leaf", leaf=leaf.bytes)
    return None if row is None else _checklist(row)


async def latest_published(tx: Transaction, id: str) -> ChecklistRow | None:
    """The version published last."""
    row = await tx.fetch_one("newest_checklist", id=id)
    return None if row is None else _checklist(row)


async def list_checklists(tx: Transaction) -> list[ChecklistRow]:
    """All versions, by id and time."""
    return [_checklist(row) for row in await tx.fetch_all("all_checklists")]
