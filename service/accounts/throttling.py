"""Who has no account: an address that keeps coming with links and codes that do not exist is slowed down.

Only misses count: behind one mobile address there are many customers with good links.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TypeVar

from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import NotFound, TooManyRequests

from . import attempts

T = TypeVar("T")
MISSES, SECONDS = 30, 600


async def count_not_found(ctx: AppContext, address: str, work: Callable[[], Awaitable[T]]) -> T:
    """`work`, whose NotFound counts against the address; from the 31st in ten minutes on TooManyRequests instead."""
    try:
        return await work()
    except NotFound:
        wait = await record_miss(ctx, address)
        if wait:
            raise TooManyRequests("", retry_after=wait) from None
        raise


@transaction
async def record_miss(ctx: AppContext, tx: Transaction, address: str) -> int:
    """Count a miss; the seconds to wait when there were too many."""
    return await attempts.increment(tx, throttle_key("miss", address), MISSES, SECONDS, ctx.clock())


PERSON = (5, 30 * 60)
ADDRESS = (50, 15 * 60)
"""So many tries within so many seconds."""


def throttle_key(what: str, whose: str) -> str:
    """The counter of somebody's tries: a login, whether it is anybody's or not, or an address."""
    return f"{what} {sha256(whose.encode()).hexdigest()[:32]}"


async def check_attempt(ctx: AppContext, address: str, login: str | None = None) -> None:
    """Count a try before it is looked at, so that many at once gain nothing. TooManyRequests when there were enough."""

    async def work(tx: Transaction) -> int:
        now = ctx.clock()
        wait = await attempts.increment(tx, throttle_key("address", address), *ADDRESS, now)
        if login is not None and not wait:
            wait = await attempts.increment(tx, throttle_key("login", login), *PERSON, now)
        return wait

    wait = await ctx.db.write(work)
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


async def reset_attempts(tx: Transaction, address: str, login: str | None = None) -> None:
    """It was a good one: it does not count, and the person begins anew."""
    await attempts.refund(tx, throttle_key("address", address))
    if login is not None:
        await attempts.reset(tx, throttle_key("login", login))


async def refund_attempt(tx: Transaction, address: str, login: str) -> None:
    """This try gave nothing away and was no guess: it does not count."""
    await attempts.refund(tx, throttle_key("address", address))
    await attempts.refund(tx, throttle_key("login", login))
