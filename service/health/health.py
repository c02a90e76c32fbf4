"""Whether what is sent can be kept: something small is, the way all is, at most once a second for all who ask."""

import asyncio
import time

from service.accounts import attempts
from service.context import House, KeepingProbe
from service.errors import Busy, Problem

LASTS = 1.0  # seconds for which an outcome counts
PATIENCE = 5.0  # seconds after which the database does not answer
UNHEARD = "the database does not answer"


async def keep(house: House) -> None:
    """Keep something. Busy, with what is wrong, when that does not work."""
    kept = house.kept
    if kept.running is None and time.monotonic() - kept.at >= LASTS:
        kept.running = asyncio.create_task(_keep(house, kept))
    if kept.running is not None:
        try:
            await asyncio.wait_for(asyncio.shield(kept.running), PATIENCE)
        except TimeoutError:
            raise Busy(UNHEARD) from None
    elif not kept.wrong:
        await _ask(house)  # what was kept a moment ago says nothing of who went away since
    if kept.wrong:
        raise Busy(kept.wrong)


async def _ask(house: House) -> None:
    try:
        await asyncio.wait_for(house.db.read(lambda tx: tx.one("applied")), PATIENCE)
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        raise Busy(UNHEARD) from None


async def _keep(house: House, kept: KeepingProbe) -> None:
    try:
        await house.db.write(lambda tx: attempts.hit(tx, "ready", 1, 1, house.clock()))
        kept.wrong = ""
    except Problem as problem:
        kept.wrong = f"{problem.title_zh} / {problem.title_en}"
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        kept.wrong = UNHEARD
    kept.at, kept.running = time.monotonic(), None
