"""Summaries: the current plan and status of each visit, one row a visit. They serve lists and can be recomputed."""

from operator import itemgetter
from uuid import UUID

import msgspec

from service.db.database import BatchStatement, Row, Transaction
from service.db.rows import Lines, Words, fetch_ids, fetch_struct, from_row
from service.judge.moments import to_ms
from service.web.decoding import to_json

from .plan import Plan

MIN_KEY = (-(2**62), UUID(int=0))
"""The key before every visit."""
MAX_KEY = UUID(int=2**128 - 1)
COUNTED = 20_000  # a list by type pays only below so many visits: of a more common type the next is never far


class VisitSummaryRow(msgspec.Struct, frozen=True, kw_only=True):
    """The summary of a visit. `plan` is JSON, with all changes; times are ms UTC; `verdict` is '' before any work.

    `valid_until`: when the status can change although nothing is written.
    """

    visit: UUID
    type: str
    technician: str
    crew: Lines
    area: str
    planned_at: int
    state: str
    flags: Words
    verdict: str
    valid_until: int | None
    revision: int
    plan: bytes
    reasons: Words = ()
    urgent_at: int | None = None
    since: int | None = None
    assignee: str = ""
    ends_at: int = 0

    @property
    def key(self) -> tuple[int, UUID]:
        """Its position in a list."""
        return self.planned_at, self.visit


_KEY = itemgetter(*map(VisitSummaryRow.__struct_fields__.index, ("planned_at", "visit")))


class VisitStatus(msgspec.Struct, frozen=True):
    """The status of a visit, as in its summary. Times are ms UTC."""

    state: str
    flags: tuple[str, ...] = ()
    verdict: str = ""
    valid_until: int | None = None
    reasons: tuple[str, ...] = ()
    urgent_at: int | None = None
    since: int | None = None
    assignee: str = ""


class VisitFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which visits to list. `technician` includes the crew; `areas` None means all; `[from_at, to_at)` is ms UTC, of
    the beginning. They end after `ends_after`."""

    technician: str | None = None
    areas: tuple[str, ...] | None = None
    type: str = ""
    state: str = ""
    flag: str = ""
    from_at: int = -(2**62)
    to_at: int = 2**62
    ends_after: int = -(2**62)

    def has(self, row: "VisitSummaryRow") -> bool:
        """Whether a visit matches, whatever its state and flags, which may be out of date in the row."""
        return (
            (self.technician is None or self.technician in (row.technician, *row.crew))
            and (self.areas is None or row.area in self.areas)
            and self.type in ("", row.type)
            and self.from_at <= row.planned_at < self.to_at
            and row.ends_at > self.ends_after
        )


async def update_plan(tx: Transaction, visit_id: UUID, plan: Plan, planned_at: int, revision: int) -> None:
    """Update the plan after a change."""
    columns = {"technician": plan.technician, "crew": "\n".join(plan.crew), "plan": to_json(plan)}
    ends_at = max(planned_at + 1, 0 if plan.window is None else to_ms(plan.window.end))
    times = {"planned_at": planned_at, "ends_at": ends_at}
    await tx.execute("update_summary_plan", visit=visit_id.bytes, revision=revision, **times, **columns)


async def set_end(tx: Transaction, visit_id: UUID, ends_at: int) -> None:
    """Update the end only."""
    await tx.execute("set_summary_end", visit=visit_id.bytes, ends_at=ends_at)


def update_status_statement(visit_id: UUID, status: VisitStatus) -> BatchStatement:
    """The statement that updates the status."""
    return "update_summary_status", {
        "visit": visit_id.bytes,
        "state": status.state,
        "flags": " ".join(status.flags),
        "verdict": status.verdict,
        "valid_until": status.valid_until,
        "reasons": " ".join(status.reasons),
        "urgent_at": status.urgent_at,
        "since": status.since,
        "assignee": status.assignee,
    }


async def get_summary(tx: Transaction, visit_id: UUID) -> VisitSummaryRow | None:
    """The summary of a visit."""
    return await fetch_struct(tx, VisitSummaryRow, "summary", visit=visit_id.bytes)


async def set_flags(tx: Transaction, visit_id: UUID, flags: tuple[str, ...]) -> None:
    """Update the flags only."""
    await tx.execute("set_summary_flags", visit=visit_id.bytes, flags=" ".join(flags))


async def active_visits_of(tx: Transaction, login: str) -> list[UUID]:
    """The active visits in a technician's sync feed, by id."""
    return await fetch_ids(tx, "active_visits_of", login=login)


async def type_exists(tx: Transaction, type: str) -> bool:
    """Whether there is a visit of a type."""
    return await tx.fetch_one("any_of_type", type=type) is not None


async def stale_summaries(tx: Transaction, size: int) -> list[UUID]:
    """Visits whose status was never computed."""
    return await fetch_ids(tx, "stale_summaries", size=size)


async def follow_up_visits(tx: Transaction, visit_id: UUID) -> list[UUID]:
    """The visits that continue this one."""
    return await fetch_ids(tx, "follow_up_visits", visit=visit_id.bytes)


async def list_summaries(
    tx: Transaction, wanted: VisitFilter, after: tuple[int, UUID] = MIN_KEY, size: int = 50
) -> list[VisitSummaryRow]:
    """The next `size` visits after a key, by (planned_at, visit). Reads one index range for each area."""
    rows: list[Row] = []
    after = max(after, (wanted.from_at - 1, MAX_KEY))  # SQLite uses only one lower bound, that of the key
    for area in (None,) if wanted.areas is None else dict.fromkeys(wanted.areas):
        params = {"every_area": int(area is None), "area": area or "", "state": wanted.state}
        if wanted.technician is not None:
            query = "summaries_of_person"
            params |= {"login": wanted.technician, "flag": wanted.flag}
        elif wanted.flag:
            query = "summaries_of_flag"
            params["flag"] = wanted.flag
        elif wanted.type and await _is_selective(tx, wanted):
            query = "summaries_of_type"
        elif wanted.state:
            query = "summaries_of_state"
        elif area is not None:
            query, params = "summaries_of_area", {"area": area}
        else:
            query, params = "summaries_of_all", {}
        position = {"after_at": after[0], "after_id": after[1].bytes, "ends_after": wanted.ends_after}
        rows += await tx.fetch_all(query, type=wanted.type, to_at=wanted.to_at, size=size, **position, **params)
    return [from_row(VisitSummaryRow, row) for row in sorted(rows, key=_KEY)[:size]]


async def _is_selective(tx: Transaction, wanted: VisitFilter) -> bool:
    """Whether fewer visits are of the wanted type than in the wanted state, counted up to `COUNTED`."""
    row = await tx.fetch_one("count_type_and_state", type=wanted.type, state=wanted.state, most=COUNTED)
    return row is not None and row[0] < COUNTED and row[0] <= row[1]
