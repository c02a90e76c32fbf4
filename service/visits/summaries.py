"""The board: how each visit stands now, one row a visit. It serves lists, and can be made anew from the rest."""

from uuid import UUID

import msgspec

from service.db.database import BatchStatement, Row, Transaction
from service.db.rows import Lines, Words, fetch_ids, fetch_struct, from_row

MIN_KEY = (-(2**62), UUID(int=0))
"""The key before every visit."""
MAX_KEY = UUID(int=2**128 - 1)
COUNTED = 20_000  # visits of a type: of a common one the next is never far


class VisitSummaryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A visit on the board. `plan` is JSON, with all changes; times are ms UTC; `verdict` '' while nothing was done."""

    visit: UUID
    type: str
    technician: str
    crew: Lines
    area: str
    planned_at: int
    state: str
    flags: Words
    verdict: str
    until: int | None
    revision: int
    plan: bytes

    @property
    def key(self) -> tuple[int, UUID]:
        """Its place in a list, for `page`."""
        return self.planned_at, self.visit


class VisitStatus(msgspec.Struct, frozen=True):
    """What the judge makes of a visit: `until` (ms UTC) it holds if nothing is written."""

    state: str
    flags: tuple[str, ...] = ()
    verdict: str = ""
    until: int | None = None


class VisitFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which visits a page shows. `technician` also finds the crew; `areas` None means all; `[from_at, to_at)` ms."""

    technician: str | None = None
    areas: tuple[str, ...] | None = None
    type: str = ""
    state: str = ""
    flag: str = ""
    from_at: int = -(2**62)
    to_at: int = 2**62


async def insert_summary(
    tx: Transaction,
    visit_id: UUID,
    type: str,
    technician: str,
    crew: tuple[str, ...],
    area: str,
    planned_at: int,
    follows: UUID | None,
    plan: bytes,
) -> None:
    """A visit that was just planned."""
    await tx.execute(
        "add_summary",
        visit=visit_id.bytes,
        type=type,
        technician=technician,
        crew="\n".join(crew),
        area=area,
        planned_at=planned_at,
        state="planned",
        flags="",
        verdict="",
        until=None,
        revision=0,
        follows=follows.bytes if follows else None,
        plan=plan,
    )


async def update_summary(
    tx: Transaction,
    visit_id: UUID,
    *,
    technician: str,
    crew: tuple[str, ...],
    planned_at: int,
    revision: int,
    plan: bytes,
) -> None:
    """The plan was changed."""
    await tx.execute(
        "update_summary_plan",
        visit=visit_id.bytes,
        technician=technician,
        crew="\n".join(crew),
        planned_at=planned_at,
        revision=revision,
        plan=plan,
    )


def update_status_statement(visit_id: UUID, now: VisitStatus) -> BatchStatement:
    """Something was written."""
    return "update_summary_status", {
        "visit": visit_id.bytes,
        "state": now.state,
        "flags": " ".join(now.flags),
        "verdict": now.verdict,
        "until": now.until,
    }


async def get_summary(tx: Transaction, visit_id: UUID) -> VisitSummaryRow | None:
    """One visit."""
    return await fetch_struct(tx, VisitSummaryRow, "summary", visit=visit_id.bytes)


async def set_flags(tx: Transaction, visit_id: UUID, flags: tuple[str, ...]) -> None:
    """Other flags, and all else as it was."""
    await tx.execute("set_summary_flags", visit=visit_id.bytes, flags=" ".join(flags))


async def active_visits_of(tx: Transaction, login: str) -> list[UUID]:
    """Visits on somebody's agenda that his phone still needs, by id."""
    return await fetch_ids(tx, "active_visits_of", login=login)


async def type_exists(tx: Transaction, type: str) -> bool:
    """Whether there is a visit of a type."""
    return await tx.fetch_one("any_of_type", type=type) is not None


async def stale_summaries(tx: Transaction, size: int) -> list[UUID]:
    """Visits whose state was never worked out."""
    return await fetch_ids(tx, "stale_summaries", size=size)


async def follow_up_visits(tx: Transaction, visit_id: UUID) -> list[UUID]:
    """The visits that follow one."""
    return await fetch_ids(tx, "followers", visit=visit_id.bytes)


async def list_summaries(
    tx: Transaction, wanted: VisitFilter, after: tuple[int, UUID] = MIN_KEY, size: int = 50
) -> list[VisitSummaryRow]:
    """The next `size` visits after a key, by (planned_at, visit). One range of an index for each area."""
    rows: list[Row] = []
    after = max(after, (wanted.from_at - 1, MAX_KEY))  # SQLite begins at one bound only, that of the key
    for area in (None,) if wanted.areas is None else dict.fromkeys(wanted.areas):
        of = {"every_area": int(area is None), "area": area or "", "state": wanted.state}
        if wanted.technician is not None:
            query = "summaries_of_person"
            of |= {"login": wanted.technician, "flag": wanted.flag}
        elif wanted.flag:
            query = "summaries_of_flag"
            of["flag"] = wanted.flag
        elif wanted.type and await _is_selective(tx, wanted):
            query = "summaries_of_type"
        elif wanted.state:
            query = "summaries_of_state"
        elif area is not None:
            query, of = "summaries_of_area", {"area": area}
        else:
            query, of = "summaries_of_all", {}
        rows += await tx.fetch_all(
            query,
            type=wanted.type,
            to_at=wanted.to_at,
            after_at=after[0],
            after_id=after[1].bytes,
            size=size,
            **of,
        )
    return sorted((from_row(VisitSummaryRow, row) for row in rows), key=lambda row: row.key)[:size]


async def _is_selective(tx: Transaction, wanted: VisitFilter) -> bool:
    """Whether fewer visits are of the wanted type than in the wanted state, as far as one counts."""
    row = await tx.fetch_one("count_type_and_state", type=wanted.type, state=wanted.state, most=COUNTED)
    return row is not None and row[0] < COUNTED and row[0] <= row[1]
