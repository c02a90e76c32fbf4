"""Checks that records can be stored, with a small test write at most once a second for all clients."""

import asyncio
import time

from service.accounts import attempts
from service.context import AppContext, KeepingProbe
from service.errors import Problem, ServiceUnavailable

RESULT_SECONDS = 1.0  # for which a result is reused
TIMEOUT_SECONDS = 5.0  # for the database to answer
NO_ANSWER = "the database does not answer"


async def check_storage(ctx: AppContext) -> None:
    """ServiceUnavailable, with the reason, when a test write fails."""
    probe = ctx.keeping_probe
    if probe.running is None and time.monotonic() - probe.at >= RESULT_SECONDS:
        probe.running = asyncio.create_task(_test_write(ctx, probe))
    if probe.running is not None:
        try:
            await asyncio.wait_for(asyncio.shield(probe.running), TIMEOUT_SECONDS)
        except TimeoutError:
            raise ServiceUnavailable(NO_ANSWER) from None
    elif not probe.wrong:
        await _test_read(ctx)  # the database may have gone away since the last test write
    if probe.wrong:
        raise ServiceUnavailable(probe.wrong)


async def _test_read(ctx: AppContext) -> None:
    try:
        await asyncio.wait_for(ctx.db.read(lambda tx: tx.fetch_one("applied")), TIMEOUT_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be stored now
        raise ServiceUnavailable(NO_ANSWER) from None


async def _test_write(ctx: AppContext, probe: KeepingProbe) -> None:
    try:
        await ctx.db.write(lambda tx: attempts.increment(tx, "ready", 1, 1, ctx.clock()))
        probe.wrong = ""
    except Problem as problem:
        probe.wrong = f"{problem.title_zh} / {problem.title_en}"
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be stored now
        probe.wrong = NO_ANSWER
    probe.at, probe.running = time.monotonic(), None
