"""The sequencer: numbers the leaves of the log, one process at a time, while records come in."""

import asyncio

from service.context import House
from service.errors import Problem

from . import log

PAUSE = 1.0  # seconds between looks when there is nothing to number
MANY = 1000


async def run(house: House) -> None:
    """Number leaves until cancelled. What goes wrong is tried again: the leaves wait in the database."""
    while True:
        try:
            numbered = await log.number_leaves(house.db, MANY)
        except Problem:
            numbered = 0
        if numbered < MANY:
            await asyncio.sleep(PAUSE)


async def catch_up(house: House) -> None:
    """Number what waits now: a command ends, and it may be long until a server comes."""
    while await log.number_leaves(house.db, MANY):
        pass
