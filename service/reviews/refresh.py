"""Keeps the queue and the lists true while nobody writes: duties fall due, files stay away, visits close."""

import asyncio

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.db.rows import fetch_ids
from service.visits import repository
from service.visits.loading import load_visit
from service.visits.status import recompute_status
from service.web.defects import or_unreadable

BATCH_SIZE = 50
EVERY_SECONDS = 20.0
UNREADABLE_MS = 3_600_000


async def run(ctx: AppContext) -> None:
    """Refresh what is due, for ever."""
    while True:
        if await refresh_due(ctx) < BATCH_SIZE:
            await asyncio.sleep(EVERY_SECONDS)


@transaction
async def refresh_due(ctx: AppContext, tx: Transaction) -> int:
    """Judge visits again whose status may have changed by itself; how many there were."""
    due = await fetch_ids(tx, "summaries_to_refresh", now=ctx.clock(), size=BATCH_SIZE)
    for visit_id in sorted(due):
        row = await repository.lock_visit(tx, visit_id)
        visit = None if row is None else await or_unreadable(ctx, visit_id, load_visit(ctx, tx, row))
        if visit is None:  # tried again later, so that it does not hold up the others
            await tx.execute("postpone_refresh", visit=visit_id.bytes, at=ctx.clock() + UNREADABLE_MS)
        else:
            await recompute_status(tx, visit)
    return len(due)
