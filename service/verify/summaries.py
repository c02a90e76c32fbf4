"""How `doorstep verify` checks summaries and sync feeds: who sees a visit, and what lists say of it.

Both can be recomputed, so no leaf commits to them. They are compared with what the log covers: the plan, its changes
and the batches.
"""

from typing import Any
from uuid import UUID

import msgspec

from service.context import AppContext, read_only
from service.db.database import Row, Transaction
from service.judge.moments import to_ms
from service.visits import repository as visits_repository
from service.visits.loading import PLAN_DECODER, LoadedVisit, load_visit
from service.visits.notice_flags import is_ahead, with_notice_flags
from service.visits.status import visit_status
from service.visits.summaries import VisitSummaryRow, get_summary
from service.visits.unassigned import with_assignment_flag

from .derived import check_derived, check_duties
from .rows import BATCH_SIZE, check_rows, check_twice, collect_faults, diff_facts, format_id, list_all_faults

SOURCE = "was planned, changed and written"
_LISTS = {
    "summaries_without_visit": "visit {}: it is on the board, and its row is gone",
    "miscounted_departures": "visit {}: the board counts other departures than there are",
}
_PLAN_COLUMNS = ("its technician", "its crew", "its time", "what it follows")


async def check(ctx: AppContext) -> list[str]:
    """The faults of summaries and sync feeds."""
    faults = await collect_faults("visits cannot be listed", check_rows(ctx, "visits", "visit", _check_visit))
    faults += await list_all_faults(ctx, "the board cannot be listed", _LISTS)
    return faults + await collect_faults("agendas cannot be listed", _check_all_feeds(ctx))


async def _check_visit(ctx: AppContext, key: bytes) -> list[str]:
    return await check_twice("it cannot be held against the board", lambda: _check_visit_once(ctx, key))


@read_only
async def _check_visit_once(ctx: AppContext, tx: Transaction, key: bytes) -> list[str]:
    visit_id = UUID(bytes=key)
    summary, visit = await get_summary(tx, visit_id), await _load(ctx, tx, visit_id)
    if summary is None or visit is None:
        return ["it is not on the board"]
    row = await tx.fetch_one("visit_plan_columns", id=key) or ()
    plan, follows = visit.original_plan, visit.plan.follows
    expected = (plan.technician, "\n".join(plan.crew), visit.row.planned_at, UUID(follows).bytes if follows else None)
    faults = diff_facts(
        dict(zip(_PLAN_COLUMNS, expected, strict=True)), dict(zip(_PLAN_COLUMNS, row, strict=True)), "its plan says"
    )
    stored = msgspec.structs.asdict(summary) | {"plan": PLAN_DECODER.decode(summary.plan)}
    faults += [f"the board: {fault}" for fault in diff_facts(_expected_summary(visit), stored, SOURCE)]
    status = await _check_status(tx, visit, summary) if summary.state else ["its status was never computed"]
    faults += [f"the board: {fault}" for fault in status]
    return faults + await _check_feeds_of(tx, visit) + await check_derived(tx, visit)


async def _load(ctx: AppContext, tx: Transaction, visit_id: UUID) -> LoadedVisit | None:
    """The visit with all its changes, whatever revision its summary has."""
    row = await visits_repository.get_visit(tx, visit_id)
    return None if row is None else await load_visit(ctx, tx, msgspec.structs.replace(row, revision=1))


def _expected_summary(visit: LoadedVisit) -> dict[str, Any]:
    plan, trail = visit.plan, visit.plan_history.trail
    return {
        "type": visit.row.type,
        "technician": plan.technician,
        "crew": plan.crew,
        "area": visit.row.area,
        "planned_at": visit.planned_at,
        "ends_at": visit.ends_at,
        "revision": trail[-1].number if trail else 0,
        "plan": plan,
    }


async def _check_status(tx: Transaction, visit: LoadedVisit, summary: VisitSummaryRow) -> list[str]:
    """A status that may have changed by itself is not compared: lists evaluate such visits too."""
    if summary.valid_until is not None and to_ms(visit.now) >= summary.valid_until - 1:
        return []
    judgement = visit.evaluate_at()
    visit = await with_assignment_flag(tx, visit)
    visit = await with_notice_flags(tx, visit, ahead=is_ahead(visit, judgement))
    status = visit_status(visit, judgement)
    names = ("state", "flags", "verdict", "valid_until", "reasons", "urgent_at", "since", "assignee")
    expected, stored = ({name: getattr(source, name) for name in names} for source in (status, summary))
    expected["flags"], stored["flags"] = set(status.flags), set(summary.flags)
    return diff_facts(expected, stored, "the judge says") + await check_duties(tx, visit, judgement)


async def _check_feeds_of(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """The visit is in the feed of everybody who is or was assigned to it."""
    assigned, faults = {visit.plan.technician, *visit.plan.crew}, list[str]()
    for login in sorted(visit.plan_history.ever_assigned):
        row = await tx.fetch_one("sync_feed_of_visit", login=login, visit=visit.row.id.bytes)
        if row is None or row[1] != int(login in assigned):
            faults.append(f"the agenda of {login} is not what {SOURCE}")
    return faults


async def _check_all_feeds(ctx: AppContext) -> list[str]:
    """No visit is in the feed of anybody else. Former assignees may still submit records, so they are checked too."""
    faults: list[str] = []
    page: list[Row] = [("", b"")]
    while page := await ctx.db.read(
        lambda tx, after=page[-1]: tx.fetch_all("sync_feed_page", login=after[0], after=after[1], size=BATCH_SIZE)
    ):
        for login, visit, is_assigned, technician, crew in page:
            prefix = f"visit {format_id(visit)}: "
            if is_assigned and login != technician and login not in (crew or "").split("\n"):
                faults.append(f"{prefix}it is on the agenda of {login}, who does not go")
            elif not is_assigned:
                checked = _check_former_assignee(ctx, login, visit)
                faults += await collect_faults("it cannot be held against agendas", checked, prefix)
    return faults


@read_only
async def _check_former_assignee(ctx: AppContext, tx: Transaction, login: str, key: bytes) -> list[str]:
    visit = await _load(ctx, tx, UUID(bytes=key))
    return [] if visit is None or login in visit.plan_history.ever_assigned else [f"{login} never was to go there"]
