"""Deletes stored files that no row names, left by a crash or by a signature that was refused after it was stored.

Every file is announced before it is stored, and its row in `blobs` replaces the announcement. So only a file that was
announced a week ago and still is belongs to nobody. The store itself is never listed: files that this database did not
announce belong to another one, or to this one before a restore, and stay.
"""

import asyncio
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import structlog

from service.blobs import announcements
from service.context import AppContext
from service.durable_files import run_in_disk_thread
from service.errors import ServiceUnavailable

from .thumbnails import remove_renditions

WEEK_MS = 7 * 86_400_000
GRACE_SECONDS = 300.0  # between mark and deletion; after an hour another process may mark the file
BATCH_SIZE = 100
POLL_SECONDS = 86_400.0


async def run(ctx: AppContext) -> None:
    """Sweep at once and then daily, until cancelled."""
    while True:
        await delete_unreferenced(ctx)
        await asyncio.sleep(POLL_SECONDS)


async def delete_unreferenced(ctx: AppContext) -> int:
    """Delete what belongs to nobody; returns how many files. Stops early when the store is unavailable."""
    now, after, deleted = ctx.clock(), b"", 0
    times = now - WEEK_MS, now - announcements.HOUR_MS
    try:
        while batch := await ctx.db.read(
            lambda tx, after=after: announcements.list_expired(tx, *times, after, BATCH_SIZE)
        ):
            for digest in batch:
                deleted += await _delete_one(ctx, digest)
            after = batch[-1]
    except ServiceUnavailable:
        pass
    return deleted


async def delete_left_over(ctx: AppContext, files: Iterable[bytes]) -> None:
    """Delete files whose rows were just erased; what the store does not delete now, the next sweep does."""
    with suppress(ServiceUnavailable):
        for digest in files:
            await _delete_one(ctx, digest)


async def _delete_one(ctx: AppContext, digest: bytes) -> bool:
    """Delete a file unless its row exists by now or somebody is sending it again."""
    started, at = monotonic_seconds(), ctx.clock()
    if not await ctx.db.write(lambda tx: announcements.mark_for_deletion(tx, digest, at, at - WEEK_MS)):
        return False
    if max(monotonic_seconds() - started, (ctx.clock() - at) / 1000) > GRACE_SECONDS:
        return False  # this process was suspended; the next sweep tries again
    await run_in_disk_thread(remove_renditions, ctx.evidence_storage, digest)
    await ctx.evidence_storage.blobs.remove(digest)  # if this fails, the next sweep or the next sender retries
    await ctx.db.write(lambda tx: announcements.clear_mark(tx, digest, at))
    structlog.get_logger("doorstep").info("a file that nobody named was removed", sha256=digest.hex())
    return True


def monotonic_seconds() -> float:
    """A clock that nobody sets and that, on Linux, also runs while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()
