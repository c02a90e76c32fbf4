"""Files in the store that no row names: left by a crash, or by a signature that was refused after its picture was kept.

A file is put into the store before its row is written, so one without a row may be just coming. Whoever puts one there
announces it first (`attach.seal`); what is older than a week and was not announced within a week belongs to nobody.
A week, because the files of an older copy of the database are also without rows: there has to be time to look.
"""

import asyncio

from service.domain.errors import Busy
from service.storage import evidence
from service.storage.blobs import SHELVES, Lying

from .house import House

WEEK = 7 * 86_400_000  # ms
HOUR = 3_600_000  # ms: no request to a store takes so long
PAUSE = 86_400.0  # seconds between sweeps


async def run(house: House) -> None:
    """Sweep at once and then once a day, until cancelled. A store that is away is swept the next time."""
    while True:
        await sweep(house)
        await asyncio.sleep(PAUSE)


async def sweep(house: House) -> int:
    """Remove what belongs to nobody; how many files."""
    now = house.clock()
    await house.db.write(lambda tx: evidence.forget_arrivals(tx, now - WEEK, now - HOUR))
    gone = 0
    try:
        for shelf in SHELVES:
            async for page in house.vault.blobs.lying(shelf):
                gone += await _swept(house, page)
    except Busy:
        return gone
    return gone


async def _swept(house: House, page: list[Lying]) -> int:
    """Remove those of a page that belong to nobody."""
    old = [one.digest for one in page if one.at < house.clock() - WEEK]
    gone = 0
    for digest in await house.db.read(lambda tx: evidence.without_row(tx, old)):
        if not await house.db.write(lambda tx, digest=digest: evidence.condemn(tx, digest, house.clock())):
            continue  # the second look, right before: whoever has come meanwhile keeps his file
        await house.vault.blobs.remove(digest)  # should this fail, nobody puts it there within the hour
        await house.db.write(lambda tx, digest=digest: evidence.release(tx, digest))
        gone += 1
    return gone
