"""Who has no account: an address that keeps coming with links and codes that do not exist is slowed down.

Only misses count: behind one mobile address there are many customers with good links.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeVar

from service.context import House
from service.db.database import Tx
from service.errors import NotFound, TooManyRequests

from . import attempts

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
        return await attempts.hit(tx, key("miss", address), MISSES, SECONDS, house.clock())

    return await house.db.write(work)


PERSON = (5, 30 * 60)
ADDRESS = (50, 15 * 60)
"""So many tries within so many seconds."""


def key(what: str, whose: str) -> str:
    """The counter of somebody's tries: a login, whether it is anybody's or not, or an address."""
    return f"{what} {sha256(whose.encode()).hexdigest()[:32]}"


async def count(house: House, address: str, login: str | None = None) -> None:
    """Count a try before it is looked at, so that many at once gain nothing. TooManyRequests when there were enough."""

    async def work(tx: Tx) -> int:
        now = house.clock()
        wait = await attempts.hit(tx, key("address", address), *ADDRESS, now)
        if login is not None and not wait:
            wait = await attempts.hit(tx, key("login", login), *PERSON, now)
        return wait

    wait = await house.db.write(work)
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def good(tx: Tx, address: str, login: str | None = None) -> None:
    """It was a good one: it does not count, and the person begins anew."""
    await attempts.forgive(tx, key("address", address))
    if login is not None:
        await attempts.forget(tx, key("login", login))


async def forgive(tx: Tx, address: str, login: str) -> None:
    """This try gave nothing away and was no guess: it does not count."""
    await attempts.forgive(tx, key("address", address))
    await attempts.forgive(tx, key("login", login))
