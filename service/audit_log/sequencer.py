"""The sequencer: numbers the leaves of the log, one process at a time, while records come in."""

import asyncio

from service.context import AppContext
from service.errors import Problem

from . import log

POLL_SECONDS = 1.0
BATCH_SIZE = 1000


async def run(ctx: AppContext) -> None:
    """Number leaves until cancelled. Failures are retried: the leaves wait in the database."""
    while True:
        try:
            numbered = await log.assign_sequence_numbers(ctx.db, BATCH_SIZE)
        except Problem:
            numbered = 0
        if numbered < BATCH_SIZE:
            await asyncio.sleep(POLL_SECONDS)


async def catch_up(ctx: AppContext) -> None:
    """Number all waiting leaves now: after a command ends, it may be long before a server runs."""
    while await log.assign_sequence_numbers(ctx.db, BATCH_SIZE):
        pass
