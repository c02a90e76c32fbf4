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
from service.web.access_log import get_logger

from . import attempts, repository
from .authentication import address_label, login_label
from .events import PersonEvent, record_event

T = TypeVar("T")
MISSES = (30, 10 * 60)
LOGIN_ATTEMPTS = (100, 60 * 60)
ADDRESS_ATTEMPTS = (50, 15 * 60)
"""So many within so many seconds."""
FREE_ATTEMPTS = 5
FIRST_DELAY_MS, LONGEST_DELAY_MS = 30_000, 30 * 60_000
"""After the free attempts of a login from one address each one has to wait twice as long as the one before."""


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


async def check_attempt(ctx: AppContext, address: str, login: str | None = None, known_browser: str = "") -> None:
    """Count an attempt before it is checked, so that sending many at once gains nothing. TooManyRequests.

    Attempts of a login are slowed down where they come from, so that nobody keeps somebody else out: each address for
    itself, and a browser in which the person signed in before (`known_browser`) for itself, without the ceiling over
    all addresses.
    """
    wait = await _count_attempt(ctx, address, login, known_browser)
    if wait:
        raise TooManyRequests(f"come again in {wait} seconds", retry_after=wait)


@transaction
async def _count_attempt(ctx: AppContext, tx: Transaction, address: str, login: str | None, known_browser: str) -> int:
    now = ctx.clock()
    if login is None:
        return await attempts.increment(tx, throttle_key("address", address), *ADDRESS_ATTEMPTS, now)
    key = _source_key(address, login, known_browser)
    delay = await attempts.count_with_delay(tx, key, FREE_ATTEMPTS, FIRST_DELAY_MS, LONGEST_DELAY_MS, now)
    is_new, wait, why = delay.is_first, delay.wait, "address"
    if not wait and not known_browser:
        wait = await attempts.increment(tx, throttle_key("address", address), *ADDRESS_ATTEMPTS, now)
    if not wait and not known_browser:
        counted = await attempts.count(tx, throttle_key("login", login_key(login)), *LOGIN_ATTEMPTS, now)
        is_new, wait, why = counted.is_first, counted.wait, "login"
    if is_new:
        await _record_lockout(ctx, tx, login, address, why)
    return wait


async def _record_lockout(ctx: AppContext, tx: Transaction, login: str, address: str, why: str) -> None:
    """Somebody is guessing: once for each counter, an event of the person and a line in the log."""
    known, label = await repository.known_login(tx, login), address_label(address)
    get_logger().warning("lockout", login=login_label(login), address=label, by=why)
    if await repository.person(tx, known) is not None:
        await record_event(ctx, tx, PersonEvent(what="lockout", person=known, by="", reason=why, address=label))


def _source_key(address: str, login: str, known_browser: str) -> str:
    return throttle_key("sign-in", f"{login_key(login)} {known_browser or address}")


async def reset_attempts(tx: Transaction, address: str, login: str | None = None, known_browser: str = "") -> None:
    """After success: take back the address's attempt and forget those of the login there."""
    await refund_attempt(tx, address, login, known_browser)
    if login is not None:
        await attempts.reset(tx, _source_key(address, login, known_browser))


async def refund_attempt(tx: Transaction, address: str, login: str | None, known_browser: str = "") -> None:
    """Take an attempt back that was no guess and revealed nothing."""
    if not known_browser:
        await attempts.refund(tx, throttle_key("address", address))
    if login is not None:
        await attempts.refund(tx, _source_key(address, login, known_browser))
        if not known_browser:
            await attempts.refund(tx, throttle_key("login", login_key(login)))
