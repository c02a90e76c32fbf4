"""The sequencer: numbers the leaves of the log, one process at a time, while records come in, and signs checkpoints."""

import asyncio
import time

from service.context import AppContext
from service.errors import Problem

from . import checkpoints, log

POLL_SECONDS = 1.0
BATCH_SIZE = 1000


async def run(ctx: AppContext) -> None:
    """Number leaves until cancelled, and every minute sign what is new. Failures are retried: the leaves wait in the
    database."""
    sign_at = 0.0
    while True:
        try:
            numbered = await log.assign_sequence_numbers(ctx.db, BATCH_SIZE)
            if time.monotonic() >= sign_at:
                sign_at = time.monotonic() + checkpoints.INTERVAL_MS / 1000
                await checkpoints.sign_checkpoint(ctx)
        except Problem:
            numbered = 0
        if numbered < BATCH_SIZE:
            await asyncio.sleep(POLL_SECONDS)
