"""Published versions of checklists. A version never changes."""

import msgspec

from .database import Row, Tx


class ChecklistRow(msgspec.Struct, frozen=True, kw_only=True):
    """A published version: its exact bytes, and who published it when (ms UTC) and why."""

    id: str
    version: str
    sha256: bytes
    body: bytes
    published_at: int
    published_by: str
    reason: str


def _checklist(row: Row) -> ChecklistRow:
    return ChecklistRow(**dict(zip(ChecklistRow.__struct_fields__, row, strict=True)))


async def add_checklist(tx: Tx, row: ChecklistRow) -> bool:
    """Publish; False when there is such a version (compare its `sha256`)."""
    return await tx.run("add_checklist", **msgspec.structs.asdict(row)) == 1


async def checklist(tx: Tx, id: str, version: str) -> ChecklistRow | None:
    """One version."""
    row = await tx.one("checklist", id=id, version=version)
    return None if row is None else _checklist(row)


async def newest(tx: Tx, id: str) -> ChecklistRow | None:
    """The version published last."""
    row = await tx.one("newest_checklist", id=id)
    return None if row is None else _checklist(row)


async def all_checklists(tx: Tx) -> list[ChecklistRow]:
    """All versions, by id and time."""
    return [_checklist(row) for row in await tx.all("all_checklists")]
