"""Files in the store that no row names: left by a crash, or by a signature that was refused after its picture was kept.

Whoever puts a file there announces it first (`attach.seal`), and its row takes the announcement's place. So only what
was announced a week ago and is still announced belongs to nobody. The store itself is never listed: what this database
did not announce is another one's, or its own from before it was put back, and stays.
"""

import asyncio
import sys
import time

import structlog

from service.blobs import announcements
from service.context import AppContext
from service.errors import ServiceUnavailable

WEEK_MS = 7 * 86_400_000  # ms
GRACE_SECONDS = (
    300.0  # seconds after which who condemned a file takes it out no more: it may be another one's in an hour
)
BATCH_SIZE = 100  # files of a look
POLL_SECONDS = 86_400.0  # seconds between sweeps


async def run(ctx: AppContext) -> None:
    """Sweep at once and then once a day, until cancelled. A store that is away is swept the next time."""
    while True:
        await delete_unreferenced(ctx)
        await asyncio.sleep(POLL_SECONDS)


async def delete_unreferenced(ctx: AppContext) -> int:
    """Remove what belongs to nobody; how many files."""
    now, after, gone = ctx.clock(), b"", 0
    try:
        while some := await ctx.db.read(
            lambda tx, after=after: announcements.list_expired(
                tx, now - WEEK_MS, now - announcements.HOUR_MS, after, BATCH_SIZE
            )
        ):
            for digest in some:
                gone += await _delete_one(ctx, digest)
            after = some[-1]
    except ServiceUnavailable:
        return gone
    return gone


async def _delete_one(ctx: AppContext, digest: bytes) -> bool:
    """Take a file out of the store, unless it landed or is just coming."""
    begun, at = monotonic_seconds(), ctx.clock()
    if not await ctx.db.write(lambda tx: announcements.mark_for_deletion(tx, digest, at, at - WEEK_MS)):
        return False
    if max(monotonic_seconds() - begun, (ctx.clock() - at) / 1000) > GRACE_SECONDS:
        return False  # this process was asleep; the next sweep looks again
    await ctx.evidence_storage.blobs.remove(
        digest
    )  # should this fail, the next sweep does it, or whoever sends the file
    await ctx.db.write(lambda tx: announcements.clear_mark(tx, digest, at))
    structlog.get_logger("doorstep").info("a file that nobody named was removed", sha256=digest.hex())
    return True


def monotonic_seconds() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps where there is such a one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()
