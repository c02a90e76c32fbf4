"""What a record costs by how many are stored: the real flow, 64 at a time, on SQLite; ratios of medians.

python -m tests.load.growth 10000
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from service.accounts.authentication import token_digest
from service.audit_log import log
from service.context import AppContext
from service.db.connect import open_database
from service.lifecycle import current_millis, uuid7
from service.records.submit import submit_record
from tests.load.client import records_for
from tests.load.keys import LOAD_KEYS
from tests.load.town import settle_town

WINDOW = 1000  # records measured at once; fewer if so few are to be stored that ten windows would be more
ROUNDS = 7


async def window(ctx: AppContext, size: int) -> float:
    """Microseconds for each of a window of records, with their numbering in the log."""
    records = iter(records_for(await settle_town(ctx.db, size)))

    async def one_after_the_other() -> None:
        for record in records:
            await submit_record(ctx, token_digest(record.token), record.id, record.body)

    begun = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(64)))
    taken = time.perf_counter() - begun
    while await log.assign_sequence_numbers(ctx.db):
        pass
    return taken / size * 1e6


async def main(stored: int) -> float:
    """The ratio of the cost with so many stored to the cost with few."""
    size = min(WINDOW, stored // (ROUNDS + 3))
    with tempfile.TemporaryDirectory(prefix="doorstep-growth-") as folder:
        db = open_database(f"sqlite:///{Path(folder) / 'growth.sqlite'}")
        await db.start()
        ctx = AppContext(
            db=db, clock=current_millis, new_id=uuid7, zone=ZoneInfo("Asia/Shanghai"), rules_cache={}, keys=LOAD_KEYS
        )
        costs = [await window(ctx, size) for _ in range(ROUNDS + 1)][1:]
        few = statistics.median(costs)
        print(f"with up to {size * (ROUNDS + 1)} stored: {few:.0f} µs a record", flush=True)
        count = size * (ROUNDS + 1)
        while count < stored:
            await window(ctx, size)
            count += size
        many = statistics.median([await window(ctx, size) for _ in range(ROUNDS)])
        await db.close()
    print(f"with {count} stored: {many:.0f} µs a record, {many / few:.2f} times")
    return many / few


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
