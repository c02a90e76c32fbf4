"""Who has no account: an address that keeps coming with links and codes that do not exist is slowed down.

Only misses count: behind one mobile address there are many customers with good links.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from service.domain.errors import NotFound, TooManyRequests
from service.storage import limits
from service.storage.database import Tx

from .house import House
from .tries import key

T = TypeVar("T")
MISSES, SECONDS = 30, 600


async def counted(house: House, address: str, work: Callable[[], Awaitable[T]]) -> T:
    """`work`, whose NotFound counts against the address; from the 31st in ten minutes on TooManyRequests instead."""
    try:
        return await work()
    except NotFound:
        wait = await missed(house, address)
        if wait:
            raise TooManyRequests("", retry_after=wait) from None
        raise


async def missed(house: House, address: str) -> int:
    """Count a miss; the seconds to wait when there were too many."""

    async def work(tx: Tx) -> int:
        return await limits.hit(tx, key("miss", address), MISSES, SECONDS, house.clock())

    return await house.db.write(work)
