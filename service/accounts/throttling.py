"""Slows down guessing: of links and codes by address, of passwords also by login.

Of links only misses count, because many customers with valid links share one mobile address.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from service import fingerprints
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import NotFound, TooManyRequests
from service.text import login_key

from . import attempts

T = TypeVar("T")
MISSES = (30, 10 * 60)
LOGIN_ATTEMPTS = (5, 30 * 60)
ADDRESS_ATTEMPTS = (50, 15 * 60)
"""So many within so many seconds."""


async def count_not_found(ctx: AppContext, address: str, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`; its NotFound counts against the address, and after too many becomes TooManyRequests."""
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
    return await attempts.increment(tx, throttle_key("miss", address), *MISSES, ctx.clock())


def throttle_key(what: str, whose: str) -> str:
    """The name of a counter, for an address or for a login that may not exist."""
    return f"{what} {fingerprints.of_subject(whose).hex()[:32]}"


async def check_attempt(ctx: AppContext, address: str, login: str | None = None) -> None:
    """Count an attempt before it is checked, so that sending many at once gains nothing. TooManyRequests."""
    wait = await _count_attempt(ctx, address, login)
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


@transaction
async def _count_attempt(ctx: AppContext, tx: Transaction, address: str, login: str | None) -> int:
    wait = await attempts.increment(tx, throttle_key("address", address), *ADDRESS_ATTEMPTS, ctx.clock())
    if login is not None and not wait:
        wait = await attempts.increment(tx, throttle_key("login", login_key(login)), *LOGIN_ATTEMPTS, ctx.clock())
    return wait


async def reset_attempts(tx: Transaction, address: str, login: str | None = None) -> None:
    """After success: take back the address's attempt and forget all of the login."""
    await attempts.refund(tx, throttle_key("address", address))
    if login is not None:
        await attempts.reset(tx, throttle_key("login", login_key(login)))


async def refund_attempt(tx: Transaction, address: str, login: str) -> None:
    """Take an attempt back that was no guess and revealed nothing."""
    await attempts.refund(tx, throttle_key("address", address))
    await attempts.refund(tx, throttle_key("login", login_key(login)))
