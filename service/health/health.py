"""Whether what is sent can be kept: something small is, the way all is, at most once a second for all who ask."""

import asyncio
import time

from service.accounts import attempts
from service.context import AppContext, KeepingProbe
from service.errors import Problem, ServiceUnavailable

RESULT_SECONDS = 1.0  # seconds for which an outcome counts
TIMEOUT_SECONDS = 5.0  # seconds after which the database does not answer
UNHEARD = "the database does not answer"


async def check_storage(ctx: AppContext) -> None:
    """Keep something. Busy, with what is wrong, when that does not work."""
    kept = ctx.keeping_probe
    if kept.running is None and time.monotonic() - kept.at >= RESULT_SECONDS:
        kept.running = asyncio.create_task(_keep(ctx, kept))
    if kept.running is not None:
        try:
            await asyncio.wait_for(asyncio.shield(kept.running), TIMEOUT_SECONDS)
        except TimeoutError:
            raise ServiceUnavailable(UNHEARD) from None
    elif not kept.wrong:
        await _ask(ctx)  # what was kept a moment ago says nothing of who went away since
    if kept.wrong:
        raise ServiceUnavailable(kept.wrong)


async def _ask(ctx: AppContext) -> None:
    try:
        await asyncio.wait_for(ctx.db.read(lambda tx: tx.fetch_one("applied")), TIMEOUT_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        raise ServiceUnavailable(UNHEARD) from None


async def _keep(ctx: AppContext, kept: KeepingProbe) -> None:
    try:
        await ctx.db.write(lambda tx: attempts.increment(tx, "ready", 1, 1, ctx.clock()))
        kept.wrong = ""
    except Problem as problem:
        kept.wrong = f"{problem.title_zh} / {problem.title_en}"
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        kept.wrong = UNHEARD
    kept.at, kept.running = time.monotonic(), None
