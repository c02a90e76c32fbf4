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
from service.context import House
from service.errors import Busy

WEEK = 7 * 86_400_000  # ms
PATIENCE = 300.0  # seconds after which who condemned a file takes it out no more: it may be another one's in an hour
MANY = 100  # files of a look
PAUSE = 86_400.0  # seconds between sweeps


async def run(house: House) -> None:
    """Sweep at once and then once a day, until cancelled. A store that is away is swept the next time."""
    while True:
        await sweep(house)
        await asyncio.sleep(PAUSE)


async def sweep(house: House) -> int:
    """Remove what belongs to nobody; how many files."""
    now, after, gone = house.clock(), b"", 0
    try:
        while some := await house.db.read(
            lambda tx, after=after: announcements.waiting(tx, now - WEEK, now - announcements.HOUR, after, MANY)
        ):
            for digest in some:
                gone += await _swept(house, digest)
            after = some[-1]
    except Busy:
        return gone
    return gone


async def _swept(house: House, digest: bytes) -> bool:
    """Take a file out of the store, unless it landed or is just coming."""
    begun, at = steady(), house.clock()
    if not await house.db.write(lambda tx: announcements.condemn(tx, digest, at, at - WEEK)):
        return False
    if max(steady() - begun, (house.clock() - at) / 1000) > PATIENCE:
        return False  # this process was asleep; the next sweep looks again
    await house.vault.blobs.remove(digest)  # should this fail, the next sweep does it, or whoever sends the file
    await house.db.write(lambda tx: announcements.forget(tx, digest, at))
    structlog.get_logger("doorstep").info("a file that nobody named was removed", sha256=digest.hex())
    return True


def steady() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps where there is such a one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()
