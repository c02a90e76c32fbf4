"""Visits as dispatch created them. What is written about them later is in `batches`."""

from uuid import UUID

import msgspec

from .database import Row, Tx

FIRST = (-(2**62), UUID(int=0))
"""The key before every visit."""


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit. `body` is what the dispatcher sent, byte by byte; times are ms UTC; `salt` is of its leaf."""

    id: UUID
    sha256: bytes
    body: bytes
    type: str
    technician: str
    crew: tuple[str, ...] = ()
    area: str = ""
    checklist: str
    checklist_version: str
    window_from: int | None = None
    window_to: int | None = None
    created_at: int
    created_by: str
    salt: bytes

    @property
    def planned_at(self) -> int:
        """When it is planned for; lists are in this order."""
        return self.created_at if self.window_from is None else self.window_from

    @property
    def key(self) -> tuple[int, UUID]:
        """Its place in a list, for `visits_page`."""
        return self.planned_at, self.id


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which visits a page shows. `technician` also finds the crew; `areas` None means all; `[from_at, to_at)` ms."""

    technician: str | None = None
    areas: tuple[str, ...] | None = None
    type: str = ""
    from_at: int = -(2**62)
    to_at: int = 2**62


def _visit(row: Row) -> VisitRow:
    return VisitRow(
        id=UUID(bytes=row[0]),
        sha256=row[1],
        body=row[2],
        type=row[3],
        technician=row[4],
        crew=tuple(row[5].split("\n")) if row[5] else (),
        area=row[6],
        checklist=row[7],
        checklist_version=row[8],
        window_from=row[9],
        window_to=row[10],
        created_at=row[11],
        created_by=row[12],
        salt=row[13],
    )


async def add_visit(tx: Tx, row: VisitRow) -> bool:
    """Add a visit; False when there is one with this id."""
    added = await tx.run(
        "add_visit",
        id=row.id.bytes,
        sha256=row.sha256,
        body=row.body,
        type=row.type,
        technician=row.technician,
        crew="\n".join(row.crew),
        area=row.area,
        checklist=row.checklist,
        checklist_version=row.checklist_version,
        window_from=row.window_from,
        window_to=row.window_to,
        planned_at=row.planned_at,
        created_at=row.created_at,
        created_by=row.created_by,
        salt=row.salt,
    )
    if added:
        people = dict.fromkeys((row.technician, *row.crew))
        at = row.planned_at
        await tx.many("assign", [{"login": login, "planned_at": at, "visit": row.id.bytes} for login in people])
    return added == 1


async def visit(tx: Tx, id: UUID) -> VisitRow | None:
    """One visit."""
    row = await tx.one("visit", id=id.bytes)
    return None if row is None else _visit(row)


async def locked_visit(tx: Tx, id: UUID) -> VisitRow | None:
    """One visit, with nobody else writing about it until this transaction ends."""
    row = await tx.one("locked_visit", id=id.bytes)
    return None if row is None else _visit(row)


async def visits_page(tx: Tx, wanted: Wanted, after: tuple[int, UUID] = FIRST, size: int = 50) -> list[VisitRow]:
    """The next `size` visits after a key, by (planned_at, id). One range of an index for each area."""
    rows: list[Row] = []
    for area in (None,) if wanted.areas is None else dict.fromkeys(wanted.areas):
        if wanted.technician is not None:
            query, of = "visits_of_person", {"login": wanted.technician, "every_area": int(area is None)}
            of["area"] = area or ""
        elif area is not None:
            query, of = "visits_of_area", {"area": area}
        else:
            query, of = "visits_of_all", {}
        rows += await tx.all(
            query,
            type=wanted.type,
            from_at=wanted.from_at,
            to_at=wanted.to_at,
            after_at=after[0],
            after_id=after[1].bytes,
            size=size,
            **of,
        )
    return sorted(map(_visit, rows), key=lambda row: row.key)[:size]
