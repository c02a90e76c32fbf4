"""Whether what is sent can be kept: something small is, the way all is, at most once a second for all who ask."""

import asyncio
import time

from service.domain.errors import Busy, Problem
from service.storage import limits

from .house import House, Kept

LASTS = 1.0  # seconds for which an outcome counts
PATIENCE = 5.0  # seconds after which the database does not answer


async def keep(house: House) -> None:
    """Keep something. Busy, with what is wrong, when that does not work."""
    kept = house.kept
    if kept.running is None and time.monotonic() - kept.at >= LASTS:
        kept.running = asyncio.create_task(_keep(house, kept))
    if kept.running is not None:
        try:
            await asyncio.wait_for(asyncio.shield(kept.running), PATIENCE)
        except TimeoutError:
            raise Busy("the database does not answer") from None
    if kept.wrong:
        raise Busy(kept.wrong)


async def _keep(house: House, kept: Kept) -> None:
    try:
        await house.db.write(lambda tx: limits.hit(tx, "ready", 1, 1, house.clock()))
        kept.wrong = ""
    except Problem as problem:
        kept.wrong = f"{problem.title['zh']} / {problem.title['en']}"
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        kept.wrong = "the database does not answer"
    kept.at, kept.running = time.monotonic(), None
