"""The nightly deletion: what has been kept for its term goes, in small steps, on one server alone."""

import asyncio
import time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import Problem
from service.web.access_log import get_logger
from service.web.decoding import to_json

from . import commands, customers, holds, positions
from .terms import DAY_MS, TERMS, Term

HOUR = 3
"""When the deletion begins, in the utility's zone; a server that starts later begins at once."""
POLL_SECONDS = 600.0
LEASE_MS = 600_000
PAUSE_SECONDS = 0.05  # between steps: writers come first
HISTORY = 30
MAX_PAUSE = timedelta(days=7)
DOUBT_SECONDS = 86_400.0
_counts = msgspec.json.Decoder(dict[str, int])


class RetentionRun(msgspec.Struct, frozen=True):
    """What a night's deletion removed, or (as a preview) what the next one would."""

    day: Annotated[str, Meta(description="The day, YYYY-MM-DD.")]
    ended_at: Annotated[datetime | None, Meta(description="When it ended; null for a preview.")]
    counts: Annotated[dict[str, int], Meta(description="How many were erased, by kind.")]
    kept: Annotated[
        int | None, Meta(description="Of a preview: visits past their term that stay, as open, owed or held.")
    ] = None


class ClockDoubt:
    """Holds the deletion up for a day after a long pause by the clock: a clock that is years ahead would erase
    everything, and within a day somebody sees that it is."""

    def __init__(self) -> None:
        self._since: float | None = None

    async def holds_up(self, ctx: AppContext, uptime: float) -> bool:
        """Whether to wait now. `uptime` (s) is of a clock that nobody sets."""
        last = await _last_day(ctx)
        if last is None or ctx.now().date() - date.fromisoformat(last) <= MAX_PAUSE:
            self._since = None
            return False
        if self._since is None:
            self._since = uptime
            get_logger().warning("retention waits for a day: is the clock right?", last=last, now=ctx.now().isoformat())
        return uptime < self._since + DOUBT_SECONDS


async def run(ctx: AppContext) -> None:
    """Delete what is due, once a night, until cancelled."""
    doubt = ClockDoubt()
    while True:
        try:
            if ctx.now().hour >= HOUR and not await doubt.holds_up(ctx, time.monotonic()):
                await run_night(ctx)
        except Problem:  # the database cannot write now
            pass
        await asyncio.sleep(POLL_SECONDS)


async def run_night(ctx: AppContext) -> RetentionRun | None:
    """Delete what is due, unless it was done today or another server does it."""
    day = ctx.now().date().isoformat()
    if not await _needs(ctx, day) or not await claim(ctx, day):
        return None
    counts, reduced_until = Counter[str](), await _reduced_until(ctx)
    for term in TERMS:
        counts[term.kind] = await _erase_due(ctx, term, day)
    before = _before(ctx, ctx.retention.positions)
    if before is not None:
        counts["positions"] = await _reduce_positions(ctx, reduced_until, before, day)
        reduced_until = max(reduced_until, before)
    result = {kind: count for kind, count in counts.items() if count}
    if result:
        await commands.purge(ctx)
    await _end(ctx, day, result, reduced_until)
    get_logger().info("retention", day=day, **{kind: counts[kind] for kind in sorted(counts)})
    return RetentionRun(day, ctx.now(), result)


async def preview(ctx: AppContext) -> RetentionRun:
    """What the next deletion would erase; nothing is changed."""
    counts, gone = Counter[str](), set[bytes]()
    for term in TERMS:
        before = _before(ctx, term.days(ctx.retention))
        after = term.first
        while before is not None and (keys := await term.due(ctx, before, after)):
            counts[term.kind] += await term.count(ctx, keys)
            gone |= {bytes(visit) for _, visit in keys} if term.kind == "visits" else set()
            after = keys[-1]
    before, since = _before(ctx, ctx.retention.positions), await _reduced_until(ctx)
    key = (0, b"")
    while before is not None and (rows := await positions.find(ctx, since, before, key)):
        found = [row for row in rows if positions.reduced(bytes(row[3])) is not None]
        counts["positions"] += await _count_free(ctx, [row[1] for row in found if bytes(row[1]) not in gone])
        key = rows[-1][2], bytes(rows[-1][0])
    result = {kind: count for kind, count in counts.items() if count}
    kept = await ctx.db.read(lambda tx: _kept(ctx, tx))
    return RetentionRun(ctx.now().date().isoformat(), None, result, kept - counts["visits"])


@read_only
async def _count_free(ctx: AppContext, tx: Transaction, visits: list[bytes]) -> int:
    """How many of these are not held."""
    held = {one: await holds.is_held(ctx, tx, UUID(bytes=bytes(one))) for one in set(visits)}
    return sum(not held[one] for one in visits)


@read_only
async def last_runs(ctx: AppContext, tx: Transaction) -> list[RetentionRun]:
    """What the last nights' deletions removed, the newest first."""
    rows = await tx.fetch_all("last_retention_runs", size=HISTORY)
    return [RetentionRun(day, ctx.to_local_time(at), _counts.decode(counts)) for day, at, _, counts in rows]


async def _kept(ctx: AppContext, tx: Transaction) -> int:
    before = _before(ctx, ctx.retention.visits)
    row = None if before is None else await tx.fetch_one("visits_past_term", before=before)
    return 0 if row is None else row[0]


def _before(ctx: AppContext, days: int) -> int | None:
    """From before when (ms UTC) data are due; None: they are kept for good."""
    return ctx.clock() - days * DAY_MS if days else None


async def _erase_due(ctx: AppContext, term: Term, day: str) -> int:
    before, after, count = _before(ctx, term.days(ctx.retention)), term.first, 0
    while before is not None and (keys := await term.due(ctx, before, after)):
        count += await term.erase(ctx, keys)
        after = keys[-1]
        await _pause(ctx, day)
    return count


async def _reduce_positions(ctx: AppContext, since: int, before: int, day: str) -> int:
    """Those of records that came since the last time, and of visits whose hold has ended since."""
    count, key = 0, (0, b"")
    while rows := await positions.find(ctx, since, before, key):
        count += await positions.reduce(ctx, rows)
        key = rows[-1][2], bytes(rows[-1][0])
        await _pause(ctx, day)
    for visit, _ in await ctx.db.read(lambda tx: tx.fetch_all("visits_with_holds")):
        rows = await ctx.db.read(lambda tx, visit=visit: tx.fetch_all("batches_of_held", visit=visit, before=before))
        if rows:
            count += await positions.reduce(ctx, rows)
    for account in await holds.released_accounts(ctx, await _last_ended(ctx), ctx.clock()):
        for one in await customers.find(ctx, account):
            key = UUID(one.visit).bytes
            rows = await ctx.db.read(lambda tx, key=key: tx.fetch_all("batches_of_held", visit=key, before=before))
            count += await positions.reduce(ctx, rows)
            await _pause(ctx, day)
    return count


async def _pause(ctx: AppContext, day: str) -> None:
    await ctx.db.write(lambda tx: tx.execute("renew_retention", day=day, lease=ctx.clock() + LEASE_MS))
    await asyncio.sleep(PAUSE_SECONDS)


@read_only
async def _last_day(_: AppContext, tx: Transaction) -> str | None:
    """The last day with a deletion that ended."""
    rows = await tx.fetch_all("last_retention_runs", size=1)
    return rows[0][0] if rows else None


@read_only
async def _needs(_: AppContext, tx: Transaction, day: str) -> bool:
    row = await tx.fetch_one("retention_run", day=day)
    return row is None or row[1] is None


@transaction
async def claim(ctx: AppContext, tx: Transaction, day: str) -> bool:
    """Begin the deletion of a day; False if it is done, or another server does it."""
    now = ctx.clock()
    times = {"lease": now + LEASE_MS, "now": now, "late": now + 2 * LEASE_MS}  # a lease by a clock that was ahead
    return await tx.execute("claim_retention", day=day, counts=b"{}", **times) == 1


@read_only
async def _last_ended(_: AppContext, tx: Transaction) -> int:
    """When the last night's deletion ended (ms UTC)."""
    rows = await tx.fetch_all("last_retention_runs", size=1)
    return rows[0][1] if rows else 0


@read_only
async def _reduced_until(_: AppContext, tx: Transaction) -> int:
    row = await tx.fetch_one("positions_reduced_until")
    return 0 if row is None or row[0] is None else row[0]


@transaction
async def _end(ctx: AppContext, tx: Transaction, day: str, counts: dict[str, int], until: int) -> None:
    await tx.execute("end_retention", day=day, at=ctx.clock(), counts=to_json(counts), positions_until=until)
