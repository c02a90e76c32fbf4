"""The sequencer: numbers the leaves of the log, one process at a time, while records come in."""

import asyncio

from service.context import AppContext
from service.errors import Problem

from . import log

POLL_SECONDS = 1.0  # seconds between looks when there is nothing to number
BATCH_SIZE = 1000


async def run(ctx: AppContext) -> None:
    """Number leaves until cancelled. What goes wrong is tried again: the leaves wait in the database."""
    while True:
        try:
            numbered = await log.assign_sequence_numbers(ctx.db, BATCH_SIZE)
        except Problem:
            numbered = 0
        if numbered < BATCH_SIZE:
            await asyncio.sleep(POLL_SECONDS)


async def catch_up(ctx: AppContext) -> None:
    """Number what waits now: a command ends, and it may be long until a server comes."""
    while await log.assign_sequence_numbers(ctx.db, BATCH_SIZE):
        pass
