"""The board and the agendas as `doorstep verify` looks at them: who sees a visit, and how it stands in lists.

Both can be made anew, so no leaf commits to them. They are held against what is committed to: the plan, its changes and
what was written. What was just being changed is as it should be the second time.
"""

from typing import Any
from uuid import UUID

import msgspec

from service.context import AppContext
from service.db.database import Row, Transaction
from service.visits import repository as visits_repository
from service.visits.loading import PLAN_DECODER, LoadedVisit, load_visit
from service.visits.status import visit_status
from service.visits.summaries import VisitSummaryRow, get_summary
from service.visits.unassigned import with_assignment_flag

from .rows import BATCH_SIZE, collect_faults, diff_facts, format_id, iterate_keys, list_faults

SAYS = "was planned, changed and written"


async def check(ctx: AppContext) -> list[str]:
    """What is wrong with the board and the agendas."""
    faults = await collect_faults("visits cannot be listed", _visits(ctx))
    without = ctx.db.read(
        lambda tx: list_faults(tx, "summaries_without_visit", "visit {}: it is on the board, and its row is gone")
    )
    faults += await collect_faults("the board cannot be listed", without)
    return faults + await collect_faults("agendas cannot be listed", _agendas(ctx))


async def _visits(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    async for key in iterate_keys(ctx, "visits", faults):
        found = await _looked(ctx, key)
        again = await _looked(ctx, key) if found else []
        faults += [f"visit {format_id(key)}: {fault}" for fault in found if fault in again]
    return faults


async def _looked(ctx: AppContext, key: bytes) -> list[str]:
    return await collect_faults("it cannot be held against the board", ctx.db.read(lambda tx: _visit(ctx, tx, key)))


async def _visit(ctx: AppContext, tx: Transaction, key: bytes) -> list[str]:
    visit = UUID(bytes=key)
    shown, file = await get_summary(tx, visit), await _file(ctx, tx, visit)
    if shown is None or file is None:
        return ["it is not on the board"]
    row: Row = await tx.fetch_one("visit_beside", id=key) or ()
    plan, follows = file.original_plan, file.plan.follows
    faults = diff_facts(
        {
            "its technician": plan.technician,
            "its crew": "\n".join(plan.crew),
            "its time": file.row.planned_at,
            "what it follows": UUID(follows).bytes if follows else None,
        },
        dict(zip(("its technician", "its crew", "its time", "what it follows"), row, strict=True)),
        "its plan says",
    )
    faults += [f"the board: {fault}" for fault in diff_facts(_expected(file), _shown(shown), SAYS)]
    stand = await _check_status(tx, file, shown) if shown.state else ["how it stands was not worked out"]
    faults += [f"the board: {fault}" for fault in stand]
    return faults + await _check_sync_feeds(tx, file)


async def _file(ctx: AppContext, tx: Transaction, visit_id: UUID) -> LoadedVisit | None:
    """The visit with all its changes, however many the board says there are."""
    row = await visits_repository.get_visit(tx, visit_id)
    return None if row is None else await load_visit(ctx, tx, msgspec.structs.replace(row, revision=1))


def _expected(visit: LoadedVisit) -> dict[str, Any]:
    plan, trail = visit.plan, visit.plan_history.trail
    return {
        "type": visit.row.type,
        "technician": plan.technician,
        "crew": plan.crew,
        "area": visit.row.area,
        "planned_at": visit.planned_at,
        "revision": trail[-1].number if trail else 0,
        "plan": plan,
    }


def _shown(row: VisitSummaryRow) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in VisitSummaryRow.__struct_fields__}
    return shown | {"plan": PLAN_DECODER.decode(row.plan)}


async def _check_status(tx: Transaction, visit: LoadedVisit, shown: VisitSummaryRow) -> list[str]:
    """What the judge says. When that may change by itself and may have done so, lists ask him too."""
    if shown.until is not None and int(visit.now.timestamp() * 1000) >= shown.until - 1:
        return []
    stand = visit_status(await with_assignment_flag(tx, visit), visit.evaluate_at())
    expected = {"state": stand.state, "flags": set(stand.flags), "verdict": stand.verdict, "until": stand.until}
    row = {"state": shown.state, "flags": set(shown.flags), "verdict": shown.verdict, "until": shown.until}
    return diff_facts(expected, row, "the judge says")


async def _check_sync_feeds(tx: Transaction, visit: LoadedVisit) -> list[str]:
    """Who goes has it on his agenda, and who went had it."""
    goes, faults = {visit.plan.technician, *visit.plan.crew}, list[str]()
    for login in sorted(visit.plan_history.ever_assigned):
        row = await tx.fetch_one("sync_feed_of_visit", login=login, visit=visit.row.id.bytes)
        if row is None or row[1] != int(login in goes):
            faults.append(f"the agenda of {login} is not what {SAYS}")
    return faults


async def _agendas(ctx: AppContext) -> list[str]:
    """Nobody else has it on his agenda. Who had it may still bring what he wrote: so he has to have been to go."""
    faults: list[str] = []
    page: list[Row] = [("", b"")]
    while page := await ctx.db.read(
        lambda tx, after=page[-1]: tx.fetch_all("sync_feed_page", login=after[0], after=after[1], size=BATCH_SIZE)
    ):
        for login, visit, his, technician, crew in page:
            if his and login != technician and login not in (crew or "").split("\n"):
                faults.append(f"visit {format_id(visit)}: it is on the agenda of {login}, who does not go")
            elif not his:
                found = await collect_faults("it cannot be held against agendas", _went(ctx, login, visit))
                faults += [f"visit {format_id(visit)}: {fault}" for fault in found]
    return faults


async def _went(ctx: AppContext, login: str, visit: bytes) -> list[str]:
    file = await ctx.db.read(lambda tx: _file(ctx, tx, UUID(bytes=visit)))
    return [] if file is None or login in file.plan_history.ever_assigned else [f"{login} never was to go there"]
